// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The daemon as a process: command line, PID file, signals, start and stop order, the cluster lock,
 * and the assembly of all parts of a node.
 */
package org.ctdbj.daemon.process;
