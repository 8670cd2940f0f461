// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import static org.ctdbj.protocol.RecordFlags.AUTOMATIC;
import static org.ctdbj.protocol.RecordFlags.MIGRATED_WITH_DATA;
import static org.ctdbj.protocol.RecordFlags.RO_FLAGS;
import static org.ctdbj.protocol.RecordFlags.VACUUM_MIGRATED;

import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreRule;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.VnnMap;

/**
 * What ctdbd 4.17 does with each record it stores: whether the file keeps it, whether its sequence
 * number rises, and whether vacuuming is to look at it. An immutable snapshot of all it depends on,
 * so that worker threads may apply it.
 *
 * <p>In a volatile database an empty record is kept where somebody may still need to know of it: on
 * its data master, on its location master, where copies with data may exist elsewhere, and while
 * read-only copies are out. The sequence number rises by one with each store on the data master,
 * unless the record has read-only copies. In the other databases a record is stored as it is.
 *
 * @param pnn the own node number
 * @param map decides on location masters
 * @param volatileDatabase whether records migrate
 * @param clearReadOnly first clear the flags of read-only delegation, as a recovery does, which
 *     calls back all copies
 */
public record StoreRules(int pnn, VnnMap map, boolean volatileDatabase, boolean clearReadOnly)
    implements StoreRule {

  /**
   * The node that knows who is data master of a key; {@link Pnn#UNKNOWN} while the map has no
   * nodes, so that a packet to it goes nowhere.
   */
  public static int lmaster(VnnMap map, RecordKey key) {
    return map.lmasters().isEmpty() ? Pnn.UNKNOWN : map.lmaster(key.hash());
  }

  @Override
  public Decision decide(RecordKey key, RecordHeader given, Bytes data) {
    RecordHeader header = clearReadOnly ? given.withFlags(given.flags() & ~RO_FLAGS) : given;
    if (!volatileDatabase) {
      return new Decision(header, true, false);
    }
    boolean keep;
    boolean schedule = false;
    if (!data.isEmpty() || header.hasAny(RO_FLAGS)) {
      keep = true;
    } else if (header.hasAny(AUTOMATIC)) {
      keep = true;
      schedule = true;
    } else if (header.hasAny(MIGRATED_WITH_DATA)) {
      keep = true;
    } else if (lmaster(map, key) == pnn) {
      // A record that vacuuming brought home empty, and that was never elsewhere with data, has no
      // other copies.
      keep = !(header.hasAny(VACUUM_MIGRATED) && header.dmaster() == pnn);
    } else {
      keep = header.dmaster() == pnn;
    }
    RecordHeader result = header.withFlags(header.flags() & ~(VACUUM_MIGRATED | AUTOMATIC));
    if (keep && header.dmaster() == pnn && !header.hasAny(RO_FLAGS)) {
      result = result.withRsn(header.rsn() + 1);
      schedule |= data.isEmpty();
    }
    return new Decision(result, keep, keep && schedule);
  }
}
