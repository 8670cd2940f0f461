// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.config;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The list of the cluster's nodes: one numeric address a line. A node's number (pnn) is the index
 * of its line among the lines that are not blank, from 0. A line that begins with {@code #} is a
 * <em>deleted</em> node, not a comment: it keeps its number.
 *
 * @param nodes in the order of their numbers
 * @param remarks for the log
 */
public record NodesFile(List<Entry> nodes, List<Remark> remarks) {
  /** What a deleted node has for an address. */
  public static final InetAddress NO_ADDRESS = InetAddress.ofLiteral("0.0.0.0");

  /**
   * One node.
   *
   * @param pnn its number
   * @param address {@link #NO_ADDRESS} if deleted
   * @param deleted whether its line begins with {@code #}
   */
  public record Entry(int pnn, InetAddress address, boolean deleted) {}

  /** Reads the file; a missing or empty one is an error, as is a line that is no address. */
  public static NodesFile read(Path file) throws ConfigurationException {
    List<String> lines;
    try {
      lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new ConfigurationException(
          "the nodes file "
              + file
              + " cannot be read (it lists one address of a node per line): "
              + e,
          e);
    }
    return parse(file, lines);
  }

  static NodesFile parse(Path file, List<String> lines) throws ConfigurationException {
    List<Entry> nodes = new ArrayList<>();
    List<Remark> remarks = new ArrayList<>();
    Map<InetAddress, Integer> seen = new HashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty()) {
        continue;
      }
      int pnn = nodes.size();
      if (line.startsWith("#")) {
        if (NumericAddress.parse(line.substring(1).strip()).isEmpty()) {
          remarks.add(
              Remark.warning(
                  file,
                  i + 1,
                  "this is no comment: a line that begins with # is deleted node "
                      + pnn
                      + ": "
                      + line));
        }
        nodes.add(new Entry(pnn, NO_ADDRESS, true));
        continue;
      }
      Optional<InetAddress> address = NumericAddress.parse(line);
      if (address.isEmpty()) {
        throw new ConfigurationException(
            file
                + ":"
                + (i + 1)
                + ": expected a numeric IPv4 or IPv6 address, found \""
                + line
                + "\"");
      }
      Integer earlier = seen.putIfAbsent(address.get(), pnn);
      if (earlier != null) {
        throw new ConfigurationException(
            "%s:%d: %s is the address of node %d already; a node is recognised by its address alone"
                .formatted(file, i + 1, line, earlier));
      }
      nodes.add(new Entry(pnn, address.get(), false));
    }
    if (seen.isEmpty()) {
      throw new ConfigurationException("the nodes file " + file + " names no node");
    }
    return new NodesFile(List.copyOf(nodes), List.copyOf(remarks));
  }

  /** The node with an address; deleted ones are never found. */
  public Optional<Entry> byAddress(InetAddress address) {
    return nodes.stream()
        .filter(node -> !node.deleted() && node.address().equals(address))
        .findFirst();
  }
}
