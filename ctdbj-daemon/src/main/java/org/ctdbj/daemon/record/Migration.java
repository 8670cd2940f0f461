// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import org.ctdbj.daemon.node.Counter;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.Pnn;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.packet.Header;
import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReplyDmaster;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqDmaster;

/**
 * Being data master goes from node to node: the old data master writes the new one into its own
 * copy, tells the location master (unless it is that itself), which writes it down and sends the
 * record on. The new data master stores it and executes the call that started all this; each of the
 * two stores adds 1 to the sequence number.
 *
 * <p>Where ctdbd aborts because a packet contradicts what this node knows, the packet is dropped
 * and a recovery forced.
 */
final class Migration {
  private final RecordEngine engine;
  private final RecordAccess access;
  private final ChainLocks locks;
  private final PendingCalls pending;
  private final StickyRecords sticky;
  private final HotKeys hotKeys;
  private final DmasterQueue waiting;
  private boolean closed;

  /** Work on a record under its chain lock. */
  @FunctionalInterface
  private interface LockedWork {
    /** Returns what is to be done after the unlock, or null. */
    Runnable run(RecordKey key);
  }

  Migration(
      RecordEngine engine,
      RecordAccess access,
      ChainLocks locks,
      PendingCalls pending,
      StickyRecords sticky,
      HotKeys hotKeys) {
    this.engine = engine;
    this.access = access;
    this.locks = locks;
    this.pending = pending;
    this.sticky = sticky;
    this.hotKeys = hotKeys;
    this.waiting = new DmasterQueue(access.node.timers());
  }

  /**
   * Puts a node's call behind a DMASTER packet for its key that waits for the lock; false if none
   * does.
   */
  boolean append(RecordKey key, Runnable rerun) {
    return waiting.append(key, rerun);
  }

  /** Gives the record to the node that sent the call. Chain locked; this node is data master. */
  void give(RecordKey key, StoredRecord record, ReqCall call) {
    RecordHeader header = record.header();
    Bytes data = record.data();
    if (!data.isEmpty()) {
      header = header.withFlags(header.flags() | RecordFlags.MIGRATED_WITH_DATA);
    }
    int target = call.header().source();
    int lmaster = access.lmaster(key);
    if (lmaster == access.node.pnn()) {
      sendToNewDmaster(key, header, data, target, call.header().reqid());
      return;
    }
    if (lmaster == Pnn.UNKNOWN) {
      return; // there is nobody to tell: stay data master, the source sends its call again after
      // the recovery
    }
    // The own file first: what this node has told another one it must never have forgotten.
    access.store(key, header.withDmaster(target), data);
    access.node.send(
        new ReqDmaster(
            header(lmaster, call.header().reqid()),
            access.databaseId,
            header.rsn(),
            target,
            key.bytes(),
            data,
            header.flags()));
  }

  private void sendToNewDmaster(
      RecordKey key, RecordHeader header, Bytes data, int target, int reqid) {
    RecordHeader stored = access.store(key, header.withDmaster(target), data);
    access.node.send(
        new ReplyDmaster(
            header(target, reqid),
            access.databaseId,
            stored.rsn(),
            key.bytes(),
            data,
            stored.flags()));
  }

  private Header header(int destination, int reqid) {
    return new Header(access.generation(), destination, access.node.pnn(), reqid);
  }

  /** The data master of a record tells its location master who is to be the next. */
  void reqDmaster(ReqDmaster packet) {
    locked(RecordKey.of(packet.key()), Counter.NODE_REQ_DMASTER, key -> reqDmaster(key, packet));
  }

  private Runnable reqDmaster(RecordKey key, ReqDmaster packet) {
    int self = access.node.pnn();
    int source = packet.header().source();
    int lmaster = access.lmaster(key);
    if (lmaster != self) {
      access.contradiction(
          key,
          "node %d wants to change the data master here, but the location master is node %s"
              .formatted(source, Pnn.toString(lmaster)));
      return null;
    }
    RecordHeader own = access.fetch(key).header();
    if (own.dmaster() != source && !(own.rsn() == 0 && own.dmaster() == self)) {
      access.contradiction(
          key,
          "node %d gives the record to node %s, but data master is node %s with rsn %d (packet: rsn %d)"
              .formatted(
                  source,
                  Pnn.toString(packet.dmaster()),
                  Pnn.toString(own.dmaster()),
                  own.rsn(),
                  packet.rsn()));
      return null;
    }
    if (Long.compareUnsigned(own.rsn(), packet.rsn()) > 0) {
      access
          .node
          .log()
          .warning(
              "database %s, key %s: node %d gives the record to node %s with rsn %d, which is lower than %d here"
                  .formatted(
                      access.name,
                      key,
                      source,
                      Pnn.toString(packet.dmaster()),
                      packet.rsn(),
                      own.rsn()));
    }
    if (packet.dmaster() == self) {
      return become(
          key, packet.rsn(), packet.recordFlags(), packet.data(), packet.header().reqid());
    }
    var header =
        new RecordHeader(packet.rsn(), packet.dmaster(), own.reserved(), packet.recordFlags());
    sendToNewDmaster(key, header, packet.data(), packet.dmaster(), packet.header().reqid());
    return null;
  }

  /** This node has become data master of a record. */
  void replyDmaster(ReplyDmaster packet) {
    locked(
        RecordKey.of(packet.key()), Counter.NODE_REPLY_DMASTER, key -> replyDmaster(key, packet));
  }

  private Runnable replyDmaster(RecordKey key, ReplyDmaster packet) {
    StoredRecord own = access.store.fetch(key);
    if (own != null
        && own.header().dmaster() == access.node.pnn()
        && Long.compareUnsigned(own.header().rsn(), packet.rsn()) >= 0) {
      access.contradiction(
          key,
          "node %d makes this node data master with rsn %d, but it is that already with rsn %d"
              .formatted(packet.header().source(), packet.rsn(), own.header().rsn()));
      return null;
    }
    return become(key, packet.rsn(), packet.recordFlags(), packet.data(), packet.header().reqid());
  }

  /**
   * The record is stored even if nobody waits for it any more: this node is its data master now.
   */
  private Runnable become(RecordKey key, long rsn, int recordFlags, Bytes data, int reqid) {
    PendingCall call = access.node.reqids().find(reqid, PendingCall.class);
    boolean expected = call != null && call.engine == engine && call.key.equals(key);
    int flags = recordFlags;
    if (expected && (call.request.flags() & Calls.FLAG_VACUUM_MIGRATION) != 0) {
      flags |= RecordFlags.VACUUM_MIGRATED;
    }
    RecordHeader header = access.store(key, new RecordHeader(rsn, access.node.pnn(), flags), data);
    sticky.arrived(key);
    if (!expected) {
      return null;
    }
    hotKeys.migrated(key);
    Bytes result = access.execute(key, call.request.callId(), new StoredRecord(header, data));
    return () -> pending.complete(call, 0, result);
  }

  /** A node answers a call of this node without giving the record away. */
  void replied(PendingCall call, ReplyCall reply) {
    RecordHeader header =
        call.request.callId() == Calls.FETCH_WITH_HEADER
                && reply.data().length() >= RecordHeader.SIZE
            ? RecordHeader.decode(reply.data())
            : null;
    if (header == null || !header.hasAny(RecordFlags.RO_HAVE_READONLY)) {
      pending.complete(call, reply.status(), reply.data());
      return;
    }
    int generation = access.generation();
    int reqid = call.reqid;
    try {
      if (!locks.tryLock(call.key)) {
        locks.whenFree(
            call.key,
            () -> {
              if (generation == access.generation() && pending.waits(call, reqid)) {
                replied(call, reply);
              }
            });
        return;
      }
      try {
        keepCopy(call.key, header, reply.data().from(RecordHeader.SIZE));
      } finally {
        locks.unlock(call.key);
      }
    } catch (StoreException e) {
      // The answer is good without the copy in the file.
      access.failed("storing a read-only copy", call.key, e);
    }
    locks.afterUnlock(() -> pending.complete(call, reply.status(), reply.data()));
  }

  private void keepCopy(RecordKey key, RecordHeader header, Bytes data) {
    StoredRecord own = access.store.fetch(key);
    if (own == null
        || (own.header().dmaster() != access.node.pnn()
            && Long.compareUnsigned(header.rsn(), own.header().rsn()) > 0)) {
      access.store(key, header, data);
    }
  }

  private void locked(RecordKey key, Counter counter, LockedWork work) {
    try {
      // In the order in which they came, so that a later packet never overtakes one that waits.
      if (waiting.waits(key) || !locks.tryLock(key)) {
        park(key, counter, work);
        return;
      }
      work(key, work);
    } catch (StoreException e) {
      failed(key, counter, work, e);
    }
  }

  /**
   * Nobody has the record while its packet waits for room, but nothing is lost: the sender wrote
   * the whole record into its own file, where a recovery finds it. Calls for it wait behind.
   */
  private void failed(RecordKey key, Counter counter, LockedWork work, StoreException cause) {
    access.failed("changing the data master", key, cause);
    if (cause.isNoRoom()) {
      waiting.begin(key);
      access.othersWork.add(again(key, counter, work));
    }
  }

  private void work(RecordKey key, LockedWork work) {
    Runnable after;
    try {
      after = work.run(key);
    } finally {
      locks.unlock(key);
    }
    if (after != null) {
      locks.afterUnlock(after);
    }
  }

  private void park(RecordKey key, Counter counter, LockedWork work) {
    waiting.begin(key);
    locks.whenFree(key, again(key, counter, work));
  }

  /** The next try of work that waits, unless a recovery has made its packet worthless. */
  private Runnable again(RecordKey key, Counter counter, LockedWork work) {
    int generation = access.generation();
    return () -> {
      try {
        if (generation != access.generation() || closed) {
          return;
        }
        access.node.statistics().increment(counter);
        if (locks.tryLock(key)) {
          work(key, work);
        } else {
          park(key, counter, work);
        }
      } catch (StoreException e) {
        failed(key, counter, work, e);
      } finally {
        waiting.end(key);
      }
    };
  }

  /** No parked packet is handled any more. */
  void close() {
    closed = true;
  }
}
