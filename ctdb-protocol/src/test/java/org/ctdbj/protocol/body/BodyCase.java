// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.util.Random;
import java.util.function.Function;
import org.ctdbj.protocol.Bytes;

/**
 * One kind of body for the tests that hold for all: how to make one up, write it and read it.
 *
 * @param name of the kind
 * @param example makes one up; may be called with any seed
 * @param encoder writes it
 * @param decoder reads it
 */
record BodyCase<T>(
    String name,
    Function<Random, T> example,
    Function<T, Bytes> encoder,
    Function<Bytes, T> decoder) {
  Bytes encodedExample(Random random) {
    return encoder.apply(example.apply(random));
  }

  /** Reads bytes and writes what was read. */
  Bytes rewritten(Bytes bytes) {
    return encoder.apply(decoder.apply(bytes));
  }

  @Override
  public String toString() {
    return name;
  }
}
