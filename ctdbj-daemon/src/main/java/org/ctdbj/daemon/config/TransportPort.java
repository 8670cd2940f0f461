// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The TCP port of the links between nodes. */
public final class TransportPort {
  /** Port number registered for ctdb. */
  public static final int DEFAULT = 4379;

  private static final Pattern SERVICE = Pattern.compile("^ctdb\\s+(\\d{1,5})/tcp(\\s.*)?$");

  private TransportPort() {}

  /** The port that the services database of this host gives. */
  public static int ofThisHost() {
    return from(Path.of("/etc/services"));
  }

  /**
   * The port of service {@code ctdb}, protocol tcp, in a services file; {@link #DEFAULT} if there
   * is none.
   */
  public static int from(Path servicesFile) {
    try {
      for (String line : Files.readAllLines(servicesFile, StandardCharsets.ISO_8859_1)) {
        Matcher service = SERVICE.matcher(line.strip());
        if (service.matches()) {
          int port = Integer.parseInt(service.group(1));
          return port > 0 && port <= 0xFFFF ? port : DEFAULT;
        }
      }
      return DEFAULT;
    } catch (IOException noServicesFile) {
      return DEFAULT;
    }
  }
}
