// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.body.NodeFlagChange;
import org.ctdbj.protocol.body.TunableSetting;
import org.junit.jupiter.api.Test;

/** When a node that keeps others waiting for want of room leaves. */
class RoomWatchTest {
  private static TestNodes settled(int count) {
    TestNodes nodes = TestNodes.connected(count);
    nodes.members.forEach(member -> member.recover(member.client()));
    return nodes;
  }

  private static boolean banned(TestNodes.Member member) {
    return (member.flags(member.pnn) & NodeFlags.BANNED) != 0;
  }

  /** One complaint per second, as record engines make them. */
  private static void complain(TestNodes.Member member, int seconds) {
    for (int i = 0; i < seconds; i++) {
      member.core.cannotServeOthers("database x.tdb");
      member.time.passSeconds(1);
    }
  }

  @Test
  void leavesAfterTenSeconds() {
    TestNodes.Member member = settled(3).member(0);
    complain(member, RoomWatch.PATIENCE_SECONDS);
    assertFalse(banned(member));
    complain(member, 1);
    assertTrue(banned(member));
    assertTrue(
        member.log.stream().anyMatch(line -> line.contains("database x.tdb")), "" + member.log);
  }

  @Test
  void complaintsWithAPauseAreNotTheSameTrouble() {
    TestNodes.Member member = settled(3).member(0);
    complain(member, RoomWatch.PATIENCE_SECONDS - 1);
    member.time.passSeconds(RoomWatch.GAP_SECONDS + 1);
    complain(member, RoomWatch.PATIENCE_SECONDS);
    assertFalse(banned(member));
  }

  @Test
  void severalFullNodesLeaveOneAfterTheOtherAndTheLastStays() {
    TestNodes nodes = settled(3);
    for (int i = 0; i < 60; i++) {
      for (TestNodes.Member member : nodes.members) {
        if (!banned(member)) {
          member.core.cannotServeOthers("database x.tdb");
        }
      }
      nodes.time.passSeconds(1);
      // The leader tells everybody everybody's flags.
      for (TestNodes.Member of : nodes.members) {
        for (TestNodes.Member to : nodes.members) {
          var change = new NodeFlagChange(of.pnn, of.flags(of.pnn), 0);
          to.client().ask(Control.MODIFY_FLAGS, change.encode());
        }
      }
    }
    assertEquals(List.of(true, true, false), nodes.members.stream().map(m -> banned(m)).toList());
  }

  @Test
  void aSingleNodeStays() {
    TestNodes.Member member = settled(1).member(0);
    complain(member, 60);
    assertFalse(banned(member));
  }

  @Test
  void nobodyLeavesWithoutBans() {
    TestNodes.Member member = settled(3).member(0);
    member.client().ask(Control.SET_TUNABLE, new TunableSetting("EnableBans", 0).encode());
    complain(member, 60);
    assertFalse(banned(member));
  }
}
