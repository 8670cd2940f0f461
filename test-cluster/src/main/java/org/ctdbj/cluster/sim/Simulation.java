// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.ctdbj.protocol.Runstate;

/**
 * One simulated cluster, from its start to its end: the cores of production on virtual time, over a
 * network with faults, with processes that use its databases, and checkers that watch. Everything
 * follows from the seed, so a seed always gives the same run, to the last event.
 *
 * <p>A run has two parts. First things go wrong, and nothing may happen that never may. Then all
 * faults end, and the cluster has to become whole and to answer everybody within a time limit.
 */
public final class Simulation {
  /** Time in which a cluster has to become whole: the longest timeouts in it, twice. */
  private static final long SETTLE_SECONDS = 300;

  private static final long SECOND = 1_000_000_000L;

  private final long seed;
  private final Random random;
  private final Profile profile;
  private final EventQueue queue = new EventQueue();
  private final Trace trace;
  private final SimNetwork network;
  private final SimLock lock;
  private final Checker checker;
  private final RecordLedger records;
  private final TransactionLedger transactions;
  private final Faults faults;
  private final List<SimNode> nodes = new ArrayList<>();
  private boolean working = true;
  private int lastPid = 10_000;

  private Simulation(long seed, int traceLines) {
    this.seed = seed;
    this.random = new Random(seed);
    this.profile = Profile.of(random);
    this.trace = new Trace(queue, traceLines);
    this.network = new SimNetwork(queue, trace, random, profile.maxLatencyNanos());
    this.lock = profile.clusterLock() ? new SimLock(queue, random, profile.nodes()) : null;
    this.records =
        new RecordLedger(this, profile.keys(), profile.nodes(), !profile.networkFaults());
    this.transactions = new TransactionLedger(this, !profile.networkFaults());
    this.checker = new Checker(this);
    this.faults = new Faults(this);
    for (int pnn = 0; pnn < profile.nodes(); pnn++) {
      nodes.add(new SimNode(this, pnn));
    }
    network.connect(nodes, checker);
  }

  /**
   * What came out of a run that went well.
   *
   * @param events events that have run
   * @param increments changes of records that were checked
   * @param commits transactions that were answered with success
   * @param virtualSeconds virtual time that has passed
   * @param trace the last events
   */
  public record Outcome(
      long events, long increments, long commits, double virtualSeconds, String trace) {}

  /**
   * Runs a seed.
   *
   * @param traceLines how many of the last events are kept
   * @throws SimulationFailure if something happened that never may, or something did not that must
   */
  public static Outcome run(long seed, int traceLines) {
    var simulation = new Simulation(seed, traceLines);
    try {
      simulation.run();
    } catch (RuntimeException | AssertionError e) {
      throw new SimulationFailure(
          "seed %d failed at %.6f s: %s%n%s%n%s"
              .formatted(
                  seed,
                  simulation.queue.nowNanos() / 1e9,
                  e.getMessage(),
                  simulation.profile,
                  simulation.trace.tail(traceLines)),
          e);
    }
    return new Outcome(
        simulation.queue.processed(),
        simulation.records.increments(),
        simulation.transactions.commits(),
        simulation.queue.nowNanos() / 1e9,
        simulation.trace.tail(traceLines));
  }

  private void run() {
    nodes.forEach(node -> queue.schedule(random.nextLong(SECOND), node::start));
    queue.schedule(SECOND, this::sweep);
    queue.schedule(SECOND, this::administer);
    runUntil("the cluster to come up", this::settled);
    faults.start();
    runFor(profile.faultSeconds() * SECOND);
    faults.end();
    runUntil("the cluster to become whole", this::settled);
    rest();
    if (profile.networkFaults()) {
      records.rebase();
      transactions.rebase();
    }
    compare();
    working = true;
    runFor(5 * SECOND);
    rest();
    compare();
  }

  /** Lets everybody finish. */
  private void rest() {
    working = false;
    runFor(10 * SECOND);
    runUntil("all clients to be answered", this::quiet);
    runUntil("the cluster to stay whole", this::settled);
  }

  private void compare() {
    checker.sweep();
    records.checkAll();
    transactions.checkAll();
  }

  private void sweep() {
    checker.sweep();
    queue.schedule(SECOND, this::sweep);
  }

  /** While nothing goes wrong nobody has to stay out: bans that are being earned are lifted. */
  private void administer() {
    if (!faults.on()) {
      nodes.forEach(faults::bringIn);
    }
    queue.schedule(10 * SECOND, this::administer);
  }

  private void runFor(long nanos) {
    long until = queue.nowNanos() + nanos;
    while (queue.step(until)) {
      // the work is done by step
    }
  }

  private interface Condition {
    String missing();
  }

  private void runUntil(String what, Condition condition) {
    trace.add(Trace.CLUSTER, "WAIT", what);
    long until = queue.nowNanos() + SETTLE_SECONDS * SECOND;
    String missing = condition.missing();
    while (missing != null) {
      Violation.unless(
          queue.nowNanos() < until, "waited %d s for %s, but %s", SETTLE_SECONDS, what, missing);
      runFor(SECOND / 10);
      missing = condition.missing();
    }
  }

  /** What is missing for the cluster to be whole; null if nothing is. */
  private String settled() {
    SimNode first = nodes.getFirst();
    for (SimNode node : nodes) {
      if (!node.up()) {
        return "node " + node.pnn() + " is down";
      }
      if (!node.active() || node.core().runstate() != Runstate.RUNNING) {
        return "node " + node.pnn() + " is " + node.core().runstate() + ", flags " + node.flags();
      }
      if (!node.core().vnnMap().equals(first.core().vnnMap())) {
        return "nodes 0 and " + node.pnn() + " have different maps";
      }
      if (node.core().vnnMap().lmasters().size() != nodes.size()) {
        return "the map of node " + node.pnn() + " is " + node.core().vnnMap();
      }
      if (node.core().recoveryMode() != org.ctdbj.protocol.RecoveryMode.NORMAL) {
        return "node " + node.pnn() + " is in recovery";
      }
      if (!node.wholeFiles()) {
        return "a database of node " + node.pnn() + " is frozen or old";
      }
      if (node.leader() != first.leader() || node.leader() < 0) {
        return "node " + node.pnn() + " follows " + node.leader() + ", node 0 " + first.leader();
      }
      for (SimNode other : nodes) {
        if (node.core().nodeFlags(other.pnn()) != 0) {
          return "node %d has flags %x for node %d"
              .formatted(node.pnn(), node.core().nodeFlags(other.pnn()), other.pnn());
        }
      }
    }
    return null;
  }

  /** What is missing for all clients to be at rest; null if nothing is. */
  private String quiet() {
    for (SimNode node : nodes) {
      for (SimClient client : node.clients()) {
        if (client.waits()) {
          return "a client of node " + node.pnn() + " waits for an answer";
        }
      }
    }
    return null;
  }

  // ---- for the parts of the simulation

  /** A daemon runs: its clients come. */
  void populate(SimNode node) {
    new AdminClient(this, node);
    for (int i = 0; i < profile.workersPerNode(); i++) {
      new RecordWorker(this, node);
    }
    new TransactionWorker(this, node);
    new Messenger(this, node);
  }

  void replace(SimNode node) {
    queue.schedule(
        random.nextLong(SECOND),
        () -> {
          if (node.up()) {
            new RecordWorker(this, node);
          }
        });
  }

  void replaceTransactions(SimNode node) {
    queue.schedule(
        random.nextLong(SECOND),
        () -> {
          if (node.up()) {
            new TransactionWorker(this, node);
          }
        });
  }

  AdminClient admin(SimNode node) {
    return (AdminClient) node.clients().getFirst();
  }

  EventQueue queue() {
    return queue;
  }

  Trace trace() {
    return trace;
  }

  Random random() {
    return random;
  }

  Profile profile() {
    return profile;
  }

  SimNetwork network() {
    return network;
  }

  /** The cluster lock; null if none is configured. */
  SimLock lock() {
    return lock;
  }

  Checker checker() {
    return checker;
  }

  RecordLedger records() {
    return records;
  }

  TransactionLedger transactions() {
    return transactions;
  }

  Faults faults() {
    return faults;
  }

  List<SimNode> nodes() {
    return nodes;
  }

  /** Whether clients are to begin new work. */
  boolean working() {
    return working;
  }

  int nextPid() {
    return ++lastPid;
  }

  @Override
  public String toString() {
    return "simulation of seed " + seed;
  }
}
