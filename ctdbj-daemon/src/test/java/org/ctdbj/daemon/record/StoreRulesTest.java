// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import static org.ctdbj.protocol.RecordFlags.AUTOMATIC;
import static org.ctdbj.protocol.RecordFlags.MIGRATED_WITH_DATA;
import static org.ctdbj.protocol.RecordFlags.RO_FLAGS;
import static org.ctdbj.protocol.RecordFlags.RO_HAVE_DELEGATIONS;
import static org.ctdbj.protocol.RecordFlags.RO_HAVE_READONLY;
import static org.ctdbj.protocol.RecordFlags.VACUUM_MIGRATED;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreRule.Decision;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.VnnMap;
import org.junit.jupiter.api.Test;

class StoreRulesTest {
  private static final VnnMap MAP = new VnnMap(5, List.of(0, 1));
  private static final Bytes DATA = Bytes.ofText("data");
  private static final int OTHER_FLAG = 0x2; // of later Samba versions: carried unchanged

  private static RecordKey keyOf(int lmaster) {
    for (int i = 0; ; i++) {
      var key = RecordKey.of(Bytes.ofText("k" + i));
      if (StoreRules.lmaster(MAP, key) == lmaster) {
        return key;
      }
    }
  }

  private static Decision decide(boolean lmaster, int dmaster, int flags, Bytes data) {
    var rules = new StoreRules(0, MAP, true, false);
    return rules.decide(keyOf(lmaster ? 0 : 1), new RecordHeader(10, dmaster, 3, flags), data);
  }

  private static String text(Decision decision) {
    return (decision.keep() ? "keep" : "delete")
        + " rsn"
        + decision.header().rsn()
        + " flags"
        + Integer.toHexString(decision.header().flags() >>> 16)
        + (decision.schedule() ? " schedule" : "");
  }

  @Test
  void volatileRecords() {
    // location master here, data master, flags, data, expected
    check(true, 0, 0, DATA, "keep rsn11 flags0");
    check(false, 0, 0, DATA, "keep rsn11 flags0");
    check(false, 1, 0, DATA, "keep rsn10 flags0");
    check(false, 1, MIGRATED_WITH_DATA, DATA, "keep rsn10 flags1");
    check(true, 0, RO_HAVE_DELEGATIONS, DATA, "keep rsn10 flags100");
    check(false, 1, RO_HAVE_READONLY, DATA, "keep rsn10 flags200");
    check(true, 0, VACUUM_MIGRATED, DATA, "keep rsn11 flags0");
    check(true, 0, 0, Bytes.EMPTY, "keep rsn11 flags0 schedule");
    check(true, 1, 0, Bytes.EMPTY, "keep rsn10 flags0");
    check(false, 0, 0, Bytes.EMPTY, "keep rsn11 flags0 schedule");
    check(false, 1, 0, Bytes.EMPTY, "delete rsn10 flags0");
    check(false, 1, MIGRATED_WITH_DATA, Bytes.EMPTY, "keep rsn10 flags1");
    check(false, 0, MIGRATED_WITH_DATA, Bytes.EMPTY, "keep rsn11 flags1 schedule");
    check(false, 1, RO_HAVE_READONLY, Bytes.EMPTY, "keep rsn10 flags200");
    check(true, 0, RO_HAVE_DELEGATIONS, Bytes.EMPTY, "keep rsn10 flags100");
    check(true, 0, VACUUM_MIGRATED, Bytes.EMPTY, "delete rsn10 flags0");
    check(true, 1, VACUUM_MIGRATED, Bytes.EMPTY, "keep rsn10 flags0");
    check(true, 0, VACUUM_MIGRATED | MIGRATED_WITH_DATA, Bytes.EMPTY, "keep rsn11 flags1 schedule");
    check(true, 0, AUTOMATIC, Bytes.EMPTY, "keep rsn11 flags0 schedule");
    check(false, 1, AUTOMATIC, Bytes.EMPTY, "keep rsn10 flags0 schedule");
  }

  private static void check(boolean lmaster, int dmaster, int flags, Bytes data, String expected) {
    assertEquals(
        expected,
        text(decide(lmaster, dmaster, flags, data)),
        "lmaster " + lmaster + " dmaster " + dmaster + " flags " + Integer.toHexString(flags));
  }

  /** All combinations, against the rules said in another way. */
  @Test
  void everyCombination() {
    int[] bits = {MIGRATED_WITH_DATA, VACUUM_MIGRATED, AUTOMATIC, RO_HAVE_READONLY, OTHER_FLAG};
    int seen = 0;
    for (int combination = 0; combination < 1 << bits.length; combination++) {
      int flags = 0;
      for (int bit = 0; bit < bits.length; bit++) {
        flags |= (combination >> bit & 1) != 0 ? bits[bit] : 0;
      }
      for (boolean lmaster : new boolean[] {false, true}) {
        for (int dmaster : new int[] {0, 1}) {
          for (Bytes data : new Bytes[] {Bytes.EMPTY, DATA}) {
            var decision = decide(lmaster, dmaster, flags, data);
            String where = "flags %x lmaster %b dmaster %d".formatted(flags, lmaster, dmaster);
            boolean protectedByFlag = (flags & (RO_FLAGS | AUTOMATIC | MIGRATED_WITH_DATA)) != 0;
            boolean cameHomeEmpty = lmaster && dmaster == 0 && (flags & VACUUM_MIGRATED) != 0;
            boolean known = (lmaster || dmaster == 0) && !cameHomeEmpty;
            boolean keep = !data.isEmpty() || protectedByFlag || known;
            boolean raise = keep && dmaster == 0 && (flags & RO_FLAGS) == 0;
            boolean automatic = (flags & (RO_FLAGS | AUTOMATIC)) == AUTOMATIC;
            assertEquals(keep, decision.keep(), where);
            assertEquals(raise ? 11 : 10, decision.header().rsn(), where);
            assertEquals(data.isEmpty() && (raise || automatic), decision.schedule(), where);
            assertEquals(flags & ~(VACUUM_MIGRATED | AUTOMATIC), decision.header().flags(), where);
            assertEquals(dmaster, decision.header().dmaster(), where);
            assertEquals(3, decision.header().reserved(), where);
            seen++;
          }
        }
      }
    }
    assertEquals(256, seen);
  }

  @Test
  void otherDatabasesStoreWhatTheyGet() {
    var rules = new StoreRules(0, MAP, false, false);
    var header = new RecordHeader(10, 0, AUTOMATIC | VACUUM_MIGRATED);
    assertEquals(new Decision(header, true, false), rules.decide(keyOf(1), header, Bytes.EMPTY));
  }

  @Test
  void recoveryEndsDelegations() {
    var rules = new StoreRules(0, MAP, true, true);
    var header = new RecordHeader(10, 1, RO_FLAGS | MIGRATED_WITH_DATA);
    assertEquals("keep rsn10 flags1", text(rules.decide(keyOf(1), header, DATA)));
    var empty = new RecordHeader(10, 1, RO_HAVE_READONLY);
    assertEquals("delete rsn10 flags0", text(rules.decide(keyOf(1), empty, Bytes.EMPTY)));
    var master = new RecordHeader(10, 0, RO_HAVE_DELEGATIONS);
    assertEquals("keep rsn11 flags0", text(rules.decide(keyOf(1), master, DATA)));
  }

  @Test
  void locationMasterIsThatOfCtdbd() {
    // Jenkins' hash of "key1" is 0x1de0df49
    var map = new VnnMap(5, List.of(7, 8, 9));
    var key = RecordKey.of(Bytes.ofText("key1"));
    assertEquals(0x1de0df49, key.hash());
    assertEquals(7 + 0x1de0df49 % 3, StoreRules.lmaster(map, key));
    assertEquals(Pnn.UNKNOWN, StoreRules.lmaster(new VnnMap(1, List.of()), key));
  }
}
