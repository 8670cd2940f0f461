// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;

/**
 * Frames with a valid header and a random body. Controls that would do what they say, however
 * little of their body makes sense, are left out: a client that stops the node has done no damage.
 */
final class Garbage {
  private static final int[] OPERATIONS = {0, 1, 2, 3, 4, 5, 7, 8, 9, 10};
  private static final int REQ_CONTROL = 7;
  private static final Set<Control> OBEYED =
      EnumSet.of(
          Control.SHUTDOWN,
          Control.STOP_NODE,
          Control.DISABLE_NODE,
          Control.SET_RECMODE,
          Control.SET_BAN_STATE,
          Control.SET_DEBUG,
          Control.SET_LMASTERROLE,
          Control.SET_RECMASTERROLE,
          Control.FREEZE,
          Control.START_RECOVERY,
          Control.START_PERSISTENT_UPDATE,
          Control.MODIFY_FLAGS,
          Control.DB_ATTACH,
          Control.DB_ATTACH_PERSISTENT,
          Control.DB_ATTACH_REPLICATED);

  private Garbage() {}

  /**
   * The next frame.
   *
   * @param fromClient whether unaligned lengths are allowed
   */
  static Bytes frame(Random random, boolean fromClient) {
    int size = random.nextInt(4) == 0 ? random.nextInt(4000) : random.nextInt(80);
    byte[] body = new byte[fromClient ? size : size & ~7];
    random.nextBytes(body);
    int operation = OPERATIONS[random.nextInt(OPERATIONS.length)];
    var fields = ByteBuffer.wrap(body).order(ByteOrder.nativeOrder());
    if (operation == REQ_CONTROL && body.length >= 32) {
      fields.putInt(0, opcode(random));
      if (random.nextBoolean()) {
        fields.putInt(
            24, Math.max(0, body.length - 28 - random.nextInt(8))); // a length that can be
      }
    } else if (body.length >= 4 && random.nextBoolean()) {
      fields.putInt(0, random.nextInt(100)); // counts and lengths that are believable
    }
    return RawClient.frame(RawClient.HEADER + body.length, RawClient.MAGIC, 1, operation, body);
  }

  private static int opcode(Random random) {
    while (true) {
      int opcode = random.nextInt(170);
      Control control = Control.of(opcode);
      if (control == null || !OBEYED.contains(control)) {
        return opcode;
      }
    }
  }
}
