// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

/**
 * IPv6 addresses as inet_ntop(3) of glibc writes them. smbd compares the text of an address with
 * its own, so other ways to write the same address, as the JDK's, would not do.
 */
final class Ipv6Text {
  private static final int WORDS = 8;

  private Ipv6Text() {}

  static String of(byte[] address) {
    int[] words = new int[WORDS];
    for (int i = 0; i < WORDS; i++) {
      words[i] = (address[2 * i] & 0xFF) << 8 | (address[2 * i + 1] & 0xFF);
    }
    int gapLength = 1; // a single zero word is written out
    int gapStart = -1;
    int run = 0;
    for (int i = 0; i < WORDS; i++) {
      run = words[i] == 0 ? run + 1 : 0;
      if (run > gapLength) {
        gapLength = run;
        gapStart = i + 1 - run;
      }
    }
    // Six zero words in front of something: an IPv4 address in its old IPv6 form.
    boolean dotted = gapStart == 0 && gapLength == 6;
    var text = new StringBuilder();
    for (int i = 0; i < (dotted ? 6 : WORDS); i++) {
      if (i == gapStart) {
        text.append("::");
        i += gapLength - 1;
        continue;
      }
      if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
        text.append(':');
      }
      text.append(Integer.toHexString(words[i]));
    }
    if (dotted) {
      text.append(words[6] >> 8).append('.').append(words[6] & 0xFF).append('.');
      text.append(words[7] >> 8).append('.').append(words[7] & 0xFF);
    }
    return text.toString();
  }
}
