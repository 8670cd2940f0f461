// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.util.List;
import java.util.Optional;

/**
 * What ctdbd can be told on its command line.
 *
 * @param interactive stay in the foreground and log to standard error
 * @param help only print the usage
 */
record CommandLine(boolean interactive, boolean help) {
  static final String USAGE =
      """
      Usage: ctdbd [-i|--interactive]
        -i, --interactive   stay in the foreground, log to standard error
        -?, --help          print this text
      Everything else is in ctdb.conf.
      """;

  /** Nothing if there is an argument that is not known. */
  static Optional<CommandLine> parse(List<String> arguments) {
    boolean interactive = false;
    boolean help = false;
    for (String argument : arguments) {
      switch (argument) {
        case "-i", "--interactive" -> interactive = true;
        case "-?", "-h", "--help" -> help = true;
        default -> {
          return Optional.empty();
        }
      }
    }
    return Optional.of(new CommandLine(interactive, help));
  }
}
