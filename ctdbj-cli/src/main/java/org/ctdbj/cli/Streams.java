// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.ctdbj.tdb.os.Terminal;

/**
 * What a command reads from and writes to. What is a question (a supplier) is asked only by
 * commands that need the answer.
 *
 * @param in standard input
 * @param inSize bytes there are to read from {@code in}; 0 if that is not known
 * @param out standard output, as bytes: a failed write must be noticed, which {@code System.out}
 *     does not do
 * @param outTerminal whether {@code out} is a terminal
 * @param err messages
 * @param errTerminal whether {@code err} is a terminal, where progress may be shown
 */
public record Streams(
    InputStream in,
    LongSupplier inSize,
    OutputStream out,
    BooleanSupplier outTerminal,
    PrintWriter err,
    BooleanSupplier errTerminal) {
  private static final int BUFFER = 64 * 1024;

  /** Those of this process. */
  public static Streams standard() {
    @SuppressWarnings("resource") // never closed, as the process's standard input
    var in = new FileInputStream(FileDescriptor.in);
    return new Streams(
        new BufferedInputStream(in, BUFFER),
        () -> sizeOf(in),
        new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER),
        Terminal::isStandardOutput,
        new PrintWriter(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
        Terminal::isStandardError);
  }

  /** Streams of which only the bytes are known. */
  public static Streams of(InputStream in, OutputStream out, PrintWriter err) {
    return new Streams(in, () -> 0, out, () -> false, err, () -> false);
  }

  /** 0 for pipes and terminals, which have no position. */
  private static long sizeOf(FileInputStream in) {
    try {
      var channel = in.getChannel();
      return Math.max(0, channel.size() - channel.position());
    } catch (IOException e) {
      return 0;
    }
  }
}
