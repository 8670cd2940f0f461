// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Tunable;

/**
 * LIST_TUNABLES.
 *
 * @param names in the order in which they are sent; none is empty or has a colon in it
 */
public record TunableNames(List<String> names) {
  private static final String SEPARATOR = ":";

  /** Keeps its own copy of the list. */
  public TunableNames {
    names = List.copyOf(names);
  }

  /** What ctdbd 4.17 answers: {@link Tunable#listed()}. */
  public static TunableNames all() {
    return new TunableNames(Tunable.listed().stream().map(Tunable::wireName).toList());
  }

  /** Reads it. */
  public static TunableNames decode(Bytes bytes) {
    var reader = new ByteReader("tunable names", bytes);
    String text = reader.getBytes("names", reader.getInt("length")).text();
    return new TunableNames(
        Stream.of(text.split(SEPARATOR, -1)).filter(name -> !name.isEmpty()).toList());
  }

  /** Its bytes: ctdbd puts a colon in front of the first name, too. */
  public Bytes encode() {
    Bytes text =
        Bytes.ofTerminated(
            names.stream().map(name -> SEPARATOR + name).collect(Collectors.joining()));
    return new ByteWriter(4 + text.length()).putInt(text.length()).put(text).toBytes();
  }
}
