// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.samba;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A running smbclient that is connected to one node and keeps open what it has been told to open.
 */
public final class SmbSession implements AutoCloseable {
  private final Process process;
  private final Writer commands;

  /** Connects to the share through a node; the connection is made in the background. */
  public SmbSession(SambaCluster cluster, SambaNode node) {
    try {
      process =
          new ProcessBuilder(
                  cluster.clientCommand(
                      "smbclient",
                      "//" + node.address() + "/share",
                      "-U",
                      SambaCluster.credentials()))
              .redirectErrorStream(true)
              .redirectOutput(Path.of("/dev/null").toFile())
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    commands = process.outputWriter(StandardCharsets.UTF_8);
  }

  /** Sends a line; what it does shows on the nodes (smbstatus), not here. */
  public void send(String line) {
    try {
      commands.write(line + "\n");
      commands.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("smbclient has ended", e);
    }
  }

  @Override
  public void close() {
    try {
      commands.close();
    } catch (IOException e) {
      // It ended by itself: there is nothing left to tell it.
      process.destroyForcibly();
    }
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
