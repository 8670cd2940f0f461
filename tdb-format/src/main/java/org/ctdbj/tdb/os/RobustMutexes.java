// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code pthread_mutex_t}s in a mapped file: error-checking, shared between processes, robust (the
 * next one who locks learns that the owner died). They are addressed by their offset in the
 * mapping. Results are error numbers, 0 for success.
 *
 * <p>A mutex belongs to the kernel thread that locked it: only that thread can unlock it, so
 * virtual threads must not use them, and the end of the thread counts as the owner's death. The
 * mapping must not change while one of them is held.
 */
public final class RobustMutexes {
  private static final int ERRORCHECK = 2;
  private static final int PROCESS_SHARED = 1;
  private static final int ROBUST = 1;

  /** More than {@code sizeof(pthread_mutexattr_t)} anywhere. */
  private static final int ATTRIBUTES_SIZE = 64;

  /** {@code sizeof(pthread_mutex_t)} of glibc on x86_64. */
  public static final int SIZE_X86_64 = 40;

  /** {@code sizeof(pthread_mutex_t)} of glibc on aarch64. */
  public static final int SIZE_AARCH64 = 48;

  private static final int SIZE =
      switch (System.getProperty("os.arch")) {
        case "amd64", "x86_64" -> SIZE_X86_64;
        case "aarch64" -> SIZE_AARCH64;
        default -> 0;
      };

  /** Where glibc has the kind of a mutex, on both machines: behind four ints. */
  private static final long KIND_OFFSET = 16;

  private final MemorySegment memory;

  /** The kind of the mutexes that {@link #initialise} makes. */
  private final int kind;

  private final long address;

  /** Offsets from 0 to below this are good; 0 after {@link #close}. */
  private long limit;

  /**
   * Mutexes in that mapping, at whatever offsets.
   *
   * @throws UnsupportedOperationException if {@link #isSupported} is false
   */
  public RobustMutexes(Mapping mapping) {
    this.memory = mapping.segment();
    this.address = memory.address();
    this.limit = memory.byteSize() - size() + 1;
    this.kind = Kind.OURS;
  }

  /** Whether the layout of a mutex is known here: glibc on x86_64 and aarch64. */
  public static boolean isSupported() {
    return SIZE != 0;
  }

  /** {@code sizeof(pthread_mutex_t)} in glibc. */
  public static int size() {
    if (SIZE == 0) {
      throw new UnsupportedOperationException(
          "TDB files with mutexes are not supported on "
              + System.getProperty("os.arch")
              + " (only on x86_64 and aarch64): open the database without mutexes");
    }
    return SIZE;
  }

  private long at(long offset) {
    if (offset < 0 || offset >= limit) {
      throw new IllegalStateException(
          "there is no mutex at offset " + offset + (limit == 0 ? ": closed" : ""));
    }
    return address + offset;
  }

  /** The mapping is about to go: no mutex can be used from now on. */
  public void close() {
    limit = 0;
  }

  /** Known once the first mutex area is used: not all machines have such mutexes. */
  private static final class Kind {
    private static final int OURS = find();

    private static int find() {
      try (var arena = Arena.ofConfined()) {
        var mutex = arena.allocate(SIZE, 8);
        int r = initialiseAt(mutex.address(), 1);
        if (r != 0) {
          throw new IllegalStateException("pthread_mutex_init: " + Errno.describe(r));
        }
        return mutex.get(ValueLayout.JAVA_INT, KIND_OFFSET);
      }
    }
  }

  /**
   * Whether there is one of our mutexes. Also lets a page that the file has lost be found out by an
   * exception, while the C library would come upon it with a signal that ends the JVM.
   */
  private boolean isOurs(long offset) {
    boolean ours = memory.get(ValueLayout.JAVA_INT, offset + KIND_OFFSET) == kind;
    LateFault.deliver();
    return ours;
  }

  /** Makes free mutexes of {@code count} adjacent stretches of memory, whatever they held. */
  public int initialise(long offset, int count) {
    if (count <= 0) {
      return 0;
    }
    long _ = at(offset + (count - 1L) * SIZE);
    return initialiseAt(at(offset), count);
  }

  private static int initialiseAt(long address, int count) {
    try (var arena = Arena.ofConfined()) {
      var attributes = arena.allocate(ATTRIBUTES_SIZE, 8);
      int r = Libc.attributesInit(attributes);
      if (r == 0) {
        r = Libc.attributesSetType(attributes, ERRORCHECK);
      }
      if (r == 0) {
        r = Libc.attributesSetProcessShared(attributes, PROCESS_SHARED);
      }
      if (r == 0) {
        r = Libc.attributesSetRobust(attributes, ROBUST);
      }
      for (int i = 0; i < count && r == 0; i++) {
        r = Libc.mutexInit(address + (long) i * SIZE, attributes);
      }
      return r;
    }
  }

  /**
   * Locks without waiting.
   *
   * @return 0, EBUSY, EOWNERDEAD (locked, but {@link #makeConsistent} is due), ENOTRECOVERABLE, or
   *     EINVAL if there is no mutex of the kind that {@link #initialise} makes
   * @throws InternalError if the file does not have that page any more
   */
  public int tryLock(long offset) {
    long mutex = at(offset);
    return isOurs(offset) ? Libc.mutexTryLock(mutex) : Errno.EINVAL;
  }

  /**
   * Locks and waits for that; cannot be interrupted. Only after {@link #tryLock} has met a holder.
   *
   * @return 0, EOWNERDEAD (locked, but {@link #makeConsistent} is due), ENOTRECOVERABLE, or EDEADLK
   *     if this thread holds it
   */
  public int lock(long offset) {
    return Libc.mutexLock(at(offset));
  }

  /**
   * Unlocks.
   *
   * @return 0, or EPERM if this thread does not hold it
   */
  public int unlock(long offset) {
    return Libc.mutexUnlock(at(offset));
  }

  /**
   * Declares what the mutex guards good again, after EOWNERDEAD; else nobody can lock it after the
   * unlock.
   */
  public int makeConsistent(long offset) {
    return Libc.mutexConsistent(at(offset));
  }

  /** The memory the mutexes are in, for what stands between them. */
  public MemorySegment memory() {
    return memory;
  }
}
