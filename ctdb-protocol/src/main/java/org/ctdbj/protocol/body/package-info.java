// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Bodies of controls and messages. Each knows how it is encoded; decoders throw only
 * ProtocolException.
 */
package org.ctdbj.protocol.body;
