// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** Numbers of enums on the wire, there and back. */
class NumbersTest {
  @Test
  void runstates() {
    for (Runstate state : Runstate.values()) {
      assertEquals(state, Runstate.of(state.number()));
    }
    assertEquals(Runstate.RUNNING, Runstate.of(5));
    assertThrows(ProtocolException.class, () -> Runstate.of(7));
    assertThrows(ProtocolException.class, () -> Runstate.of(-1));
  }

  @Test
  void recoveryModes() {
    assertEquals(RecoveryMode.NORMAL, RecoveryMode.of(0));
    assertEquals(RecoveryMode.ACTIVE, RecoveryMode.of(1));
    assertEquals(1, RecoveryMode.ACTIVE.number());
    assertThrows(ProtocolException.class, () -> RecoveryMode.of(2));
  }

  @Test
  void operations() {
    for (Operation operation : Operation.values()) {
      assertEquals(operation, Operation.of(operation.number()));
    }
    assertNull(Operation.of(6));
    assertNull(Operation.of(11));
    assertNull(Operation.of(-1));
  }
}
