// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Databases in TDB files that smbd processes use at the same time. The node thread works in them
 * with locks it can have at once; whatever may wait (for a chain, for the whole file, for the disk)
 * is done by platform threads with handles of their own, which report to the node thread through an
 * executor.
 */
package org.ctdbj.daemon.store.tdb;
