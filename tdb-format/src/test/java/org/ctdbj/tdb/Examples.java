// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Consumer;

/** The examples of the package's documentation; {@link ExamplesTest} runs them. */
final class Examples {
  private Examples() {}

  static String records(Path path) {
    // @start region="records"
    var options = TdbOptions.defaults().withCreate(true).withHashSize(1009);
    try (var tdb = Tdb.open(path, options)) {
      tdb.store("colour".getBytes(UTF_8), "blue".getBytes(UTF_8));
      byte[] colour = tdb.fetch("colour".getBytes(UTF_8)); // null if there is none
      tdb.delete("colour".getBytes(UTF_8));
      return new String(colour, UTF_8);
    }
    // @end
  }

  static void count(Tdb tdb, byte[] key) {
    // @start region="counter"
    tdb.lockChain(key);
    try {
      byte[] old = tdb.fetch(key);
      long count = old == null ? 0 : ByteBuffer.wrap(old).getLong();
      tdb.store(key, ByteBuffer.allocate(8).putLong(count + 1).array());
    } finally {
      tdb.unlockChain(key);
    }
    // @end
  }

  static void move(Tdb tdb, byte[] from, byte[] to) {
    // @start region="transaction"
    tdb.transactionStart();
    try {
      byte[] value = tdb.fetch(from);
      if (value != null) {
        tdb.store(to, value);
        tdb.delete(from);
      }
    } catch (RuntimeException e) {
      tdb.transactionCancel();
      throw e;
    }
    tdb.transactionCommit(); // after a failure here the file is as it was
    // @end
  }

  static long deleteEmpty(Tdb tdb) {
    // @start region="traverse"
    return tdb.traverse(
        (key, value) -> {
          if (value.length == 0) {
            tdb.delete(key);
          }
          return true; // go on
        });
    // @end
  }

  static Byte firstByte(Tdb tdb, byte[] key) {
    // @start region="parse"
    return tdb.parse(
        key,
        value -> // a view into the file, valid in here only
        value.byteSize() == 0 ? null : value.get(ValueLayout.JAVA_BYTE, 0));
    // @end
  }

  static long salvage(Path damaged, Path rescued, Consumer<Object> report) {
    // @start region="rescue"
    try (var from = Tdb.open(damaged, TdbOptions.defaults().withReadOnly(true));
        var to = Tdb.open(rescued, TdbOptions.defaults().withCreate(true))) {
      from.check().findings().forEach(report);
      return from.rescue(
          (key, value) -> {
            to.store(key, value);
            return true;
          });
    }
    // @end
  }
}
