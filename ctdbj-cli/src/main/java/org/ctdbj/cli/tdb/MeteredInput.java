// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Tells how much of an input of known size has been read. */
final class MeteredInput extends FilterInputStream {
  private static final int TOLD_EVERY = 64 * 1024;

  private final long size;
  private final Progress progress;
  private long read;
  private long told;

  /**
   * Meters {@code in}.
   *
   * @param size bytes there are to read; 0 if that is not known: nothing is told then
   */
  MeteredInput(InputStream in, long size, Progress progress) {
    super(in);
    this.size = size;
    this.progress = progress;
  }

  @Override
  public int read() throws IOException {
    int b = in.read();
    count(b < 0 ? 0 : 1);
    return b;
  }

  @Override
  public int read(byte[] to, int at, int length) throws IOException {
    int count = in.read(to, at, length);
    count(Math.max(0, count));
    return count;
  }

  private void count(int bytes) {
    read += bytes;
    if (size > 0 && read - told >= TOLD_EVERY) {
      told = read;
      progress.done(read, size);
    }
  }
}
