// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.ProtocolException;

/**
 * GET_DB_STATISTICS.
 *
 * @param locks locks that had to be waited for
 * @param vacuum runs of vacuuming
 * @param roDelegations read-only copies handed out
 * @param roRevokes read-only copies called back
 * @param hopCounts 16 counts of calls by the bit length of their hop count
 * @param hotKeys at most 10, the hottest last
 */
public record DatabaseStatistics(
    LockStatistics locks,
    Latency vacuum,
    int roDelegations,
    int roRevokes,
    List<Integer> hopCounts,
    List<HotKey> hotKeys) {
  /** Slots for hot keys; all are sent, used or not. */
  public static final int HOT_KEYS = 10;

  /** Size of the arrays of counts. */
  public static final int BUCKETS = 16;

  private static final int HOT_KEY_SIZE = 24;
  private static final int PREFIX = 464;

  /** Keeps its own copies of the lists. */
  public DatabaseStatistics {
    hopCounts = List.copyOf(hopCounts);
    hotKeys = List.copyOf(hotKeys);
    if (hotKeys.size() > HOT_KEYS) {
      throw new IllegalArgumentException(
          "expected at most " + HOT_KEYS + " hot keys, found " + hotKeys.size());
    }
  }

  /**
   * A key that moves often.
   *
   * @param count migrations to this node within one second
   * @param key the key
   */
  public record HotKey(int count, Bytes key) {}

  /** Reads it. */
  public static DatabaseStatistics decode(Bytes bytes) {
    var reader = new ByteReader("db_statistics", bytes);
    LockStatistics locks = LockStatistics.read(reader);
    Latency vacuum = Latency.read(reader);
    int delegations = reader.getInt("db_ro_delegations");
    int revokes = reader.getInt("db_ro_revokes");
    List<Integer> hops = Buckets.read(reader, "hop_count_bucket");
    int count = reader.getCount("num_hot_keys", HOT_KEY_SIZE, HOT_KEYS);
    reader.skip(4);
    int[] counts = new int[HOT_KEYS];
    int[] lengths = new int[HOT_KEYS];
    for (int i = 0; i < HOT_KEYS; i++) {
      counts[i] = reader.getInt("count");
      reader.skip(12);
      lengths[i] = keyLength(reader);
    }
    List<HotKey> keys = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Bytes key = reader.getBytes("key", lengths[i]);
      if (counts[i] != 0 || !key.isEmpty()) {
        keys.add(new HotKey(counts[i], key));
      }
    }
    return new DatabaseStatistics(locks, vacuum, delegations, revokes, hops, keys);
  }

  private static int keyLength(ByteReader reader) {
    long length = reader.getLong("key length");
    if (length < 0 || length > reader.remaining()) {
      throw new ProtocolException(
          "db_statistics: key length is "
              + Long.toUnsignedString(length)
              + ", but only "
              + reader.remaining()
              + " bytes follow");
    }
    return (int) length;
  }

  /** Its bytes. */
  public Bytes encode() {
    int keyBytes = hotKeys.stream().mapToInt(hot -> hot.key().length()).sum();
    var writer = new ByteWriter(PREFIX + keyBytes);
    locks.write(writer);
    vacuum.write(writer);
    writer.putInt(roDelegations).putInt(roRevokes);
    Buckets.write(writer, hopCounts);
    writer.putInt(HOT_KEYS).putInt(0);
    for (int i = 0; i < HOT_KEYS; i++) {
      if (i < hotKeys.size()) {
        HotKey hot = hotKeys.get(i);
        // In between lies a pointer of the C program, which means nothing to the receiver.
        writer.putInt(hot.count()).putInt(0).putLong(0).putLong(hot.key().length());
      } else {
        writer.putZeros(HOT_KEY_SIZE);
      }
    }
    hotKeys.forEach(hot -> writer.put(hot.key()));
    return writer.toBytes();
  }

  /** Statistics of a database in which nothing has happened. */
  public static DatabaseStatistics empty() {
    return new DatabaseStatistics(
        LockStatistics.empty(), Latency.NONE, 0, 0, Collections.nCopies(BUCKETS, 0), List.of());
  }
}
