// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongConsumer;
import org.ctdbj.protocol.Bytes;

/**
 * Frames on their way into one socket. They wait on the heap, in the arrays they were made in; only
 * a small piece at a time is copied to a direct buffer and given to the channel. Small frames of
 * one wake-up leave in one system call. Node thread.
 */
final class Outbox {
  /** Size of a piece. */
  private static final int CHUNK_BYTES = 128 * 1024;

  /** What a waiting frame costs besides its bytes, about. */
  private static final int FRAME_OVERHEAD_BYTES = 64;

  private final NodeLoop loop;
  private final Channel channel;
  private final MemoryBudget.Account account;
  private final Deque<Bytes> frames = new ArrayDeque<>();
  private int headWritten;
  private long waitingBytes;
  private int inChannel;
  private boolean flushPending;

  /**
   * Nothing waits yet.
   *
   * @param tooMuch told how many bytes waited when the memory for all of them was used up and this
   *     reader was the slowest; they have been forgotten, so it has to close the connection, but
   *     not inside the call
   */
  Outbox(NodeLoop loop, Channel channel, LongConsumer tooMuch) {
    this.loop = loop;
    this.channel = channel;
    this.account =
        loop.memory()
        .new Account(
            () -> {
              long bytes = waitingBytes;
              forget();
              tooMuch.accept(bytes);
            });
  }

  /** Queues a frame. */
  void add(Bytes frame) {
    if (!channel.isOpen()) {
      return;
    }
    frames.add(frame);
    waitingBytes += frame.length();
    if (!flushPending) {
      flushPending = true;
      loop.flushLater(this);
    }
    account.take(frame.length() + FRAME_OVERHEAD_BYTES);
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
    account.empty();
    forget();
  }

  private void forget() {
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
        account.giveBack(frame.length() + FRAME_OVERHEAD_BYTES);
        headWritten = 0;
        finished++;
      }
    }
    int packets = finished;
    inChannel += packets;
    channel.write(chunk).addListener(done -> inChannel -= packets);
  }
}
