// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Who becomes leader, and when. */
class ElectionTest {
  @Test
  void longestRunningNodeLeads() {
    var cluster = new FakeCluster(3).settle();
    for (var member : cluster.members) {
      assertEquals(0, member.leader(), () -> String.join("\n", member.log));
    }
    assertTrue(cluster.settled());
  }
}
