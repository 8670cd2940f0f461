// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.ControlFlags;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.ProtocolException;
import org.ctdbj.protocol.Tunable;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReplyControl;
import org.ctdbj.protocol.packet.ReqControl;
import org.ctdbj.recovery.ControlResult;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.recovery.door.EventLog.Level;
import org.ctdbj.recovery.door.Timers;

/**
 * Sends controls, waits for their answers, and executes those that are meant for this node. Also
 * what a client asks of its own node goes through here and through the node's queue, as in ctdbd:
 * it is never executed inside the call. Node thread only.
 */
final class ControlRouter {
  private static final String DISCONNECTED = "ctdb_control to disconnected node";

  /** An opcode is any number that someone sends; so many different ones get a line in the log. */
  private static final int MAX_REPORTED = 1000;

  private final NodeCore node;
  private final ControlTable table;
  private final EventLog complaints;
  private final Map<Integer, Pending> pending = new LinkedHashMap<>();
  private final Set<Integer> unknownReported = new HashSet<>();
  private final Set<Control> failuresReported = EnumSet.noneOf(Control.class);

  ControlRouter(NodeCore node, ControlTable table) {
    this.node = node;
    this.table = table;
    this.complaints =
        new SparingLog(
            node.log(), () -> node.timers().nowNanos(), "controls that could not be served");
  }

  /** A control that has been sent and not answered. */
  private static final class Pending {
    private final int pnn;
    private final int clientId;
    private final Consumer<ControlResult> done;
    private Timers.Timer timer;

    Pending(int pnn, int clientId, Consumer<ControlResult> done) {
      this.pnn = pnn;
      this.clientId = clientId;
      this.done = done;
    }
  }

  /** Sends what a client wants and gives it the answer. */
  void fromClient(int clientId, ReqControl request) {
    Header header = request.header();
    int destination = header.destination() == Pnn.CURRENT_NODE ? node.pnn() : header.destination();
    boolean noReply = (request.flags() & ControlFlags.NOREPLY) != 0;
    if (Pnn.isBroadcast(destination)) {
      if (noReply) {
        noReply(
            destination,
            request.opcode(),
            request.srvid(),
            clientId,
            request.flags(),
            request.data());
      } else {
        // Nobody could match several answers to one request; ctdbd says nothing either.
        complaints.warning(
            "control "
                + request.opcode()
                + " to a broadcast address needs the flag NOREPLY; dropped");
      }
      return;
    }
    if (noReply) {
      noReply(
          destination,
          request.opcode(),
          request.srvid(),
          clientId,
          request.flags(),
          request.data());
      return;
    }
    int reqid = header.reqid();
    send(
        destination,
        request.opcode(),
        request.srvid(),
        clientId,
        request.flags(),
        request.data(),
        node.tunable(Tunable.CONTROL_TIMEOUT),
        result -> {
          var reply =
              new ReplyControl(
                  new Header(0, 0, 0, reqid), result.status(), result.data(), result.error());
          node.sendToClient(clientId, reply);
        });
  }

  /** Sends a control and calls back once; see {@link NodeServices#control}. */
  void send(
      int pnn,
      int opcode,
      long srvid,
      int clientId,
      int flags,
      Bytes data,
      int timeoutSeconds,
      Consumer<ControlResult> done) {
    NodeTable.Entry entry = node.nodes().find(pnn);
    if (entry == null || !entry.connected()) {
      node.timers().schedule(0, () -> done.accept(ControlResult.failed(DISCONNECTED)));
      return;
    }
    var waiting = new Pending(pnn, clientId, done);
    int reqid = node.reqids().allocate(waiting);
    pending.put(reqid, waiting);
    if (timeoutSeconds > 0) {
      waiting.timer =
          node.timers()
              .scheduleSeconds(
                  timeoutSeconds,
                  () -> {
                    node.statistics().increment(Counter.TIMEOUT_CONTROL);
                    node.log()
                        .warning(
                            "no answer from node "
                                + pnn
                                + " to control "
                                + name(opcode)
                                + " in "
                                + timeoutSeconds
                                + " s");
                    finish(reqid, ControlResult.timeout());
                  });
    }
    node.send(
        new ReqControl(
            node.headerTo(pnn, reqid),
            opcode,
            srvid,
            clientId,
            flags & ~ControlFlags.NOREPLY,
            data));
  }

  /** Sends a control whose flags say NOREPLY to every node of a destination. */
  void noReply(int destination, int opcode, long srvid, int clientId, int flags, Bytes data) {
    for (int pnn : node.expand(destination)) {
      node.send(new ReqControl(node.headerTo(pnn, 0), opcode, srvid, clientId, flags, data));
    }
  }

  /**
   * An answer has come. One that nobody waits for any more is dropped, and so is one that another
   * node was asked for: after a restart a node may use a number that stands for something else
   * here.
   */
  void reply(ReplyControl reply) {
    Header header = reply.header();
    Pending waiting = pending.get(header.reqid());
    if (waiting != null && waiting.pnn != header.source()) {
      complaints.warning(
          "node "
              + header.source()
              + " answered a control that node "
              + waiting.pnn
              + " was asked; dropped");
      return;
    }
    finish(header.reqid(), ControlResult.of(reply.status(), reply.data(), reply.error()));
  }

  private void finish(int reqid, ControlResult result) {
    Pending waiting = pending.remove(reqid);
    if (waiting == null) {
      return;
    }
    node.reqids().remove(reqid);
    if (waiting.timer != null) {
      waiting.timer.cancel();
    }
    waiting.done.accept(result);
  }

  /** Answers everything that waits for a node that has gone. */
  void nodeGone(int pnn) {
    for (int reqid : matching(waiting -> waiting.pnn == pnn)) {
      finish(reqid, ControlResult.failed("node is disconnected"));
    }
  }

  /**
   * Forgets what a client that has gone waits for; what the node itself asked on its behalf goes
   * on.
   */
  void clientGone(int clientId) {
    for (int reqid : matching(waiting -> waiting.clientId == clientId)) {
      Pending waiting = pending.get(reqid);
      if (waiting.timer == null) {
        // Without a time limit nothing else would ever end it.
        finish(reqid, ControlResult.failed("the client has gone"));
      }
    }
  }

  private List<Integer> matching(java.util.function.Predicate<Pending> which) {
    List<Integer> reqids = new ArrayList<>();
    pending.forEach(
        (reqid, waiting) -> {
          if (which.test(waiting)) {
            reqids.add(reqid);
          }
        });
    return reqids;
  }

  /** Executes a control that is meant for this node. */
  void execute(ReqControl packet) {
    Control control = Control.of(packet.opcode());
    var request = new Request(control, packet);
    ControlHandler handler = table.handler(control);
    if (handler == null) {
      if (unknownReported.size() < MAX_REPORTED && unknownReported.add(packet.opcode())) {
        complaints.notice(
            "control "
                + name(packet.opcode())
                + " from node "
                + packet.header().source()
                + " is not served by this version: answered with -1 (said once)");
      }
      request.reply(-1);
      return;
    }
    if (!control.acceptsRequestSize(packet.data().length())) {
      complaints.warning(
          "control "
              + control
              + " from node "
              + packet.header().source()
              + ": expected "
              + (control.requestSize().isPresent() ? "" : "at least ")
              + control.minRequestSize()
              + " bytes of data, found "
              + packet.data().length());
      request.reply(-1);
      return;
    }
    try {
      handler.handle(request);
    } catch (ProtocolException e) {
      complaints.warning(
          "control " + control + " from node " + packet.header().source() + ": " + e.getMessage());
      request.failIfOpen();
    } catch (RuntimeException e) {
      complaints.log(
          failuresReported.add(control) ? Level.ERROR : Level.WARNING,
          () -> "control " + control + " failed: " + describe(e));
      request.failIfOpen();
    }
  }

  /** An exception with where it came from, for the log. */
  private static String describe(Throwable problem) {
    var text = new StringWriter();
    problem.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  private static String name(int opcode) {
    Control control = Control.of(opcode);
    return control == null ? Integer.toUnsignedString(opcode) : control + " (" + opcode + ")";
  }

  /** A control that is being executed. */
  private final class Request implements ControlRequest {
    private final Control control;
    private final ReqControl packet;
    private boolean answered;

    Request(Control control, ReqControl packet) {
      this.control = control;
      this.packet = packet;
    }

    @Override
    public Control control() {
      return control;
    }

    @Override
    public int source() {
      return packet.header().source();
    }

    @Override
    public long srvid() {
      return packet.srvid();
    }

    @Override
    public int clientId() {
      return packet.clientId();
    }

    @Override
    public int flags() {
      return packet.flags();
    }

    @Override
    public Bytes data() {
      return packet.data();
    }

    @Override
    public void reply(Bytes data) {
      answer(0, data, "");
    }

    @Override
    public void reply(int status) {
      answer(status, Bytes.EMPTY, "");
    }

    @Override
    public void fail(String error) {
      answer(-1, Bytes.EMPTY, error);
    }

    void failIfOpen() {
      if (!answered) {
        reply(-1);
      }
    }

    private void answer(int status, Bytes data, String error) {
      if (answered) {
        throw new IllegalStateException("second answer to control " + control);
      }
      answered = true;
      if ((packet.flags() & ControlFlags.NOREPLY) == 0) {
        node.send(
            new ReplyControl(
                node.headerTo(packet.header().source(), packet.header().reqid()),
                status,
                data,
                error));
      }
    }
  }
}
