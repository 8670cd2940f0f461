// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.ctdbj.cluster.samba.SambaCluster;
import org.ctdbj.cluster.samba.SambaNode;

/** Runs Samba's smbtorture against a cluster and reads its verdicts. */
final class Torture {
  private static final Duration LIMIT = Duration.ofMinutes(10);
  private static final Pattern VERDICT = Pattern.compile("(?m)^(success|failure|error): (\\S+)");

  private Torture() {}

  /**
   * The verdicts of a run.
   *
   * @param passed names of the tests that passed
   * @param failed names of those that did not
   * @param output everything smbtorture printed
   */
  record Verdicts(Set<String> passed, Set<String> failed, String output) {
    /** The failures that are not among the known ones, with what was printed about them. */
    String unexpected(Set<String> known) {
      return failed.stream()
          .filter(name -> !known.contains(name))
          .map(
              name ->
                  output
                      .substring(Math.max(0, output.indexOf(": " + name + " [")))
                      .lines()
                      .limit(4)
                      .collect(Collectors.joining("\n")))
          .collect(Collectors.joining("\n"));
    }
  }

  /** Whether the program is installed. */
  static boolean available() {
    return Files.isExecutable(Path.of("/usr/bin/smbtorture"));
  }

  /** Runs tests; the connections of each test go to the nodes in turn. */
  static Verdicts run(SambaCluster cluster, List<SambaNode> nodes, String... tests) {
    try {
      Path list = cluster.share().resolveSibling("unclist");
      Files.write(list, nodes.stream().map(Torture::share).toList());
      List<String> command =
          new ArrayList<>(
              List.of(
                  "smbtorture",
                  share(nodes.getFirst()),
                  "--unclist=" + list,
                  "-U",
                  SambaCluster.credentials()));
      command.addAll(List.of(tests));
      Commands.Result result = cluster.client(LIMIT, command.toArray(String[]::new));
      Set<String> passed = new TreeSet<>();
      Set<String> failed = new TreeSet<>();
      Matcher matcher = VERDICT.matcher(result.output());
      while (matcher.find()) {
        (matcher.group(1).equals("success") ? passed : failed).add(matcher.group(2));
      }
      return new Verdicts(passed, failed, result.output() + result.errors());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static String share(SambaNode node) {
    return "//" + node.address() + "/share";
  }
}
