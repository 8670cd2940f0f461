// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs simulated clusters. The system property {@code ctdbj.sim.seeds}, as FROM-TO, chooses other
 * seeds than the usual ones; a failure tells its seed, what was configured and what happened last.
 */
final class SimulationTest {
  private static final int TRACE_LINES = 400;

  static LongStream seeds() {
    String[] range = System.getProperty("ctdbj.sim.seeds", "1-150").split("-", 2);
    return LongStream.rangeClosed(Long.parseLong(range[0]), Long.parseLong(range[1]));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void clusterKeepsItsPromises(long seed) {
    Simulation.Outcome outcome = Simulation.run(seed, TRACE_LINES);
    assertTrue(outcome.increments() > 0, "nobody could work in seed " + seed);
    assertTrue(outcome.commits() > 0, "no transaction was committed in seed " + seed);
  }

  @Test
  void seedAlwaysGivesTheSameRun() {
    assertEquals(Simulation.run(7, 100_000), Simulation.run(7, 100_000));
  }
}
