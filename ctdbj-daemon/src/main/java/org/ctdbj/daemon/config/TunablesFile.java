// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The file of tunables: {@code name = value} lines without sections. Names have no case; a value is
 * one unsigned 32-bit number, decimal or with 0x. A bad line is passed over with a remark and does
 * not keep the daemon from starting, as in ctdbd 4.17.
 *
 * @param <T> what identifies a tunable
 * @param values by tunable; the last line for one counts
 * @param remarks for the log
 */
public record TunablesFile<T>(Map<T, Integer> values, List<Remark> remarks) {
  private static final long MAX_VALUE = 0xFFFFFFFFL;

  /**
   * Reads the file; a missing one sets nothing.
   *
   * @param byName finds a tunable by its name without regard to case; null if there is none, or it
   *     is obsolete
   */
  public static <T> TunablesFile<T> read(Path file, Function<String, T> byName) {
    IniFile ini;
    try {
      ini = IniFile.read(file);
    } catch (ConfigurationException e) {
      return new TunablesFile<>(
          Map.of(),
          List.of(
              new Remark(
                  org.ctdbj.recovery.door.EventLog.Level.ERROR,
                  e.getMessage() + "; no tunable of this file is set")));
    }
    Map<T, Integer> values = new LinkedHashMap<>();
    List<Remark> remarks = new ArrayList<>(ini.remarks());
    for (IniFile.Entry entry : ini.entries()) {
      T tunable = byName.apply(entry.name());
      if (!entry.section().isEmpty()) {
        remarks.add(
            Remark.warning(
                file,
                entry.line(),
                "a tunables file has no sections: \""
                    + entry.name()
                    + "\" in ["
                    + entry.section()
                    + "] is ignored"));
      } else if (tunable == null) {
        remarks.add(
            Remark.warning(
                file,
                entry.line(),
                "unknown or obsolete tunable \"" + entry.name() + "\" is ignored"));
      } else {
        long value = unsigned(entry.value());
        if (value < 0) {
          remarks.add(
              Remark.warning(
                  file,
                  entry.line(),
                  "%s = %s is ignored: expected a number from 0 to %d"
                      .formatted(entry.name(), entry.value(), MAX_VALUE)));
        } else {
          values.put(tunable, (int) value);
        }
      }
    }
    return new TunablesFile<>(Map.copyOf(values), List.copyOf(remarks));
  }

  /** The number, or -1 if the text is not exactly an unsigned 32-bit number. */
  private static long unsigned(String text) {
    boolean hex = text.regionMatches(true, 0, "0x", 0, 2);
    String digits = hex ? text.substring(2) : text;
    int radix = hex ? 16 : digits.length() > 1 && digits.startsWith("0") ? 8 : 10;
    if (digits.isEmpty() || digits.startsWith("+") || digits.startsWith("-")) {
      return -1;
    }
    try {
      long value = Long.parseLong(digits, radix);
      return value <= MAX_VALUE ? value : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }
}
