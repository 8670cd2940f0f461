// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The daemon's log: ctdbd's line format and destinations, written by one thread of its own so that
 * no other thread ever waits for a disk or a syslog daemon.
 */
package org.ctdbj.daemon.log;
