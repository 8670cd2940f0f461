// SPDX-License-Identifier: GPL-3.0-or-later
/** Puts the cores of a node together and hangs them on the process: the one place that knows all parts. */
package org.ctdbj.daemon.assembly;
