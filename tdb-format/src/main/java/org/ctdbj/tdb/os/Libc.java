// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.os;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;

/**
 * Entry points of glibc. Calls that set errno return {@code -errno} on failure here, so that no
 * caller can read a stale one; the {@code state} segment they need is {@link #newCallState} and
 * belongs to one thread at a time.
 */
@SuppressWarnings("restricted")
final class Libc {
  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0x40;
  static final int O_EXCL = 0x80;
  static final int O_NONBLOCK = 0x800;
  static final int O_CLOEXEC = 0x80000;

  static final int F_OFD_GETLK = 36;
  static final int F_OFD_SETLK = 37;
  static final int F_OFD_SETLKW = 38;

  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int MAP_SHARED = 1;
  private static final int MS_SYNC = 4;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_BASIC = 0x7ff;
  private static final int SC_PAGESIZE = 30;
  private static final int MFD_CLOEXEC = 1;

  /**
   * Bytes of {@code struct statx}; unlike {@code struct stat} it is the same on every architecture.
   */
  static final int STATX_SIZE = 256;

  static final int STATX_MODE = 28;
  static final int STATX_INO = 32;
  static final int STATX_SIZE_FIELD = 40;
  static final int STATX_DEV_MAJOR = 136;
  static final int STATX_DEV_MINOR = 140;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
  private static final Linker.Option CRITICAL = Linker.Option.critical(false);
  private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
  private static final VarHandle CAPTURED_ERRNO =
      CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final MemorySegment EMPTY_STRING = Arena.global().allocate(1);

  private static final MethodHandle OPEN =
      link("open", of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT), ERRNO, variadicFrom(2));
  private static final MethodHandle CLOSE = link("close", of(JAVA_INT, JAVA_INT), ERRNO);
  private static final MethodHandle FCNTL =
      link("fcntl", of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS), ERRNO, variadicFrom(2));
  private static final MethodHandle FCNTL_PLAIN =
      link("fcntl", of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG), variadicFrom(2));
  private static final MethodHandle STATX =
      link("statx", of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS), ERRNO);
  private static final MethodHandle PREAD =
      link("pread", of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG), ERRNO);
  private static final MethodHandle PWRITE =
      link("pwrite", of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG), ERRNO);
  private static final MethodHandle FTRUNCATE =
      link("ftruncate", of(JAVA_INT, JAVA_INT, JAVA_LONG), ERRNO);
  private static final MethodHandle POSIX_FALLOCATE =
      link("posix_fallocate", of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle MEMFD_CREATE =
      link("memfd_create", of(JAVA_INT, ADDRESS, JAVA_INT), ERRNO);
  private static final MethodHandle FDATASYNC = link("fdatasync", of(JAVA_INT, JAVA_INT), ERRNO);
  private static final MethodHandle FUTIMENS =
      link("futimens", of(JAVA_INT, JAVA_INT, ADDRESS), ERRNO);
  private static final MethodHandle MMAP =
      link("mmap", of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG), ERRNO);
  private static final MethodHandle MUNMAP = link("munmap", of(JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle MSYNC =
      link("msync", of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT), ERRNO);
  private static final MethodHandle SYSCONF = link("sysconf", of(JAVA_LONG, JAVA_INT));

  // Mutexes go by address, not as slices of their mapping: a slice per call would be garbage.
  private static final MethodHandle MUTEX_INIT =
      link("pthread_mutex_init", of(JAVA_INT, JAVA_LONG, ADDRESS));
  private static final MethodHandle MUTEX_LOCK =
      link("pthread_mutex_lock", of(JAVA_INT, JAVA_LONG));
  private static final MethodHandle MUTEX_TRYLOCK =
      link("pthread_mutex_trylock", of(JAVA_INT, JAVA_LONG), CRITICAL);
  private static final MethodHandle MUTEX_UNLOCK =
      link("pthread_mutex_unlock", of(JAVA_INT, JAVA_LONG), CRITICAL);
  private static final MethodHandle MUTEX_CONSISTENT =
      link("pthread_mutex_consistent", of(JAVA_INT, JAVA_LONG), CRITICAL);
  private static final MethodHandle ATTR_INIT =
      link("pthread_mutexattr_init", of(JAVA_INT, ADDRESS));
  private static final MethodHandle ATTR_SETTYPE =
      link("pthread_mutexattr_settype", of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle ATTR_SETPSHARED =
      link("pthread_mutexattr_setpshared", of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle ATTR_SETROBUST =
      link("pthread_mutexattr_setrobust", of(JAVA_INT, ADDRESS, JAVA_INT));

  private static final int PAGE_SIZE = (int) sysconf(SC_PAGESIZE);

  private Libc() {}

  private static FunctionDescriptor of(MemoryLayout result, MemoryLayout... arguments) {
    return FunctionDescriptor.of(result, arguments);
  }

  private static Linker.Option variadicFrom(int index) {
    return Linker.Option.firstVariadicArg(index);
  }

  private static MethodHandle link(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    var address =
        LINKER
            .defaultLookup()
            .find(name)
            .orElseThrow(
                () ->
                    new UnsupportedOperationException(
                        "the C library has no function '"
                            + name
                            + "': TDB files need Linux with glibc 2.28 or newer"));
    return LINKER.downcallHandle(address, descriptor, options);
  }

  /**
   * What an exception out of a downcall would be: a bug here, never a result of the call. But for
   * one: that a mapped page is gone, compiled code may learn a little after it has touched it, and
   * then as late as in the next downcall.
   */
  private static Error wrongCall(Throwable t) {
    return t instanceof InternalError fault
        ? fault
        : new AssertionError("a call into the C library does not match its declaration", t);
  }

  static MemorySegment newCallState(Arena arena) {
    return arena.allocate(CALL_STATE);
  }

  private static int errno(MemorySegment state) {
    return (int) CAPTURED_ERRNO.get(state, 0L);
  }

  private static long result(long result, MemorySegment state) {
    return result == -1 ? -errno(state) : result;
  }

  static int pageSize() {
    return PAGE_SIZE;
  }

  static int open(MemorySegment state, MemorySegment path, int flags, int permissions) {
    try {
      return (int) result((int) OPEN.invokeExact(state, path, flags, permissions), state);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static int close(MemorySegment state, int fd) {
    try {
      return (int) result((int) CLOSE.invokeExact(state, fd), state);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  /**
   * For requests about locks, which can be made twice: the second time says why the first one
   * failed, or succeeds. So one that succeeds allocates nothing, whatever the compiler makes of it.
   */
  static int fcntl(MemorySegment state, int fd, int command, MemorySegment argument) {
    try {
      int r = (int) FCNTL_PLAIN.invokeExact(fd, command, argument.address());
      if (r == -1) {
        r = (int) result((int) FCNTL.invokeExact(state, fd, command, argument), state);
      }
      return r;
    } catch (Throwable t) {
      throw wrongCall(t);
    } finally {
      Reference.reachabilityFence(argument);
    }
  }

  static int fstat(MemorySegment state, int fd, MemorySegment statx) {
    try {
      int r = (int) STATX.invokeExact(state, fd, EMPTY_STRING, AT_EMPTY_PATH, STATX_BASIC, statx);
      return (int) result(r, state);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static long pread(MemorySegment state, int fd, MemorySegment to, long length, long offset) {
    try {
      return result((long) PREAD.invokeExact(state, fd, to, length, offset), state);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static long pwrite(MemorySegment state, int fd, MemorySegment from, long length, long offset) {
    try {
      return result((long) PWRITE.invokeExact(state, fd, from, length, offset), state);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static int ftruncate(MemorySegment state, int fd, long length) {
    try {
      return (int) result((int) FTRUNCATE.invokeExact(state, fd, length), state);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  /** Does not set errno: returns {@code -errno} by itself here, 0 on success. */
  static int fallocate(int fd, long offset, long length) {
    try {
      return -(int) POSIX_FALLOCATE.invokeExact(fd, offset, length);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  /** An anonymous file that programs started by this one do not inherit. */
  static int memfdCreate(MemorySegment state) {
    try {
      return (int) result((int) MEMFD_CREATE.invokeExact(state, EMPTY_STRING, MFD_CLOEXEC), state);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static int fdatasync(MemorySegment state, int fd) {
    try {
      return (int) result((int) FDATASYNC.invokeExact(state, fd), state);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static int touch(MemorySegment state, int fd) {
    try {
      return (int) result((int) FUTIMENS.invokeExact(state, fd, MemorySegment.NULL), state);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  /** Address of a new shared mapping, or {@code -errno}. */
  static long mmap(MemorySegment state, int fd, long offset, long length, boolean writable) {
    int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    try {
      var address =
          (MemorySegment)
              MMAP.invokeExact(
                  state, MemorySegment.NULL, length, protection, MAP_SHARED, fd, offset);
      return result(address.address(), state);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  /** A segment over memory that {@link #mmap} gave, unmapped when {@code arena} is closed. */
  static MemorySegment mapped(long address, long length, Arena arena) {
    return MemorySegment.ofAddress(address).reinterpret(length, arena, Libc::munmap);
  }

  private static void munmap(MemorySegment mapped) {
    int r;
    try {
      r = (int) MUNMAP.invokeExact(mapped, mapped.byteSize());
    } catch (Throwable t) {
      throw wrongCall(t);
    }
    if (r != 0) {
      throw new AssertionError("munmap refused a mapping of " + mapped.byteSize() + " bytes");
    }
  }

  static int msync(MemorySegment state, MemorySegment range) {
    try {
      return (int) result((int) MSYNC.invokeExact(state, range, range.byteSize(), MS_SYNC), state);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  private static long sysconf(int name) {
    try {
      return (long) SYSCONF.invokeExact(name);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static int mutexInit(long mutex, MemorySegment attributes) {
    try {
      return (int) MUTEX_INIT.invokeExact(mutex, attributes);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static int mutexLock(long mutex) {
    try {
      return (int) MUTEX_LOCK.invokeExact(mutex);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static int mutexTryLock(long mutex) {
    try {
      return (int) MUTEX_TRYLOCK.invokeExact(mutex);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static int mutexUnlock(long mutex) {
    try {
      return (int) MUTEX_UNLOCK.invokeExact(mutex);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static int mutexConsistent(long mutex) {
    try {
      return (int) MUTEX_CONSISTENT.invokeExact(mutex);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static int attributesInit(MemorySegment attributes) {
    try {
      return (int) ATTR_INIT.invokeExact(attributes);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static int attributesSetType(MemorySegment attributes, int type) {
    try {
      return (int) ATTR_SETTYPE.invokeExact(attributes, type);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static int attributesSetProcessShared(MemorySegment attributes, int shared) {
    try {
      return (int) ATTR_SETPSHARED.invokeExact(attributes, shared);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }

  static int attributesSetRobust(MemorySegment attributes, int robust) {
    try {
      return (int) ATTR_SETROBUST.invokeExact(attributes, robust);
    } catch (Throwable t) {
      throw wrongCall(t);
    }
  }
}
