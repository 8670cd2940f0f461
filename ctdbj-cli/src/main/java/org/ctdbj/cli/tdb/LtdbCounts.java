// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.ctdbj.tdb.FileInfo;

/** Who has which records of a cluster's database, as one node's file tells. */
final class LtdbCounts {
  /** Persistent databases count their transactions in the record of this key. */
  private static final byte[] SEQUENCE_KEY =
      "__db_sequence_number__\0".getBytes(StandardCharsets.US_ASCII);

  private final FileInfo info;
  private final TreeMap<Integer, Long> byDmaster = new TreeMap<>();
  private final Map<String, Long> byFlag = new LinkedHashMap<>();
  private long withData;
  private long empty;
  private long tooShort;
  private long dataBytes;
  private Long sequence;

  LtdbCounts(FileInfo info) {
    this.info = info;
  }

  /** Counts one record. */
  void add(byte[] key, byte[] value, int headerSize) {
    if (value.length < headerSize) {
      tooShort++;
      return;
    }
    int dataLength = value.length - headerSize;
    dataBytes += dataLength;
    if (dataLength == 0) {
      empty++;
    } else {
      withData++;
    }
    if (headerSize > 0) {
      var header = LtdbHeader.of(value, headerSize);
      byDmaster.merge(header.dmaster(), 1L, Long::sum);
      header.flagNames().forEach(name -> byFlag.merge(name, 1L, Long::sum));
    }
    if (Arrays.equals(key, SEQUENCE_KEY) && dataLength == Long.BYTES) {
      sequence =
          ByteBuffer.wrap(value).order(ByteOrder.nativeOrder()).getLong(value.length - Long.BYTES);
    }
  }

  /** How daemons create the files of each kind. */
  private String kind() {
    if (info.mutexAreaSize() > 0) {
      return "volatile";
    }
    return info.jenkinsHash() ? "volatile without mutexes, or replicated" : "persistent";
  }

  List<String> lines() {
    var lines = new ArrayList<String>();
    lines.add("file:                 " + info.file());
    lines.add("kind (by features):   " + kind());
    lines.add("records with data:    " + withData);
    lines.add("records without data: " + empty);
    lines.add("too short for header: " + tooShort);
    lines.add("bytes of data:        " + dataBytes);
    if (sequence != null) {
      lines.add("sequence number:      " + Long.toUnsignedString(sequence));
    }
    byDmaster.forEach((node, n) -> lines.add("data master " + node + ": " + n));
    byFlag.forEach((flag, n) -> lines.add("flag " + flag + ": " + n));
    return lines;
  }

  void write(Json document) {
    document
        .put("file", info.file().toString())
        .put("kind", kind())
        .put("recordsWithData", withData)
        .put("recordsWithoutData", empty)
        .put("tooShort", tooShort)
        .put("dataBytes", dataBytes);
    if (sequence != null) {
      document.putUnsigned("sequenceNumber", sequence);
    }
    document.beginObject("byDmaster");
    byDmaster.forEach((node, n) -> document.put(node.toString(), n));
    document.endObject().beginObject("byFlag");
    byFlag.forEach(document::put);
    document.endObject().end();
  }
}
