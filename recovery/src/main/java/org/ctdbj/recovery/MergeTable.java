// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.ProtocolException;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.RecordHeader;

/**
 * The records of one database while a recovery collects them: of each key the copy that counts.
 *
 * <p>The copy with the highest rsn counts. Among equals ctdbd goes through the nodes in ascending
 * order and lets a later copy replace an earlier one only if the earlier one names the leader as
 * data master. The outcome of that, and so of this table, does not depend on the order of arrival:
 * it is the copy of the lowest node among those that do not name the leader; if all do, the copy of
 * the highest node.
 *
 * <p>A database may have millions of records, so there are no objects per record: the records lie
 * one after the other in large arrays, in the form in which they are sent, each after a head of two
 * integers (room for the record, node it came from), and a hash table of positions finds them.
 */
final class MergeTable {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int HEAD = 8;
  private static final int RECORD_HEAD = 16;
  private static final int FIRST_SEGMENT_BYTES = 16 << 10;
  private static final int SEGMENT_BYTES = 1 << 20;
  private static final int DEAD = -1;

  /** A message of more would be a burden to every queue on its way, whatever the tunable says. */
  private static final long MAX_BUFFER_BYTES = 64L << 20;

  private final int leader;
  private final List<byte[]> segments = new ArrayList<>();
  private int used; // bytes of the last segment
  private final List<Integer> fill = new ArrayList<>(); // bytes used of the earlier ones
  private long[] positions = new long[256]; // 0: none, else 1 + (segment << 32 | offset)
  private int[] hashes = new int[256];
  private int size;

  /**
   * @param leader of the recovery, the new data master
   */
  MergeTable(int leader) {
    this.leader = leader;
  }

  /** Number of keys. */
  int size() {
    return size;
  }

  /**
   * Takes note of a copy.
   *
   * @param data with the record header
   * @param source node it comes from
   * @throws ProtocolException if the data are shorter than a header
   */
  void add(Bytes key, Bytes data, int source) {
    if (data.length() < RecordHeader.SIZE) {
      throw new ProtocolException(
          "record "
              + key
              + " has "
              + data.length()
              + " bytes of data; expected at least the header's "
              + RecordHeader.SIZE);
    }
    int hash = spread(key.hashCode());
    int slot = find(key, hash);
    if (positions[slot] == 0) {
      positions[slot] = append(key, data, source);
      hashes[slot] = hash;
      size++;
      if (size > positions.length / 2) {
        grow();
      }
      return;
    }
    var segment = segment(positions[slot]);
    int at = offset(positions[slot]);
    if (!counts(data, source, segment, at)) {
      return;
    }
    if (RECORD_HEAD + key.length() + data.length() <= (int) INT.get(segment, at)) {
      write(segment, at, key, data, source);
    } else {
      INT.set(segment, at + 4, DEAD);
      positions[slot] = append(key, data, source);
    }
  }

  /** Whether the new copy counts and the old one does not. */
  private boolean counts(Bytes data, int source, byte[] segment, int at) {
    int record = at + HEAD;
    int oldData = record + RECORD_HEAD + (int) INT.get(segment, record + 8);
    int order = Long.compareUnsigned(data.getLong(0), (long) LONG.get(segment, oldData));
    if (order != 0) {
      return order > 0;
    }
    int oldSource = (int) INT.get(segment, at + 4);
    boolean newNamesLeader = data.getInt(8) == leader;
    boolean oldNamesLeader = (int) INT.get(segment, oldData + 8) == leader;
    if (newNamesLeader != oldNamesLeader) {
      return oldNamesLeader;
    }
    return newNamesLeader ? source >= oldSource : source < oldSource;
  }

  /**
   * Makes the buffers to send, one at a time; the table is used up by it. Records without data are
   * left out: they are the traces of deleted ones.
   *
   * @param bufferBytes a buffer ends with the record that makes it this large; a first one comes
   *     even if there is no record
   * @param takeOver whether the leader becomes data master, as in all but persistent databases
   */
  Drain drain(int databaseId, long bufferBytes, boolean takeOver) {
    positions = new long[0];
    hashes = new int[0];
    return new Drain(databaseId, Math.clamp(bufferBytes, 1, MAX_BUFFER_BYTES), takeOver);
  }

  /** The records as buffers. */
  final class Drain {
    private final int databaseId;
    private final long bufferBytes;
    private final boolean takeOver;
    private int segment;
    private int at;
    private boolean first = true;
    private int count;

    private Drain(int databaseId, long bufferBytes, boolean takeOver) {
      this.databaseId = databaseId;
      this.bufferBytes = bufferBytes;
      this.takeOver = takeOver;
      skip();
    }

    /** Whether there is one more buffer. */
    boolean hasNext() {
      return first || segment < segments.size();
    }

    /** Records in all buffers so far. */
    int count() {
      return count;
    }

    /** The next buffer: database id, number of records, records. */
    Bytes next() {
      if (!hasNext()) {
        throw new NoSuchElementException("all records have been taken");
      }
      first = false;
      var writer = new ByteWriter((int) Math.min(bufferBytes, SEGMENT_BYTES) + 1024);
      writer.putInt(databaseId).putInt(0);
      int records = 0;
      while (segment < segments.size() && (records == 0 || writer.size() < bufferBytes)) {
        writer.put(record());
        records++;
        at += HEAD + (int) INT.get(segments.get(segment), at);
        skip();
      }
      writer.setInt(4, records);
      count += records;
      return writer.toBytes();
    }

    private Bytes record() {
      var bytes = segments.get(segment);
      int record = at + HEAD;
      if (takeOver) {
        int data = record + RECORD_HEAD + (int) INT.get(bytes, record + 8);
        int flags = (int) INT.get(bytes, data + 16);
        INT.set(bytes, data + 8, leader);
        INT.set(bytes, data + 16, flags | RecordFlags.MIGRATED_WITH_DATA);
      }
      return Bytes.of(bytes, record, (int) INT.get(bytes, record));
    }

    /** On to the next record that is to be sent; what lies behind is forgotten. */
    private void skip() {
      while (segment < segments.size()) {
        var bytes = segments.get(segment);
        int end = segment < fill.size() ? fill.get(segment) : used;
        while (at < end) {
          boolean alive = (int) INT.get(bytes, at + 4) != DEAD;
          if (alive && (int) INT.get(bytes, at + HEAD + 12) > RecordHeader.SIZE) {
            return;
          }
          at += HEAD + (int) INT.get(bytes, at);
        }
        segments.set(segment, new byte[0]);
        segment++;
        at = 0;
      }
    }
  }

  private int find(Bytes key, int hash) {
    int mask = positions.length - 1;
    int slot = hash & mask;
    while (positions[slot] != 0 && (hashes[slot] != hash || !holds(positions[slot], key))) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private boolean holds(long position, Bytes key) {
    var segment = segment(position);
    int record = offset(position) + HEAD;
    int from = record + RECORD_HEAD;
    int length = (int) INT.get(segment, record + 8);
    return Arrays.equals(
        segment,
        from,
        from + length,
        key.array(),
        key.arrayOffset(),
        key.arrayOffset() + key.length());
  }

  private long append(Bytes key, Bytes data, int source) {
    int room = Math.addExact(Math.addExact(RECORD_HEAD, key.length()), data.length());
    if (segments.isEmpty() || room > segments.getLast().length - used - HEAD) {
      if (!segments.isEmpty()) {
        fill.add(used);
      }
      int wanted = segments.isEmpty() ? FIRST_SEGMENT_BYTES : SEGMENT_BYTES;
      segments.add(new byte[Math.max(wanted, Math.addExact(HEAD, room))]);
      used = 0;
    }
    int at = used;
    var segment = segments.getLast();
    INT.set(segment, at, room);
    write(segment, at, key, data, source);
    used += HEAD + room;
    return 1 + (((long) (segments.size() - 1) << 32) | at);
  }

  private static void write(byte[] segment, int at, Bytes key, Bytes data, int source) {
    int record = at + HEAD;
    INT.set(segment, at + 4, source);
    INT.set(segment, record, RECORD_HEAD + key.length() + data.length());
    INT.set(segment, record + 4, 0);
    INT.set(segment, record + 8, key.length());
    INT.set(segment, record + 12, data.length());
    key.copyTo(segment, record + RECORD_HEAD);
    data.copyTo(segment, record + RECORD_HEAD + key.length());
  }

  private void grow() {
    var oldPositions = positions;
    var oldHashes = hashes;
    positions = new long[Math.multiplyExact(oldPositions.length, 2)];
    hashes = new int[positions.length];
    int mask = positions.length - 1;
    for (int i = 0; i < oldPositions.length; i++) {
      if (oldPositions[i] != 0) {
        int slot = oldHashes[i] & mask;
        while (positions[slot] != 0) {
          slot = (slot + 1) & mask;
        }
        positions[slot] = oldPositions[i];
        hashes[slot] = oldHashes[i];
      }
    }
  }

  private byte[] segment(long position) {
    return segments.get((int) ((position - 1) >>> 32));
  }

  private static int offset(long position) {
    return (int) (position - 1);
  }

  /** Keys often differ in few bytes only; their plain hash codes would cluster. */
  private static int spread(int hash) {
    int mixed = hash * 0x9E3779B9;
    return mixed ^ (mixed >>> 15);
  }
}
