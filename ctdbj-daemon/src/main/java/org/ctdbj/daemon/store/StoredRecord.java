// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store;

import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;

/**
 * A record as it lies in the file.
 *
 * @param header its header
 * @param data what follows the header; a copy, so it stays as it is
 */
public record StoredRecord(RecordHeader header, Bytes data) {}
