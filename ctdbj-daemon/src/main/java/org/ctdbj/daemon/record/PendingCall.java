// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.protocol.packet.ReqCall;

/**
 * A call of this node that other nodes have to help with. Found by its reqid, which changes when
 * the call is sent again after a recovery.
 */
final class PendingCall {
  /** The engine of its database, for the static entry points that know only a reqid. */
  final RecordEngine engine;

  /** Who gets the answer. */
  final CallSource source;

  /** Reqid of the answer: the source's. */
  final int sourceReqid;

  final RecordKey key;

  /** What is asked of other nodes: flags and call id as they go over the network. */
  final ReqCall request;

  /** The answer has a record header in front that the source did not ask for. */
  final boolean stripHeader;

  final long startNanos;

  /** Own id of the call at present. */
  int reqid;

  PendingCall(
      RecordEngine engine,
      CallSource source,
      int sourceReqid,
      RecordKey key,
      ReqCall request,
      boolean stripHeader,
      long startNanos) {
    this.engine = engine;
    this.source = source;
    this.sourceReqid = sourceReqid;
    this.key = key;
    this.request = request;
    this.stripHeader = stripHeader;
    this.startNanos = startNanos;
  }
}
