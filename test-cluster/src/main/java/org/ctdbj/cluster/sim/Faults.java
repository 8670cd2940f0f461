// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.body.BanState;

/** What goes wrong in a simulated cluster while faults are on, and the end of all of it. */
final class Faults {
  private static final long SECOND = 1_000_000_000L;

  private final Simulation world;
  private final Random random;
  private final Profile profile;
  private final List<Runnable> kinds = new ArrayList<>();

  /** Never dies and is never taken out unless network faults are allowed, so that data survive. */
  private final int anchor;

  private boolean on;

  Faults(Simulation world) {
    this.world = world;
    this.random = world.random();
    this.profile = world.profile();
    this.anchor = profile.networkFaults() ? -1 : random.nextInt(profile.nodes());
    kinds.add(this::forceRecovery);
    if (profile.crashes()) {
      kinds.add(this::crash);
      kinds.add(this::crash);
    }
    if (profile.pauses()) {
      kinds.add(this::pause);
    }
    if (profile.takenOut()) {
      kinds.add(this::takeOut);
    }
    if (profile.lockLosses()) {
      kinds.add(world.lock()::lose);
    }
    if (profile.networkFaults()) {
      kinds.add(this::cut);
      kinds.add(this::partition);
      kinds.add(this::partition);
    }
  }

  boolean on() {
    return on;
  }

  void start() {
    on = true;
    next();
  }

  private void next() {
    long nanos =
        (long) (-Math.log(1 - random.nextDouble()) * profile.meanFaultMillis() * 1_000_000);
    world
        .queue()
        .schedule(
            nanos,
            () -> {
              if (on) {
                kinds.get(random.nextInt(kinds.size())).run();
                next();
              }
            });
  }

  private SimNode anyNode() {
    return world.nodes().get(random.nextInt(profile.nodes()));
  }

  /** A node that may lose what it has; null if the chosen one may not. */
  private SimNode victim() {
    SimNode node = anyNode();
    return node.serves() && node.pnn() != anchor ? node : null;
  }

  private void crash() {
    SimNode node = victim();
    if (node == null) {
      return;
    }
    if (random.nextInt(4) == 0 && !node.clock().paused()) {
      node.stop();
    } else {
      node.crash(random.nextBoolean());
    }
    startLater(node, random.nextLong(15 * SECOND));
  }

  /** A daemon that starts while all others are stopped would begin a cluster of its own. */
  private void startLater(SimNode node, long nanos) {
    world
        .queue()
        .schedule(
            nanos,
            () -> {
              boolean alone = world.nodes().stream().anyMatch(other -> other.clock().paused());
              if (on && alone && !profile.networkFaults()) {
                startLater(node, SECOND);
              } else if (!node.up()) {
                node.start();
              }
            });
  }

  private boolean calm(SimNode node) {
    return !node.up()
        || world.nodes().stream()
            .noneMatch(
                other ->
                    other.up()
                        && (node.core().nodeFlags(other.pnn()) & NodeFlags.DISCONNECTED) != 0);
  }

  private void pause() {
    SimNode node = anyNode();
    if (!node.up()
        || node.clock().paused()
        || (!profile.networkFaults() && !world.nodes().stream().allMatch(this::calm))) {
      return;
    }
    // Longer than that, and the others go on without a node whose processes go on as well.
    long longest =
        profile.networkFaults()
            ? 2L * profile.silenceSeconds() * SECOND
            : Math.max(1, profile.silenceSeconds() - 2) * SECOND;
    world.trace().add(node.pnn(), "SIGSTOP", "");
    node.clock().pause();
    world.queue().schedule(random.nextLong(longest), () -> resume(node));
  }

  private void resume(SimNode node) {
    if (node.clock().paused()) {
      world.trace().add(node.pnn(), "SIGCONT", "");
      node.clock().resume();
    }
  }

  private void takeOut() {
    SimNode node = victim();
    if (node == null) {
      return;
    }
    if (random.nextBoolean()) {
      int seconds = 1 + random.nextInt(20);
      world.admin(node).order(Control.SET_BAN_STATE, new BanState(node.pnn(), seconds).encode());
    } else {
      world.admin(node).order(Control.STOP_NODE, Bytes.EMPTY);
      world
          .queue()
          .schedule(
              random.nextLong(20 * SECOND),
              () -> {
                if (node.serves()) {
                  world.admin(node).order(Control.CONTINUE_NODE, Bytes.EMPTY);
                }
              });
    }
  }

  private void forceRecovery() {
    SimNode node = anyNode();
    if (node.serves()) {
      world.admin(node).order(Control.SET_RECMODE, Bytes.ofInt(RecoveryMode.ACTIVE.number()));
    }
  }

  private void cut() {
    int one = anyNode().pnn();
    int other = anyNode().pnn();
    if (one != other) {
      world.trace().add(one, "CUT", other);
      world.network().cut(one, other);
    }
  }

  /** Some nodes cannot reach the others, or are not heard by them. */
  private void partition() {
    int group = 1 + random.nextInt((1 << profile.nodes()) - 2);
    int direction = random.nextInt(4);
    world.trace().add(Trace.CLUSTER, "SPLIT", Integer.toBinaryString(group) + " " + direction);
    block(group, direction, true);
    world
        .queue()
        .schedule(
            random.nextLong(3L * profile.silenceSeconds() * SECOND),
            () -> {
              world.trace().add(Trace.CLUSTER, "JOIN", Integer.toBinaryString(group));
              block(group, direction, false);
            });
  }

  private void block(int group, int direction, boolean blocked) {
    for (int inside = 0; inside < profile.nodes(); inside++) {
      for (int outside = 0; outside < profile.nodes(); outside++) {
        if ((group & (1 << inside)) != 0 && (group & (1 << outside)) == 0) {
          if (direction != 1) {
            world.network().block(inside, outside, blocked);
          }
          if (direction != 2) {
            world.network().block(outside, inside, blocked);
          }
        }
      }
    }
  }

  /** Ends all faults: every machine is on, every daemon runs and is in, all links can stand. */
  void end() {
    on = false;
    world.trace().add(Trace.CLUSTER, "HEAL", "");
    for (SimNode one : world.nodes()) {
      for (SimNode other : world.nodes()) {
        if (one != other) {
          world.network().block(one.pnn(), other.pnn(), false);
        }
      }
    }
    world.nodes().forEach(this::mend);
  }

  private void mend(SimNode node) {
    if (!node.up()) {
      node.start();
      return;
    }
    resume(node);
    bringIn(node);
  }

  /** What an administrator does about a node that is banned or stopped. */
  void bringIn(SimNode node) {
    if (node.serves() && (node.flags() & NodeFlags.BANNED) != 0) {
      world.admin(node).order(Control.SET_BAN_STATE, new BanState(node.pnn(), 0).encode());
    }
    if (node.serves() && (node.flags() & NodeFlags.STOPPED) != 0) {
      world.admin(node).order(Control.CONTINUE_NODE, Bytes.EMPTY);
    }
  }
}
