// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReplyDmaster;
import org.ctdbj.protocol.packet.ReplyError;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqDmaster;

/** Where packets about records go. Their generation has been checked. Node thread. */
public interface RecordTraffic {
  /** A call of a local client. */
  void clientCall(int clientId, ReqCall call);

  /** A call of a node, or of the own one through its queue. */
  void nodeCall(ReqCall call);

  /** The location master is told of a new data master. */
  void reqDmaster(ReqDmaster packet);

  /** A record arrives. */
  void replyDmaster(ReplyDmaster packet);

  /** A call of this node has been answered. */
  void replyCall(ReplyCall packet);

  /** A call of this node could not be served. */
  void replyError(ReplyError packet);
}
