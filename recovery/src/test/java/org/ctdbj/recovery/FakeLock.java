// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.function.Consumer;

/** A cluster lock that all nodes of a fake cluster share. */
final class FakeLock {
  /** None configured. */
  static final ClusterLock NONE =
      new ClusterLock() {
        @Override
        public boolean configured() {
          return false;
        }

        @Override
        public Attempt acquire(int timeoutSeconds, Consumer<Outcome> done, Runnable lost) {
          throw new AssertionError("no cluster lock is configured");
        }
      };

  private static final long HELPER_NANOS = 20_000_000;

  private final VirtualTime time;
  Holder holder;

  FakeLock(VirtualTime time) {
    this.time = time;
  }

  /** An attempt of a node. */
  final class Holder implements ClusterLock.Attempt {
    final FakeCluster.Member member;
    final Runnable lost;
    boolean released;

    Holder(FakeCluster.Member member, Runnable lost) {
      this.member = member;
      this.lost = lost;
    }

    @Override
    public void release() {
      released = true;
      if (holder == this) {
        holder = null;
      }
    }
  }

  ClusterLock of(FakeCluster.Member member) {
    return new ClusterLock() {
      @Override
      public boolean configured() {
        return true;
      }

      @Override
      public Attempt acquire(int timeoutSeconds, Consumer<Outcome> done, Runnable lost) {
        var attempt = new Holder(member, lost);
        time.after(
            HELPER_NANOS,
            () -> {
              if (attempt.released) {
                return;
              }
              boolean free = holder == null || !holder.member.alive;
              if (free) {
                holder = attempt;
              }
              member.deliver(() -> done.accept(free ? Outcome.HELD : Outcome.CONTENDED));
            });
        return attempt;
      }
    };
  }

  /** The holder's helper dies. */
  void lose() {
    var was = holder;
    holder = null;
    was.member.deliver(was.lost);
  }
}
