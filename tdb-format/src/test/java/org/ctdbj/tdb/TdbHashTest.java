// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hashes as libtdb stored them in real files. */
class TdbHashTest {
  @ParameterizedTest
  @CsvSource({
    "'', 00003039, deadbeef",
    "61, 094a72e9, 58d68708",
    "00, 1d26bc5e, 8ba9414b",
    "ff, a1aed8f3, 2c43362b",
    "6162, e3b19dce, fbb3a8df",
    "616263, c225adf3, 0e397631",
    "74657374, c33a3429, be0c1952",
    "68656c6c6f, e7255f4a, 34cbbc6e",
    "6162636465666768, 4381eb30, 2995c3be",
    "3031323334353637383961, a781303a, 505572af",
    "303132333435363738396162, b9aa375f, 1065e50a",
    "30313233343536373839616263, dc06d384, 7351ce56",
    "000000000000000000000000000000000000000000000000, bb9d53b1, 3bc1a626",
  })
  void vectors(String key, String old, String jenkins) {
    check(java.util.HexFormat.of().parseHex(key), old, jenkins);
  }

  @ParameterizedTest
  @CsvSource({
    "The quick brown fox jumps over the lazy dog, 3918bdaf, 64a2cd46",
    "locking.tdb|, 42fe72c5, 7a19d84d",
    "secrets.tdb|, b775fff6, 7132c184",
    "g_lock.tdb|, 2607456f, 4d2a432b",
    "smbXsrv_open_global.tdb|, be02b232, 66f71b8c",
    "__db_sequence_number__|, 7ada95b3, d64d294d",
  })
  void names(String name, String old, String jenkins) {
    check(name.replace('|', '\0').getBytes(StandardCharsets.ISO_8859_1), old, jenkins);
  }

  @Test
  void longKeys() {
    var ff = new byte[25];
    Arrays.fill(ff, (byte) 0xff);
    check(ff, "6dc3dfd6", "4097f0c7");
    var all = new byte[256];
    for (int i = 0; i < 256; i++) {
      all[i] = (byte) i;
    }
    check(all, "59e581bb", "e20e0833");
  }

  @Test
  void rangesAreChecked() {
    assertThrows(IndexOutOfBoundsException.class, () -> TdbHash.jenkins(new byte[4], 1, 4));
    assertThrows(IndexOutOfBoundsException.class, () -> TdbHash.old(new byte[4], -1, 2));
  }

  private static void check(byte[] key, String old, String jenkins) {
    var framed = new byte[key.length + 5];
    Arrays.fill(framed, (byte) 0xAA);
    System.arraycopy(key, 0, framed, 3, key.length);
    assertEquals(old, "%08x".formatted(TdbHash.old(framed, 3, key.length)));
    assertEquals(jenkins, "%08x".formatted(TdbHash.jenkins(framed, 3, key.length)));
  }
}
