// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.config;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.ctdbj.daemon.log.LogLocation;
import org.ctdbj.recovery.door.EventLog;

/**
 * Reads {@code ctdb.conf}. Sections are compared without regard to case, names with it; the last of
 * several lines for the same name counts. What it does not know it ignores with a remark; a known
 * name with an unusable value is an error, as in ctdbd 4.17.
 */
public final class ConfigurationReader {
  /**
   * The outcome.
   *
   * @param remarks for the log, once it is open
   */
  public record Loaded(DaemonConfiguration configuration, List<Remark> remarks) {}

  /** The known names of each section. */
  private static final Map<String, List<String>> KNOWN =
      Map.of(
          "logging", List.of("location", "log level"),
          "cluster",
              List.of(
                  "transport",
                  "node address",
                  "cluster lock",
                  "recovery lock",
                  "leader timeout",
                  "leader capability"),
          "database",
              List.of(
                  "volatile database directory",
                  "persistent database directory",
                  "state database directory",
                  "lock debug script",
                  "tdb mutexes"),
          "event", List.of("debug script"),
          "failover", List.of("disabled"),
          "legacy",
              List.of(
                  "realtime scheduling",
                  "lmaster capability",
                  "start as stopped",
                  "start as disabled",
                  "script log level"));

  private static final String DEFAULT_LOCATION = "file:/var/log/ctdb/log.ctdb";

  private final NodePaths paths;
  private final Path workingDirectory;
  private final List<Remark> remarks = new ArrayList<>();
  private final Map<String, IniFile.Entry> values = new HashMap<>();

  private ConfigurationReader(NodePaths paths, Path workingDirectory) {
    this.paths = paths;
    this.workingDirectory = workingDirectory;
  }

  /**
   * Reads and checks the file; a missing file means all defaults.
   *
   * @param workingDirectory what relative paths in the file start from
   */
  public static Loaded read(NodePaths paths, Path workingDirectory) throws ConfigurationException {
    var reader = new ConfigurationReader(paths, workingDirectory);
    reader.collect(IniFile.read(paths.configurationFile()));
    return new Loaded(reader.build(), List.copyOf(reader.remarks));
  }

  /**
   * The three directories of databases must be there before the daemon starts; they are not made.
   */
  public static void checkDirectories(DaemonConfiguration configuration)
      throws ConfigurationException {
    requireDirectory("volatile", configuration.volatileDirectory());
    requireDirectory("persistent", configuration.persistentDirectory());
    requireDirectory("state", configuration.stateDirectory());
  }

  private static void requireDirectory(String kind, Path directory) throws ConfigurationException {
    if (!Files.isDirectory(directory)) {
      throw new ConfigurationException(
          "[database] %s database directory: \"%s\" is not a directory; create it or name another in ctdb.conf"
              .formatted(kind, directory));
    }
  }

  private void collect(IniFile ini) throws ConfigurationException {
    remarks.addAll(ini.remarks());
    for (IniFile.Entry entry : ini.entries()) {
      List<String> names = KNOWN.get(entry.section());
      if (names == null || !names.contains(entry.name())) {
        remarks.add(
            Remark.warning(
                ini.file(),
                entry.line(),
                "unknown " + describeUnknown(entry, names) + " is ignored"));
        continue;
      }
      if (entry.value().isEmpty()) {
        throw invalid(entry, "a value");
      }
      values.put(key(entry.section(), entry.name()), entry);
    }
  }

  private static String describeUnknown(IniFile.Entry entry, List<String> names) {
    if (entry.section().isEmpty()) {
      return "option \"" + entry.name() + "\" before the first section";
    }
    if (names == null) {
      return "section [" + entry.section() + "] with option \"" + entry.name() + "\"";
    }
    String lower = entry.name().toLowerCase(Locale.ROOT);
    String hint =
        names.contains(lower) ? " (names are case-sensitive: write \"" + lower + "\")" : "";
    return "option \"" + entry.name() + "\" in section [" + entry.section() + "]" + hint;
  }

  private DaemonConfiguration build() throws ConfigurationException {
    transport();
    return new DaemonConfiguration(
        paths,
        location(),
        level("logging", "log level", DebugLevel.NOTICE),
        address(),
        lock(),
        leaderTimeout(),
        flag("cluster", "leader capability", true),
        directory("volatile"),
        directory("persistent"),
        directory("state"),
        script("database", "lock debug script"),
        flag("database", "tdb mutexes", true),
        script("event", "debug script"),
        flag("failover", "disabled", false),
        flag("legacy", "realtime scheduling", true),
        flag("legacy", "lmaster capability", true),
        flag("legacy", "start as stopped", false),
        flag("legacy", "start as disabled", false),
        level("legacy", "script log level", DebugLevel.number(EventLog.Level.ERROR)));
  }

  private void transport() throws ConfigurationException {
    IniFile.Entry entry = entry("cluster", "transport");
    if (entry != null && !entry.value().equals("tcp")) {
      throw invalid(entry, "\"tcp\", the only transport there is");
    }
  }

  private String location() throws ConfigurationException {
    IniFile.Entry entry = entry("logging", "location");
    if (entry == null) {
      return DEFAULT_LOCATION;
    }
    try {
      return LogLocation.parse(entry.value(), workingDirectory).text();
    } catch (ConfigurationException e) {
      throw invalid(entry, e.getMessage());
    }
  }

  private int level(String section, String name, int whenUnset) throws ConfigurationException {
    IniFile.Entry entry = entry(section, name);
    if (entry == null) {
      return whenUnset;
    }
    Optional<Integer> level = DebugLevel.parse(entry.value());
    if (level.isEmpty()) {
      throw invalid(entry, "ERROR, WARNING, NOTICE, INFO, DEBUG or a number from 0 to 10");
    }
    return level.get();
  }

  private Optional<String> address() throws ConfigurationException {
    IniFile.Entry entry = entry("cluster", "node address");
    if (entry == null) {
      return Optional.empty();
    }
    Optional<InetAddress> address = NumericAddress.parse(entry.value());
    if (address.isEmpty()) {
      throw invalid(entry, "a numeric IPv4 or IPv6 address");
    }
    return Optional.of(entry.value());
  }

  private Optional<String> lock() {
    IniFile.Entry lock = entry("cluster", "cluster lock");
    IniFile.Entry old = entry("cluster", "recovery lock");
    if (old != null) {
      remarks.add(
          Remark.warning(
              paths.configurationFile(),
              old.line(),
              "\"recovery lock\" is deprecated, write \"cluster lock\""
                  + (lock == null ? "" : "; it is ignored because \"cluster lock\" is set too")));
    }
    return Optional.ofNullable(lock == null ? old : lock).map(IniFile.Entry::value);
  }

  /**
   * Like strtoul(): any base prefix, and text behind the number is ignored, but here not without a
   * remark.
   */
  private int leaderTimeout() throws ConfigurationException {
    IniFile.Entry entry = entry("cluster", "leader timeout");
    if (entry == null) {
      return 5;
    }
    String text = entry.value();
    boolean hex = text.length() > 2 && text.regionMatches(true, 0, "0x", 0, 2);
    int radix = hex ? 16 : text.startsWith("0") ? 8 : 10;
    int start = hex ? 2 : text.startsWith("+") ? 1 : 0;
    int end = start;
    long value = 0;
    while (end < text.length()
        && Character.digit(text.charAt(end), radix) >= 0
        && value <= Integer.MAX_VALUE) {
      value = value * radix + Character.digit(text.charAt(end), radix);
      end++;
    }
    if (value == 0 || value > Integer.MAX_VALUE) {
      throw invalid(entry, "a whole number of seconds from 1 to " + Integer.MAX_VALUE);
    }
    if (end < text.length()) {
      remarks.add(
          Remark.warning(
              paths.configurationFile(),
              entry.line(),
              "\"%s\" behind the number %d is ignored".formatted(text.substring(end), value)));
    }
    return (int) value;
  }

  private boolean flag(String section, String name, boolean whenUnset)
      throws ConfigurationException {
    IniFile.Entry entry = entry(section, name);
    if (entry == null) {
      return whenUnset;
    }
    return switch (entry.value().toLowerCase(Locale.ROOT)) {
      case "true", "yes" -> true;
      case "false", "no" -> false;
      default -> throw invalid(entry, "true, yes, false or no");
    };
  }

  private Path directory(String kind) throws ConfigurationException {
    IniFile.Entry entry = entry("database", kind + " database directory");
    if (entry == null) {
      return Path.of("/var/lib/ctdb", kind);
    }
    Path directory = workingDirectory.resolve(entry.value()).normalize();
    if (!Files.isDirectory(directory)) {
      throw invalid(entry, "a directory that exists");
    }
    return directory;
  }

  private Optional<Path> script(String section, String name) throws ConfigurationException {
    IniFile.Entry entry = entry(section, name);
    if (entry == null) {
      return Optional.empty();
    }
    Path fileName = Path.of(entry.value()).getFileName();
    Path script = fileName == null ? paths.etcDirectory() : paths.etcDirectory().resolve(fileName);
    if (!Files.isRegularFile(script) || !Files.isExecutable(script)) {
      throw invalid(entry, "the name of an executable file in " + paths.etcDirectory());
    }
    return Optional.of(script);
  }

  private IniFile.Entry entry(String section, String name) {
    return values.get(key(section, name));
  }

  private static String key(String section, String name) {
    return section + '/' + name;
  }

  private ConfigurationException invalid(IniFile.Entry entry, String expected) {
    return new ConfigurationException(
        "%s:%d: [%s] %s = %s: expected %s"
            .formatted(
                paths.configurationFile(),
                entry.line(),
                entry.section(),
                entry.name(),
                entry.value(),
                expected));
  }
}
