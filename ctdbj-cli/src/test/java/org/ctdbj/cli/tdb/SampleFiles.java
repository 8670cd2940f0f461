// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbFlag;
import org.ctdbj.tdb.TdbOptions;
import org.junit.jupiter.params.provider.Arguments;

/** Files of every kind, with bytes of every kind in them. */
final class SampleFiles {
  static final long SEED = 1141L;
  static final java.nio.charset.Charset CHARSET = StandardCharsets.ISO_8859_1;

  /** Records that {@link #create} leaves. */
  static final int RECORDS = 60;

  private SampleFiles() {}

  /** Both hash functions, both byte orders, with and without mutexes. */
  static Stream<Arguments> kinds() {
    return Stream.of(
        Arguments.of("default", Set.of()),
        Arguments.of("jenkins", Set.of(TdbFlag.INCOMPATIBLE_HASH)),
        Arguments.of("other byte order", Set.of(TdbFlag.CONVERT)),
        Arguments.of(
            "other byte order, jenkins", Set.of(TdbFlag.CONVERT, TdbFlag.INCOMPATIBLE_HASH)),
        Arguments.of("volatile, counting", Set.of(TdbFlag.VOLATILE, TdbFlag.SEQNUM)),
        Arguments.of("mutexes", Set.of(TdbFlag.MUTEX_LOCKING, TdbFlag.CLEAR_IF_FIRST)));
  }

  /** Creates a file of 7 chains with holes in it. */
  static Path create(Path path, Set<TdbFlag> flags) {
    var random = new Random(SEED);
    var options = TdbOptions.defaults().withFlags(flags).withCreate(true).withHashSize(7);
    try (Tdb tdb = Tdb.open(path, options)) {
      for (int i = 0; i < RECORDS + 5; i++) {
        byte[] value = new byte[random.nextInt(300)];
        random.nextBytes(value);
        tdb.store(key(i), value);
      }
      for (int i = RECORDS; i < RECORDS + 5; i++) {
        tdb.delete(key(i));
      }
    }
    return path;
  }

  static byte[] key(int i) {
    return switch (i) {
      case 0 -> new byte[0];
      case 1 -> new byte[] {0, -1, '"', '\\', '\n'};
      case 2 -> bytes("0x61");
      default -> bytes("key \"" + i + "\\\0");
    };
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  static void damage(Path file, long offset, int bits) throws IOException {
    try (var f = new java.io.RandomAccessFile(file.toFile(), "rw")) {
      f.seek(offset);
      int old = f.read();
      f.seek(offset);
      f.write(old ^ bits);
    }
  }
}
