// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import io.netty.buffer.ByteBuf;
import org.ctdbj.protocol.Bytes;

/**
 * Cuts a byte stream into frames by the length that each begins with. The length is not believed:
 * memory for a frame grows with the bytes that have arrived, at most to twice their number, and
 * what is more than a little is taken from the {@link MemoryBudget}.
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

    /**
     * The memory for unfinished frames is used up and this connection holds most of it. What had
     * arrived has been forgotten, so the connection has to be closed, but not inside the call.
     *
     * @param length announced length of the frame
     */
    void tooLarge(int length);
  }

  private final Sink sink;
  private final MemoryBudget.Account account;
  private byte[] partial = new byte[PREFIX];
  private int filled;
  private int length; // 0: the length field is not complete
  private boolean stopped;

  FrameAssembler(Sink sink, MemoryBudget memory) {
    this.sink = sink;
    this.account =
        memory
        .new Account(
            () -> {
              stopped = true;
              partial = new byte[PREFIX];
              sink.tooLarge(length);
            });
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
        account.empty();
        partial = new byte[PREFIX];
        filled = 0;
        length = 0;
        stopped = !sink.frame(frame);
      }
    }
    if (stopped) {
      release();
      input.skipBytes(input.readableBytes());
    }
  }

  /** The connection has ended: forgets an unfinished frame. */
  void release() {
    stopped = true;
    account.empty();
    partial = new byte[PREFIX];
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
      if (stopped) {
        return;
      }
    }
    int count = Math.min(partial.length - filled, input.readableBytes());
    input.readBytes(partial, filled, count);
    filled += count;
  }

  private void grow(int size) {
    // While it is copied the frame is there twice.
    if (size > FIRST_ALLOCATION && !account.take(size)) {
      return;
    }
    byte[] larger = new byte[size];
    System.arraycopy(partial, 0, larger, 0, filled);
    if (partial.length > FIRST_ALLOCATION) {
      account.giveBack(partial.length);
    }
    partial = larger;
  }
}
