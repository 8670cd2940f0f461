// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Keys and values on the command line. Text stands for its bytes in UTF-8; {@code \XX} is the byte
 * with that number, two hex digits of either case; {@code \\} is a backslash; a text that begins
 * with {@code 0x} is hex as a whole. What {@link #write} gives is read back to the same bytes, and
 * is what a dump has between its quotes, but for a {@code 0x} at the beginning.
 */
final class Notation implements ITypeConverter<Bytes> {
  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  @Override
  public Bytes convert(String text) {
    return new Bytes(read(text));
  }

  static byte[] read(String text) {
    if (text.indexOf('\uFFFD') >= 0) {
      // What Java makes of bytes it cannot decode: which ones they were is not known any more.
      throw new TypeConversionException(
          "'"
              + text
              + "': expected UTF-8, found other bytes (write them as \\XX), or characters that the"
              + " locale does not have");
    }
    if (text.startsWith("0x")) {
      return readHex(text);
    }
    var bytes = new ByteArrayOutputStream(text.length());
    int at = 0;
    while (at < text.length()) {
      int backslash = text.indexOf('\\', at);
      int end = backslash < 0 ? text.length() : backslash;
      bytes.writeBytes(text.substring(at, end).getBytes(StandardCharsets.UTF_8));
      at = end;
      if (backslash >= 0) {
        at = readEscape(text, backslash, bytes);
      }
    }
    return bytes.toByteArray();
  }

  /** Where the text goes on. */
  private static int readEscape(String text, int backslash, ByteArrayOutputStream bytes) {
    if (text.startsWith("\\\\", backslash)) {
      bytes.write('\\');
      return backslash + 2;
    }
    if (backslash + 3 <= text.length()
        && HexFormat.isHexDigit(text.charAt(backslash + 1))
        && HexFormat.isHexDigit(text.charAt(backslash + 2))) {
      bytes.write(HexFormat.fromHexDigits(text, backslash + 1, backslash + 3));
      return backslash + 3;
    }
    throw new TypeConversionException(
        "'"
            + text
            + "': expected two hex digits or a backslash after the backslash at character "
            + (backslash + 1)
            + ", found '"
            + text.substring(backslash + 1, Math.min(text.length(), backslash + 3))
            + "'");
  }

  private static byte[] readHex(String text) {
    for (int i = 2; i < text.length(); i++) {
      if (!HexFormat.isHexDigit(text.charAt(i))) {
        throw new TypeConversionException(
            "'"
                + text
                + "': expected hex digits after 0x, found '"
                + text.charAt(i)
                + "' (a text that begins with 0x is written \\30x...)");
      }
    }
    if (text.length() % 2 != 0) {
      throw new TypeConversionException(
          "'" + text + "': expected an even number of hex digits, found " + (text.length() - 2));
    }
    return HEX.parseHex(text, 2, text.length());
  }

  static String write(byte[] bytes) {
    var text = new StringBuilder(bytes.length + 16);
    boolean looksLikeHex = bytes.length >= 2 && bytes[0] == '0' && bytes[1] == 'x';
    for (int i = 0; i < bytes.length; i++) {
      byte b = bytes[i];
      boolean plain = b >= 0x20 && b < 0x7F && b != '"' && b != '\\';
      if (plain && !(looksLikeHex && i == 0)) {
        text.append((char) b);
      } else {
        HEX.toHexDigits(text.append('\\'), b);
      }
    }
    return text.toString();
  }

  /** {@code 0x} and two digits per byte. */
  static String writeHex(byte[] bytes) {
    return "0x" + HEX.formatHex(bytes);
  }
}
