// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.ControlFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.ReplyControl;
import org.ctdbj.protocol.packet.ReqControl;
import org.ctdbj.protocol.packet.ReqMessage;

/** A process connected to the socket of one node. */
final class TestClient implements ClientPort {
  private final TestNodes.Member node;
  private final int pid;
  final int id;
  final List<Packet> received = new ArrayList<>();
  int queued;
  boolean closed;
  private int reqid;

  TestClient(TestNodes.Member node, int pid) {
    this.node = node;
    this.pid = pid;
    id = node.core.clientConnected(this);
  }

  @Override
  public void send(Packet packet) {
    received.add(packet);
  }

  @Override
  public int queuedPackets() {
    return queued;
  }

  @Override
  public void close() {
    closed = true;
    node.core.clientGone(id);
  }

  @Override
  public int peerPid() {
    return pid;
  }

  /** Sends a control as smbd does: fields that the daemon has to ignore hold nonsense. */
  int control(int destination, int opcode, long srvid, int flags, Bytes data) {
    reqid++;
    node.core.clientPacket(
        id, new ReqControl(new Header(99, destination, 77, reqid), opcode, srvid, 5, flags, data));
    return reqid;
  }

  int control(Control control, long srvid, Bytes data) {
    return control(Pnn.CURRENT_NODE, control.number(), srvid, 0, data);
  }

  void noReply(int destination, Control control, long srvid, Bytes data) {
    control(destination, control.number(), srvid, ControlFlags.NOREPLY, data);
  }

  /** Asks a node and gives its answer, which has to come without time passing. */
  ReplyControl ask(int destination, int opcode, long srvid, Bytes data) {
    int asked = control(destination, opcode, srvid, 0, data);
    node.time.pass(0);
    ReplyControl reply = reply(asked);
    if (reply == null) {
      throw new AssertionError("no reply to control " + opcode);
    }
    received.remove(reply);
    return reply;
  }

  ReplyControl ask(Control control, long srvid, Bytes data) {
    return ask(Pnn.CURRENT_NODE, control.number(), srvid, data);
  }

  ReplyControl ask(Control control, Bytes data) {
    return ask(control, 0, data);
  }

  ReplyControl ask(Control control) {
    return ask(control, 0, Bytes.EMPTY);
  }

  /** The answer to a request, or null. */
  ReplyControl reply(int asked) {
    for (Packet packet : received) {
      if (packet instanceof ReplyControl reply && reply.header().reqid() == asked) {
        return reply;
      }
    }
    return null;
  }

  void message(int destination, long srvid, String text) {
    node.core.clientPacket(
        id, new ReqMessage(new Header(1, destination, 77, 0), srvid, Bytes.ofText(text)));
  }

  void register(long srvid) {
    if (ask(Control.REGISTER_SRVID, srvid, Bytes.EMPTY).status() != 0) {
      throw new AssertionError("REGISTER_SRVID failed");
    }
  }

  /** The texts of the messages so far. */
  List<String> messages() {
    return received.stream()
        .filter(packet -> packet instanceof ReqMessage)
        .map(packet -> ((ReqMessage) packet).data().text())
        .toList();
  }
}
