// SPDX-License-Identifier: GPL-3.0-or-later
/** The ten packet types and the codec between them and frames. */
package org.ctdbj.protocol.packet;
