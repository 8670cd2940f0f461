// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.config;

import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Pattern;

/** Addresses written as numbers; no name is ever looked up. */
public final class NumericAddress {
  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

  private NumericAddress() {}

  /** The address, or nothing if the text is not exactly a dotted quad or an IPv6 address. */
  public static Optional<InetAddress> parse(String text) {
    if (!IPV4.matcher(text).matches() && text.indexOf(':') < 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.ofLiteral(text));
    } catch (IllegalArgumentException notAnAddress) {
      return Optional.empty();
    }
  }
}
