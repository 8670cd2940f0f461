// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The life of a record: calls, migration between nodes, read-only copies, vacuuming. Pure; one
 * engine per database.
 */
package org.ctdbj.daemon.record;
