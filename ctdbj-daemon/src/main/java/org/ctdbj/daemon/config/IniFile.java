// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A file of {@code [section]} and {@code name = value} lines, by the rules that Samba's parser for
 * such files shows from outside:
 *
 * <ul>
 *   <li>a line whose first character after white space is {@code #} or {@code ;} is a comment;
 *       there are no comments behind a value;
 *   <li>a backslash at the end of a line joins it with the next one, in comments not;
 *   <li>each run of white space becomes its first character, in names and in values; names and
 *       values have none around them;
 *   <li>what follows the {@code ]} of a section is not looked at, a line without {@code =} neither.
 * </ul>
 *
 * <p>Where a section header has no end, or a name is empty, Samba's parser gives up and ctdbd
 * starts as if the whole file were empty, without a word; here that is an error, because it would
 * drop the cluster lock among other things.
 *
 * @param file where it was read from
 * @param entries the {@code name = value} lines in the order of the file
 * @param remarks lines that were passed over
 */
record IniFile(Path file, List<Entry> entries, List<Remark> remarks) {
  /**
   * One {@code name = value} line.
   *
   * @param section in lower case, since sections are compared without regard to case; empty before
   *     the first one
   * @param name as written
   * @param value may be empty
   * @param line number of the (first) line, from 1
   */
  record Entry(String section, String name, String value, int line) {}

  /** Reads the file; one that does not exist is empty. */
  static IniFile read(Path file) throws ConfigurationException {
    if (Files.notExists(file)) {
      return new IniFile(file, List.of(), List.of());
    }
    try {
      return parse(file, Files.readString(file, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new ConfigurationException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Parses text; ISO 8859-1 characters stand for the file's bytes and values are decoded as UTF-8.
   */
  static IniFile parse(Path file, String text) throws ConfigurationException {
    List<Entry> entries = new ArrayList<>();
    List<Remark> remarks = new ArrayList<>();
    String section = "";
    String[] physical = text.split("\n", -1);
    for (int at = 0; at < physical.length; at++) {
      int number = at + 1;
      String line = stripLeadingBlanks(physical[at]);
      if (line.isEmpty() || line.startsWith("#") || line.startsWith(";")) {
        continue;
      }
      while (line.endsWith("\\") && at + 1 < physical.length) {
        at++;
        line = line.substring(0, line.length() - 1) + physical[at];
      }
      line = stripLeadingBlanks(line);
      if (line.startsWith("[")) {
        int end = line.indexOf(']');
        if (end < 0) {
          throw new ConfigurationException(
              file
                  + ":"
                  + number
                  + ": section header without \"]\": \""
                  + decode(squeeze(line))
                  + "\"");
        }
        section = decode(line.substring(1, end)).toLowerCase(Locale.ROOT);
        String rest = squeeze(line.substring(end + 1));
        if (!rest.isEmpty()) {
          remarks.add(
              Remark.warning(
                  file,
                  number,
                  "text after the section header is ignored: \"" + decode(rest) + "\""));
        }
        continue;
      }
      int equals = line.indexOf('=');
      if (equals < 0) {
        String shown = decode(squeeze(line));
        if (!shown.isEmpty()) {
          remarks.add(
              Remark.warning(file, number, "line without \"=\" is ignored: \"" + shown + "\""));
        }
        continue;
      }
      String name = decode(squeeze(line.substring(0, equals)));
      if (name.isEmpty()) {
        throw new ConfigurationException(
            file + ":" + number + ": there is no name before the \"=\"");
      }
      entries.add(new Entry(section, name, decode(squeeze(line.substring(equals + 1))), number));
    }
    return new IniFile(file, List.copyOf(entries), List.copyOf(remarks));
  }

  private static String decode(String bytes) {
    return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  private static String stripLeadingBlanks(String line) {
    int at = 0;
    while (at < line.length() && blank(line.charAt(at))) {
      at++;
    }
    return line.substring(at);
  }

  private static String squeeze(String text) {
    var squeezed = new StringBuilder(text.length());
    boolean inRun = true; // blanks at the start are dropped
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean isBlank = blank(c);
      if (!isBlank || !inRun) {
        squeezed.append(c);
      }
      inRun = isBlank;
    }
    int length = squeezed.length();
    return length > 0 && blank(squeezed.charAt(length - 1))
        ? squeezed.substring(0, length - 1)
        : squeezed.toString();
  }

  /** White space as C's isspace() has it. */
  private static boolean blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }
}
