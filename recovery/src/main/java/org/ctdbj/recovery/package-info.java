// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Who leads, what a recovery does, how databases are merged, who is banned: decisions only.
 * Everything here is single-threaded and reaches the outside through the interfaces of {@link
 * org.ctdbj.recovery.door} and {@link org.ctdbj.recovery.ClusterPort}; the same classes run in the
 * daemon and in the simulator.
 */
package org.ctdbj.recovery;
