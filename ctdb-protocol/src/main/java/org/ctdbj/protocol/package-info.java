// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The CTDB protocol as values: constants, packets, controls and their bodies, and the codecs that
 * turn them into bytes and back. No I/O and no threads here; all values are immutable.
 */
package org.ctdbj.protocol;
