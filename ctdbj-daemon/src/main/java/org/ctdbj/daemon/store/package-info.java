// SPDX-License-Identifier: GPL-3.0-or-later
/** What a node needs of the files its databases live in, and the TDB implementation of it. */
package org.ctdbj.daemon.store;
