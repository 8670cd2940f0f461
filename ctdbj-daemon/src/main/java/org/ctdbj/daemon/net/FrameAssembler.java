// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import io.netty.buffer.ByteBuf;
import org.ctdbj.protocol.Bytes;

/**
 * Cuts a byte stream into frames by the length that each begins with. The length is not believed:
 * memory for a frame grows with the bytes that have arrived, at most to twice their number.
 */
final class FrameAssembler {
  /** Bytes of the length field. */
  static final int PREFIX = 4;

  /** The longest frame that fits into an array. */
  static final int MAX_LENGTH = Integer.MAX_VALUE - 16;

  private static final int FIRST_ALLOCATION = 16 * 1024;

  /** Gets the frames of a stream. */
  interface Sink {
    /**
     * A frame begins.
     *
     * @param length as sent, unsigned; may be anything
     * @return false if the stream is not to be read any further
     */
    boolean begins(long length);

    /** A whole frame, length field included; returns false to stop reading. */
    boolean frame(Bytes frame);
  }

  private final Sink sink;
  private byte[] partial = new byte[PREFIX];
  private int filled;
  private int length; // 0: the length field is not complete
  private boolean stopped;

  FrameAssembler(Sink sink) {
    this.sink = sink;
  }

  /** Takes all readable bytes; after the sink has stopped the stream they are ignored. */
  void accept(ByteBuf input) {
    while (!stopped && input.isReadable()) {
      if (length == 0) {
        int count = Math.min(PREFIX - filled, input.readableBytes());
        input.readBytes(partial, filled, count);
        filled += count;
        if (filled == PREFIX) {
          begin(input.readableBytes());
        }
      } else {
        fill(input);
      }
      if (length > 0 && filled == length) {
        Bytes frame = Bytes.of(partial, 0, length);
        partial = new byte[PREFIX];
        filled = 0;
        length = 0;
        stopped = !sink.frame(frame);
      }
    }
    if (stopped) {
      partial = new byte[PREFIX];
      input.skipBytes(input.readableBytes());
    }
  }

  private void begin(int available) {
    long announced = Integer.toUnsignedLong(Bytes.of(partial).getInt(0));
    if (!sink.begins(announced) || announced < PREFIX || announced > MAX_LENGTH) {
      stopped = true;
      return;
    }
    length = (int) announced;
    grow((int) Math.min(length, Math.max(FIRST_ALLOCATION, (long) PREFIX + available)));
  }

  private void fill(ByteBuf input) {
    if (filled == partial.length) {
      grow((int) Math.min(length, 2L * filled));
    }
    int count = Math.min(partial.length - filled, input.readableBytes());
    input.readBytes(partial, filled, count);
    filled += count;
  }

  private void grow(int size) {
    byte[] larger = new byte[size];
    System.arraycopy(partial, 0, larger, 0, filled);
    partial = larger;
  }
}
