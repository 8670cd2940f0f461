// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.ctdbj.protocol.body.TunableNames;
import org.junit.jupiter.api.Test;

/** The tunables against those of a running ctdbd 4.17.12. */
class TunableTest {
  /** In the order of the values of GET_ALL_TUNABLES, with their defaults. */
  private static final String WIRE_ORDER =
      """
      MaxRedirectCount 3 obsolete
      SeqnumInterval 1000
      ControlTimeout 60
      TraverseTimeout 20
      KeepaliveInterval 5
      KeepaliveLimit 5
      RecoverTimeout 30
      RecoverInterval 1
      ElectionTimeout 3
      TakeoverTimeout 9
      MonitorInterval 15
      TickleUpdateInterval 20
      EventScriptTimeout 30
      MonitorTimeoutCount 20
      EventScriptUnhealthyOnTimeout 0 obsolete
      RecoveryGracePeriod 120
      RecoveryBanPeriod 300
      DatabaseHashSize 100001
      DatabaseMaxDead 5
      RerecoveryTimeout 10
      EnableBans 1
      DeterministicIPs 0 obsolete
      ReclockPingPeriod 60 obsolete
      NoIPFailback 0
      DisableIPFailover 0 obsolete
      VerboseMemoryNames 0
      RecdPingTimeout 60
      RecdFailCount 10
      LogLatencyMs 0
      RecLockLatencyMs 1000
      RecoveryDropAllIPs 120
      VerifyRecoveryLock 1 obsolete
      VacuumInterval 10
      VacuumMaxRunTime 120
      RepackLimit 10000
      VacuumLimit 5000 obsolete
      MaxQueueDropMsg 1000000
      AllowUnhealthyDBRead 0
      StatHistoryInterval 1
      DeferredAttachTO 120
      VacuumFastPathCount 60
      LCP2PublicIPs 1 obsolete
      AllowClientDBAttach 1
      RecoverPDBBySeqNum 1 obsolete
      DeferredRebalanceOnNodeAdd 300 obsolete
      FetchCollapse 1
      HopcountMakeSticky 50
      StickyDuration 600
      StickyPindown 200
      NoIPTakeover 0
      DBRecordCountWarn 100000
      DBRecordSizeWarn 10000000
      DBSizeWarn 100000000
      PullDBPreallocation 10485760
      NoIPHostOnAllDisabled 1 obsolete
      Samba3AvoidDeadlocks 0 obsolete
      TDBMutexEnabled 1 obsolete
      LockProcessesPerDB 200
      RecBufferSizeLimit 1000000
      QueueBufferSize 1024
      IPAllocAlgorithm 2
      AllowMixedVersions 0
      """;

  @Test
  void orderNamesAndDefaults() {
    List<String> lines =
        Stream.of(Tunable.values())
            .map(
                tunable ->
                    tunable.wireName()
                        + " "
                        + Integer.toUnsignedString(tunable.defaultValue())
                        + (tunable.obsolete() ? " obsolete" : ""))
            .toList();

    assertEquals(WIRE_ORDER.lines().toList(), lines);
  }

  @Test
  void constantsAreNamedAsOnTheWire() {
    for (Tunable tunable : Tunable.values()) {
      assertEquals(tunable.wireName().toUpperCase(Locale.ROOT), tunable.name().replace("_", ""));
    }
  }

  @Test
  void byNameInAnyCase() {
    for (Tunable tunable : Tunable.values()) {
      assertSame(tunable, Tunable.byName(tunable.wireName()));
      assertSame(tunable, Tunable.byName(tunable.wireName().toUpperCase(Locale.ROOT)));
      assertSame(tunable, Tunable.byName(tunable.wireName().toLowerCase(Locale.ROOT)));
    }
    assertNull(Tunable.byName("NoSuchTunable"));
    assertNull(Tunable.byName(""));
  }

  @Test
  void theListHas49NamesIn819Bytes() {
    Bytes body = TunableNames.all().encode();

    assertEquals(819, body.getInt(0));
    assertEquals(4 + 819, body.length());
    assertEquals(49, TunableNames.decode(body).names().size());
    String text = body.from(4).text();
    assertTrue(text.startsWith(":SeqnumInterval:ControlTimeout:"), text);
    assertTrue(text.contains(":RepackLimit:VacuumFastPathCount:MaxQueueDropMsg:"), text);
    assertTrue(text.endsWith(":AllowMixedVersions"), text);
  }

  @Test
  void theListIsReadBack() {
    assertEquals(TunableNames.all(), TunableNames.decode(TunableNames.all().encode()));
  }

  @Test
  void valuesAreIndependent() {
    TunableValues defaults = TunableValues.defaults();
    TunableValues changed = defaults.with(Tunable.CONTROL_TIMEOUT, 0xFFFFFFFF);

    assertEquals(60, defaults.get(Tunable.CONTROL_TIMEOUT));
    assertEquals(0xFFFFFFFF, changed.get(Tunable.CONTROL_TIMEOUT));
    assertEquals(1000, changed.get(Tunable.SEQNUM_INTERVAL));
    assertNotEquals(defaults, changed);
    assertEquals(defaults, changed.with(Tunable.CONTROL_TIMEOUT, 60));
  }

  @Test
  void valuesOnTheWire() {
    TunableValues values = TunableValues.defaults().with(Tunable.RECOVER_INTERVAL, 7);
    Bytes body = values.encode();

    assertEquals(248, body.length());
    assertEquals(3, body.getInt(0));
    assertEquals(7, body.getInt(4 * 7));
    assertEquals(0, body.getInt(4 * 61));
    assertEquals(values, TunableValues.decode(body));
    assertThrows(ProtocolException.class, () -> TunableValues.decode(body.slice(0, 247)));
  }
}
