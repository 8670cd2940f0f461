// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.ArrayDeque;
import java.util.Deque;
import org.ctdbj.protocol.Bytes;

/**
 * Frames on their way into one socket. They wait on the heap, in the arrays they were made in; only
 * a small piece at a time is copied to a direct buffer and given to the channel. Small frames of
 * one wake-up leave in one system call. Node thread.
 */
final class Outbox {
  /** Size of a piece. */
  private static final int CHUNK_BYTES = 128 * 1024;

  private static final long LEAST_LIMIT_BYTES = 64L << 20;

  private final NodeLoop loop;
  private final Channel channel;
  private final Deque<Bytes> frames = new ArrayDeque<>();
  private int headWritten;
  private long waitingBytes;
  private int inChannel;
  private boolean flushPending;

  Outbox(NodeLoop loop, Channel channel) {
    this.loop = loop;
    this.channel = channel;
  }

  /** Bytes that may wait for one reader: a quarter of the heap, but not less than 64 MiB. */
  static long limitBytes() {
    return Math.max(LEAST_LIMIT_BYTES, Runtime.getRuntime().maxMemory() / 4);
  }

  /**
   * Queues a frame; false if it was dropped because the backlog is over the limit. A single frame
   * always fits.
   */
  boolean add(Bytes frame) {
    if (!channel.isOpen()) {
      return true;
    }
    if (waitingBytes > 0 && waitingBytes + frame.length() > limitBytes()) {
      return false;
    }
    frames.add(frame);
    waitingBytes += frame.length();
    if (!flushPending) {
      flushPending = true;
      loop.flushLater(this);
    }
    return true;
  }

  /** Frames that have not been taken by the kernel. */
  int packets() {
    return frames.size() + inChannel;
  }

  /** Gives the channel as much as it takes. Also to be called when it becomes writable again. */
  void flush() {
    flushPending = false;
    while (!frames.isEmpty() && channel.isWritable()) {
      writeChunk();
      channel.flush();
    }
  }

  /** Forgets what has not been written. */
  void discard() {
    frames.clear();
    waitingBytes = 0;
    headWritten = 0;
  }

  private void writeChunk() {
    ByteBuf chunk = channel.alloc().directBuffer((int) Math.min(waitingBytes, CHUNK_BYTES));
    int finished = 0;
    while (!frames.isEmpty() && chunk.readableBytes() < CHUNK_BYTES) {
      Bytes frame = frames.peek();
      int count = Math.min(frame.length() - headWritten, CHUNK_BYTES - chunk.readableBytes());
      chunk.writeBytes(frame.array(), frame.arrayOffset() + headWritten, count);
      headWritten += count;
      waitingBytes -= count;
      if (headWritten == frame.length()) {
        frames.remove();
        headWritten = 0;
        finished++;
      }
    }
    int packets = finished;
    inChannel += packets;
    channel.write(chunk).addListener(done -> inChannel -= packets);
  }
}
