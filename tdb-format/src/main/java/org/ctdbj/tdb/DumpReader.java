// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * Reads the text form of a database that {@code tdbdump} and {@link DumpFormat} write, record by
 * record. Bytes between the quotes may also stand unescaped, as {@code tdbrestore} allows.
 *
 * <p>Memory for one record is all that is held; a length in the text is not believed before that
 * many bytes have come.
 */
public final class DumpReader {
  private final InputStream in;
  private final String name;
  private long line = 1;
  private long count;

  /**
   * Reads from where {@code in} stands; the caller closes it.
   *
   * @param in better buffered: it is read byte by byte
   * @param name what messages call the input
   */
  public DumpReader(InputStream in, String name) {
    this.in = in;
    this.name = name;
  }

  /** A key and its value. The arrays belong to the caller. */
  @SuppressWarnings("ArrayRecordComponent") // carried, not compared
  public record Entry(byte[] key, byte[] value) {}

  /**
   * The next record, null at the end of the input.
   *
   * @throws DumpSyntaxException if the input is no dump, or ends inside a record
   * @throws IOException if the input fails
   */
  public Entry next() throws IOException {
    int first = in.read();
    if (first < 0) {
      return null;
    }
    if (first != '{') {
      throw wrong("a record that begins with '{'", first);
    }
    expect("\n");
    byte[] key = field("key");
    byte[] value = field("data");
    expect("}\n");
    count++;
    return new Entry(key, value);
  }

  /** Records read so far. */
  public long count() {
    return count;
  }

  private byte[] field(String label) throws IOException {
    expect(label + "(");
    int length = length(label);
    expect(" = \"");
    var bytes = new ByteArrayOutputStream(Math.min(length, 4096));
    long startLine = line;
    for (int i = 0; i < length; i++) {
      int b = read();
      if (b == '"') {
        throw new DumpSyntaxException(
            name, startLine, length + " bytes of " + label + " as announced", "only " + i);
      }
      bytes.write(b == '\\' ? escaped() : b);
    }
    int b = read();
    if (b != '"') {
      throw new DumpSyntaxException(
          name,
          startLine,
          "a quote after the " + length + " bytes of " + label + " that are announced",
          "more bytes");
    }
    expect("\n");
    return bytes.toByteArray();
  }

  /** A decimal number and the parenthesis after it. */
  private int length(String label) throws IOException {
    long value = 0;
    int digits = 0;
    while (true) {
      int b = read();
      if (b == ')' && digits > 0) {
        return (int) value;
      }
      if (b < '0' || b > '9') {
        throw wrong("the number of bytes of " + label + " and ')'", b);
      }
      value = value * 10 + (b - '0');
      digits++;
      if (value > Integer.MAX_VALUE - 8) {
        throw new DumpSyntaxException(
            name, line, "a length of at most " + (Integer.MAX_VALUE - 8), value + " or more");
      }
    }
  }

  private int escaped() throws IOException {
    int high = hexDigit();
    return high << 4 | hexDigit();
  }

  private int hexDigit() throws IOException {
    int b = read();
    int digit = Character.digit(b, 16);
    if (digit < 0 || b > 'f') {
      throw wrong("two hex digits after a backslash", b);
    }
    return digit;
  }

  private void expect(String text) throws IOException {
    for (byte wanted : text.getBytes(StandardCharsets.US_ASCII)) {
      long at = line;
      int b = read();
      if (b != wanted) {
        line = at;
        throw wrong("'" + text.replace("\n", "\\n") + "'", b);
      }
    }
  }

  private int read() throws IOException {
    int b = in.read();
    if (b < 0) {
      throw new DumpSyntaxException(name, line, "the rest of a record", "the end of the input");
    }
    if (b == '\n') {
      line++;
    }
    return b;
  }

  private DumpSyntaxException wrong(String expected, int found) {
    String shown =
        found >= 0x20 && found < 0x7F
            ? "'" + (char) found + "'"
            : String.format("byte 0x%02X", found);
    return new DumpSyntaxException(name, line, expected, shown);
  }
}
