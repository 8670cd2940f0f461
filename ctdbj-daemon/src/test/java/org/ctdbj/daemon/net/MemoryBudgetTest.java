// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
  private final MemoryBudget budget = new MemoryBudget(100);
  private final List<String> evicted = new ArrayList<>();
  private final MemoryBudget.Account small = budget.new Account(() -> evicted.add("small"));
  private final MemoryBudget.Account large = budget.new Account(() -> evicted.add("large"));

  @Test
  void whoHoldsMostIsGivenUp() {
    assertTrue(large.take(70));
    assertTrue(small.take(20));
    assertTrue(small.take(20));
    assertEquals(List.of("large"), evicted);
    assertTrue(small.take(60));
    assertFalse(small.take(1));
    assertEquals(List.of("large", "small"), evicted);
  }

  @Test
  void whatIsGivenBackCanBeTakenAgain() {
    assertTrue(large.take(90));
    large.giveBack(50);
    assertTrue(small.take(60));
    large.empty();
    large.empty();
    assertTrue(small.take(40));
    assertEquals(List.of(), evicted);
  }
}
