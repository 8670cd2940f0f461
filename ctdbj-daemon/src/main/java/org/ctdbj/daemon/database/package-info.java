// SPDX-License-Identifier: GPL-3.0-or-later
/** The node's databases: attaching, freezing, recovery's controls, traverses, transactions. */
package org.ctdbj.daemon.database;
