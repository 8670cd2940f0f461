// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

import java.util.EnumMap;
import java.util.Map;

/** A value for every tunable. Immutable. */
public final class TunableValues {
  private static final TunableValues DEFAULTS = makeDefaults();

  private final Map<Tunable, Integer> values;

  private TunableValues(Map<Tunable, Integer> values) {
    this.values = values;
  }

  private static TunableValues makeDefaults() {
    Map<Tunable, Integer> values = new EnumMap<>(Tunable.class);
    for (Tunable tunable : Tunable.values()) {
      values.put(tunable, tunable.defaultValue());
    }
    return new TunableValues(values);
  }

  /** What a node starts with. */
  public static TunableValues defaults() {
    return DEFAULTS;
  }

  /** One value, unsigned. */
  public int get(Tunable tunable) {
    return values.get(tunable);
  }

  /** These values with one of them changed. */
  public TunableValues with(Tunable tunable, int value) {
    Map<Tunable, Integer> changed = new EnumMap<>(values);
    changed.put(tunable, value);
    return new TunableValues(changed);
  }

  /** Reads the body of GET_ALL_TUNABLES. */
  public static TunableValues decode(Bytes bytes) {
    var reader = new ByteReader("tunable_list", bytes);
    Map<Tunable, Integer> values = new EnumMap<>(Tunable.class);
    for (Tunable tunable : Tunable.values()) {
      values.put(tunable, reader.getInt(tunable.wireName()));
    }
    return new TunableValues(values);
  }

  /** The body of GET_ALL_TUNABLES. */
  public Bytes encode() {
    var writer = new ByteWriter(4 * values.size());
    for (Tunable tunable : Tunable.values()) {
      writer.putInt(values.get(tunable));
    }
    return writer.toBytes();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TunableValues that && values.equals(that.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }
}
