// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;

/**
 * What a command reads from and writes to.
 *
 * @param in standard input
 * @param out standard output, as bytes: a failed write must be noticed, which {@code System.out}
 *     does not do
 * @param err messages
 * @param terminal whether {@code err} is a terminal, where progress may be shown; asked only by
 *     commands that could
 */
public record Streams(InputStream in, OutputStream out, PrintWriter err, BooleanSupplier terminal) {
  private static final int BUFFER = 64 * 1024;

  /** Those of this process. */
  public static Streams standard() {
    return new Streams(
        new BufferedInputStream(new FileInputStream(FileDescriptor.in), BUFFER),
        new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER),
        new PrintWriter(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
        org.ctdbj.tdb.os.Terminal::isStandardError);
  }
}
