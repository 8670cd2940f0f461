// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What {@link DumpFormat} writes is read back; everything else is refused with its line. */
class DumpReaderTest {
  private static final long SEED = 77L;

  private static DumpReader reader(String text) {
    return new DumpReader(
        new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)), "dump");
  }

  @Test
  void everyByteComesBack() throws IOException {
    var random = new Random(SEED);
    var out = new ByteArrayOutputStream();
    var written = new ArrayList<byte[]>();
    for (int i = 0; i < 200; i++) {
      byte[] key = new byte[random.nextInt(20)];
      byte[] value = new byte[random.nextInt(600)];
      random.nextBytes(key);
      random.nextBytes(value);
      written.add(key);
      written.add(value);
      DumpFormat.write(key, value, out);
    }
    var reader = new DumpReader(new ByteArrayInputStream(out.toByteArray()), "dump");
    for (int i = 0; i < written.size(); i += 2) {
      var entry = reader.next();
      assertArrayEquals(written.get(i), entry.key(), "seed " + SEED + ", record " + i / 2);
      assertArrayEquals(written.get(i + 1), entry.value(), "seed " + SEED + ", record " + i / 2);
    }
    assertNull(reader.next());
    assertEquals(200, reader.count());
  }

  @Test
  void theLineOfAnErrorCountsLineEndsInsideOfValues() throws IOException {
    var reader = reader("{\nkey(1) = \"a\"\ndata(2) = \"\n\n\"\n}\n{\nkey(1) = 'a'\n");
    reader.next();
    var e = assertThrows(DumpSyntaxException.class, reader::next);
    assertEquals(8, e.line());
    assertEquals("dump: line 8: expected ' = \"', found '''", e.getMessage());
  }

  /** An announced length costs nothing until the bytes are there. */
  @Test
  void hugeLengthsAreNotBelieved() {
    for (String length : new String[] {"2147483000", "2147483647", "99999999999999999999999"}) {
      var reader = reader("{\nkey(" + length + ") = \"abc");
      assertThrows(DumpSyntaxException.class, reader::next, length);
    }
  }
}
