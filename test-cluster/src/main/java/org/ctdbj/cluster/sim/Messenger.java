// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.HashMap;
import java.util.Map;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReqMessage;

/**
 * Sends messages to all its like, itself included. Some may be lost with a link or a daemon, but
 * those of one sender arrive in their order, and never twice.
 */
final class Messenger extends SimClient {
  private static final long SRVID = 0x0123_4567_89ab_cdefL;
  private static final long PAUSE_NANOS = 1_000_000_000L;

  private final Map<Integer, Long> lastFrom = new HashMap<>();
  private long sent;

  Messenger(Simulation world, SimNode node) {
    super(world, node);
  }

  @Override
  void connected() {
    control(
        Control.REGISTER_SRVID,
        SRVID,
        Bytes.EMPTY,
        reply -> {
          Violation.unless(reply.status() == 0, "REGISTER_SRVID was answered %d", reply.status());
          speak();
        });
  }

  @Override
  void lost() {
    // holds nothing
  }

  private void speak() {
    if (world.working()) {
      var text = new ByteWriter(12).putInt(pid()).putLong(++sent).toBytes();
      send(new ReqMessage(new Header(0, Pnn.BROADCAST_CONNECTED, 0, 0), SRVID, text));
    }
    later(random.nextLong(PAUSE_NANOS), this::speak);
  }

  @Override
  void message(ReqMessage message) {
    int sender = message.data().getInt(0);
    long number = message.data().getLong(4);
    Long before = lastFrom.put(sender, number);
    Violation.unless(
        before == null || before < number,
        "node %d: message %d of process %d came after message %s",
        node.pnn(),
        number,
        sender,
        before);
  }
}
