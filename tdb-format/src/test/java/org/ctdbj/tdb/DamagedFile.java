// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Makes small TDB files with everything in them, and damages copies of them. */
final class DamagedFile {
  static final int HASH_SIZE = 5;
  private static final int NONE = 0;
  private static final int RECORDS = 24;

  private DamagedFile() {}

  /** A sound file. */
  static final class Sound {
    final int flags;
    final List<byte[]> keys = new ArrayList<>();
    final List<Integer> records = new ArrayList<>();
    private final List<List<Integer>> words = new ArrayList<>();
    private final byte[] content;
    private final int base;
    private final ByteOrder order;
    private final int recovery;

    private Sound(int flags, byte[] content, int base) {
      this.flags = flags;
      this.content = content;
      this.base = base;
      boolean swapped = TdbFlag.CONVERT.in(flags);
      boolean big = (ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN) != swapped;
      this.order = big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
      this.recovery = word(TdbLayout.OFF_RECOVERY_START);
      chart();
    }

    /** Where in the file the header stands whose offsets count from itself. */
    int base() {
      return base;
    }

    boolean hasMutexes() {
      return base > 0;
    }

    private int word(long logical) {
      return ByteBuffer.wrap(content).order(order).getInt(base + (int) logical);
    }

    /** Lists the places where the file's structure stands, by kind. */
    private void chart() {
      var header = new ArrayList<Integer>();
      var heads = new ArrayList<Integer>();
      var headers = new ArrayList<Integer>();
      var tailers = new ArrayList<Integer>();
      var keyBytes = new ArrayList<Integer>();
      var area = new ArrayList<Integer>();
      for (int i = 0; i < TdbLayout.HEADER_SIZE; i += 4) {
        header.add(base + i);
        if (base > 0) {
          header.add(i);
        }
      }
      int start = (int) TdbLayout.dataStart(HASH_SIZE);
      for (int i = (int) TdbLayout.FREELIST_TOP; i < start; i += 4) {
        heads.add(base + i);
      }
      int length;
      for (int at = start; base + at < content.length; at += length) {
        length = TdbLayout.RECORD_HEADER + word(at + 4);
        if (at == recovery) {
          for (int i = 0; i < 24 + 48; i += 4) {
            area.add(base + at + i);
          }
          continue;
        }
        records.add(at);
        for (int i = 0; i < TdbLayout.RECORD_HEADER; i += 4) {
          headers.add(base + at + i);
        }
        tailers.add(base + at + length - 4);
        keyBytes.add(base + at + TdbLayout.RECORD_HEADER);
      }
      words.addAll(List.of(header, heads, headers, headers, headers, tailers, keyBytes));
      if (!area.isEmpty()) {
        words.add(area);
        words.add(area);
      }
    }

    /** The file's bytes with 1 to 3 faults. */
    byte[] damaged(Random random) {
      byte[] bytes = content.clone();
      int faults = random.nextInt(10) < 7 ? 1 : 2 + random.nextInt(2);
      for (int i = 0; i < faults; i++) {
        bytes = damage(bytes, random);
      }
      return bytes;
    }

    private byte[] damage(byte[] bytes, Random random) {
      int place = place(random);
      int kind = random.nextInt(20);
      if (kind == 0) {
        int length =
            random.nextBoolean() ? place + random.nextInt(9) : random.nextInt(bytes.length + 1);
        return Arrays.copyOf(bytes, Math.min(length, bytes.length));
      }
      if (kind == 1) {
        byte[] longer = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(200));
        byte fill = (byte) (random.nextBoolean() ? 0x42 : random.nextInt(2));
        Arrays.fill(longer, bytes.length, longer.length, fill);
        return longer;
      }
      if (kind == 2 && bytes.length > 0) {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        return bytes;
      }
      if (kind < 7) {
        // A list that leads somewhere else: crossed, in a circle, or to the middle of a record.
        int pointer = random.nextInt(4) == 0 ? head(random) : base + record(random);
        put(bytes, pointer, record(random) + (random.nextInt(8) == 0 ? 4 : 0));
      } else if (kind < 11) {
        if (place < bytes.length) {
          bytes[place + random.nextInt(Math.min(4, bytes.length - place))] ^=
              (byte) (1 << random.nextInt(8));
        }
      } else {
        put(bytes, place, value(bytes, place, random));
      }
      return bytes;
    }

    private int place(Random random) {
      var kind = words.get(random.nextInt(words.size()));
      return kind.get(random.nextInt(kind.size()));
    }

    private int head(Random random) {
      return base + (int) TdbLayout.FREELIST_TOP + 4 * random.nextInt(HASH_SIZE + 1);
    }

    private int record(Random random) {
      return records.get(random.nextInt(records.size()));
    }

    private int value(byte[] bytes, int place, Random random) {
      int old = place + 4 <= bytes.length ? ByteBuffer.wrap(bytes).order(order).getInt(place) : 0;
      return switch (random.nextInt(16)) {
        case 0 -> random.nextInt();
        case 1 -> 0;
        case 2 -> -1;
        case 3 -> -4 - 4 * random.nextInt(8);
        case 4 -> random.nextInt(64);
        case 5 -> old + 4;
        case 6 -> old - 4;
        case 7 -> content.length - base - 4 * random.nextInt(8);
        case 8 -> TdbLayout.MAGIC_LIVE;
        case 9 -> TdbLayout.MAGIC_DEAD;
        case 10 -> TdbLayout.MAGIC_FREE;
        case 11 -> random.nextBoolean() ? TdbLayout.MAGIC_RECOVERY : TdbLayout.FILL;
        case 12 -> recovery;
        case 13 -> Integer.MAX_VALUE - random.nextInt(32);
        case 14 -> 4 * random.nextInt(content.length / 4);
        default -> record(random);
      };
    }

    private void put(byte[] bytes, int at, int value) {
      if (at + 4 <= bytes.length) {
        ByteBuffer.wrap(bytes).order(order).putInt(at, value);
      }
    }

    /** This file, which its recovery area ends, without what that has to spare. */
    private Sound withSmallArea() {
      int used = word(recovery + 12);
      int length = (used + 3) & ~3;
      int end = base + recovery + TdbLayout.RECORD_HEADER + length;
      byte[] bytes = Arrays.copyOf(content, end);
      put(bytes, base + recovery + 4, length);
      put(bytes, base + recovery + 8, end - base);
      return new Sound(flags, bytes, base);
    }

    /** This file as a crash in its last commit leaves it. */
    private Sound interrupted() {
      byte[] bytes = content.clone();
      put(bytes, base + recovery + TdbLayout.OFF_RECORD_MAGIC, TdbLayout.MAGIC_RECOVERY);
      var sound = new Sound(flags, bytes, base);
      sound.keys.addAll(keys);
      return sound;
    }
  }

  /** Files of both hashes, both byte orders, with and without mutexes and a recovery area. */
  static List<Sound> sound(Path dir, long seed) throws IOException {
    var all = new ArrayList<Sound>();
    int jenkins = TdbFlag.INCOMPATIBLE_HASH.bit();
    int convert = TdbFlag.CONVERT.bit();
    for (int flags : new int[] {NONE, jenkins, convert, convert | jenkins}) {
      all.add(make(dir, flags, false, seed));
      var withArea = make(dir, flags, true, seed + 1);
      all.add(withArea);
      if (flags == NONE || flags == (convert | jenkins)) {
        all.add(withArea.interrupted());
      }
    }
    if (org.ctdbj.tdb.lock.MutexArea.isSupported()) {
      all.add(make(dir, TdbFlag.MUTEX_LOCKING.bit(), false, seed));
      all.add(make(dir, TdbFlag.MUTEX_LOCKING.bit(), true, seed));
    }
    return all;
  }

  private static Sound make(Path dir, int flags, boolean transaction, long seed)
      throws IOException {
    var random = new Random(seed);
    Path path = dir.resolve("sound.tdb");
    var keys = new ArrayList<byte[]>();
    var options =
        TdbOptions.ofBits(flags | TdbFlag.VOLATILE.bit() | TdbFlag.NOSYNC.bit())
            .withHashSize(HASH_SIZE)
            .withCreate(true);
    long base;
    try (var tdb = Tdb.open(path, options)) {
      for (int i = 0; i < RECORDS; i++) {
        var key = new byte[1 + random.nextInt(20)];
        random.nextBytes(key);
        keys.add(key);
        tdb.store(key, new byte[random.nextInt(60)]);
      }
      for (int i = 0; i < RECORDS / 2; i++) {
        tdb.delete(keys.get(random.nextInt(RECORDS)));
      }
      tdb.setMaxDead(2);
      tdb.delete(keys.get(RECORDS - 1));
      if (transaction) {
        tdb.transactionStart();
        tdb.store(keys.get(0), new byte[100]);
        tdb.store(keys.get(1), new byte[7]);
        tdb.transactionCommit();
        // The second commit finds the area there: rolling it back leaves nothing behind the end.
        tdb.transactionStart();
        tdb.store(keys.get(2), new byte[9]);
        tdb.transactionCommit();
      }
      base = tdb.info().mutexAreaSize();
    }
    byte[] content = Files.readAllBytes(path);
    var sound = new Sound(flags, content, (int) base);
    if (transaction) {
      sound = sound.withSmallArea();
    }
    sound.keys.addAll(keys);
    Files.delete(path);
    return sound;
  }
}
