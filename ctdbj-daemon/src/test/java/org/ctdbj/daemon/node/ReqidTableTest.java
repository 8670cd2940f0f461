// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

/** The id space that calls, controls, traverses and clients share. */
final class ReqidTableTest {
  private final ReqidTable table = new ReqidTable();

  @Test
  void idsStartAndGoOnWhereThoseOfCtdbdDo() {
    assertEquals(0x7FFFFF38, table.allocate("first"));
    assertEquals(0x7FFFFF39, table.allocate("second"));
    for (int i = 2; i < 199; i++) {
      table.allocate(i);
    }
    assertEquals(Integer.MAX_VALUE, table.allocate("last"));
    assertEquals(1, table.allocate("around"));
    assertEquals(2, table.allocate("and on"));
  }

  @Test
  void lookUpAsksForTheKindToo() {
    int id = table.allocate("text");
    assertEquals("text", table.find(id, String.class));
    assertNull(table.find(id, Integer.class));
    assertNull(table.find(id + 1, String.class));
    table.remove(id);
    assertNull(table.find(id, String.class));
  }
}
