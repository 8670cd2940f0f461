// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * A whole cluster in one thread: the cores of production on virtual time and a seeded network, with
 * checkers that watch it.
 */
package org.ctdbj.cluster.sim;
