// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The text form of a database that {@code tdbdump} writes, to the byte. */
public final class DumpFormat {
  private static final byte[] HEX = "0123456789ABCDEF".getBytes(StandardCharsets.ISO_8859_1);

  private DumpFormat() {}

  /**
   * Writes all live records in file order of the chains.
   *
   * @return how many
   * @throws IOException if {@code out} fails
   */
  public static long dump(Tdb tdb, java.io.OutputStream out) throws IOException {
    try {
      return tdb.traverseRead(
          (key, value) -> {
            try {
              write(key, value, out);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
            return true;
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Writes one record. */
  public static void write(byte[] key, byte[] value, java.io.OutputStream out) throws IOException {
    out.write(("{\nkey(" + key.length + ") = \"").getBytes(StandardCharsets.ISO_8859_1));
    escape(key, out);
    out.write(("\"\ndata(" + value.length + ") = \"").getBytes(StandardCharsets.ISO_8859_1));
    escape(value, out);
    out.write("\"\n}\n".getBytes(StandardCharsets.ISO_8859_1));
  }

  /**
   * Writes bytes as between the quotes of a dump: what is no printable ASCII, a quote or a
   * backslash as {@code \XX}.
   */
  public static void escape(byte[] bytes, java.io.OutputStream out) throws IOException {
    for (byte b : bytes) {
      if (b >= 0x20 && b < 0x7F && b != '"' && b != '\\') {
        out.write(b);
      } else {
        out.write('\\');
        out.write(HEX[b >> 4 & 15]);
        out.write(HEX[b & 15]);
      }
    }
  }
}
