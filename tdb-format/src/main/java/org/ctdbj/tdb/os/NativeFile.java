// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.os;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.Charset;
import java.nio.file.Path;
import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;

/**
 * One open file description of a regular file, and with it one owner of byte-range locks: the locks
 * of two {@code NativeFile}s exclude each other as if they belonged to two processes, also inside
 * this JVM, and closing one of them leaves the locks of the other alone.
 *
 * <p>For one thread at a time. Offsets are bytes from the start of the file, up to 2<sup>63</sup>.
 * Failures are {@link TdbException}s with an {@link ErrnoException} as cause: {@link TdbError#LOCK}
 * from lock calls, {@link TdbError#IO} from the others.
 */
public final class NativeFile implements AutoCloseable {
  /** What the file is opened for. */
  public enum Access {
    READ_ONLY,
    READ_WRITE
  }

  /** Whether a missing file is created. */
  public enum Creation {
    NEVER,
    IF_MISSING,
    /** The file must be missing. */
    EXCLUSIVE
  }

  private static final Charset FILE_NAMES =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

  private static final int FILE_TYPE_MASK = 0xF000;
  private static final int REGULAR_FILE = 0x8000;

  private static final long FLOCK_SIZE = 32;
  private static final long FLOCK_TYPE = 0;
  private static final long FLOCK_WHENCE = 2;
  private static final long FLOCK_START = 8;
  private static final long FLOCK_LENGTH = 16;
  private static final long FLOCK_PID = 24;

  /** Bytes moved at once from or to arrays, which system calls cannot reach. */
  private static final int BOUNCE_SIZE = 64 * 1024;

  /** What libtdb fills new space with where the file system cannot allocate. */
  private static final byte FILL = 0x42;

  private final Path path;
  private final Access access;
  private final MemorySegment state;
  private final MemorySegment flock;
  private final MemorySegment statx;
  private final long device;
  private final long inode;
  private MemorySegment bounce = MemorySegment.NULL;
  private int fd;

  private NativeFile(Path path, Access access, Arena arena, MemorySegment state, int fd) {
    this.path = path;
    this.access = access;
    this.state = state;
    this.fd = fd;
    // whence is 0 (SEEK_SET) and the pid must be 0: the segment is zeroed and only type and range
    // ever change.
    this.flock = arena.allocate(FLOCK_SIZE, 8);
    this.statx = arena.allocate(Libc.STATX_SIZE, 8);
    stat();
    int type = Short.toUnsignedInt(statx.get(JAVA_SHORT, Libc.STATX_MODE)) & FILE_TYPE_MASK;
    if (type != REGULAR_FILE) {
      throw TdbException.of(
          TdbError.IO, path, "expected a regular file, found a " + typeName(type));
    }
    this.device =
        Integer.toUnsignedLong(statx.get(JAVA_INT, Libc.STATX_DEV_MAJOR)) << 32
            | Integer.toUnsignedLong(statx.get(JAVA_INT, Libc.STATX_DEV_MINOR));
    this.inode = statx.get(JAVA_LONG, Libc.STATX_INO);
  }

  private static String typeName(int type) {
    return switch (type) {
      case 0x1000 -> "named pipe";
      case 0x2000 -> "character device";
      case 0x4000 -> "directory";
      case 0x6000 -> "block device";
      case 0xC000 -> "socket";
      default -> "file of unknown type 0x" + Integer.toHexString(type);
    };
  }

  /**
   * Opens a file; a program started by this one does not inherit it. Does not block, whatever the
   * path names.
   *
   * @param permissions for a file that is created, as in {@code open(2)} (0600 in octal is 384);
   *     the umask applies
   * @throws TdbException if that fails, or if the path names something else than a regular file
   */
  public static NativeFile open(Path path, Access access, Creation creation, int permissions) {
    int flags = Libc.O_CLOEXEC | Libc.O_NONBLOCK;
    flags |= access == Access.READ_ONLY ? Libc.O_RDONLY : Libc.O_RDWR;
    flags |=
        switch (creation) {
          case NEVER -> 0;
          case IF_MISSING -> Libc.O_CREAT;
          case EXCLUSIVE -> Libc.O_CREAT | Libc.O_EXCL;
        };
    var arena = Arena.ofAuto();
    var state = Libc.newCallState(arena);
    var name = nativeName(path, arena);
    int fd;
    do {
      fd = Libc.open(state, name, flags, permissions);
    } while (fd == -Errno.EINTR);
    if (fd < 0) {
      throw ErrnoException.failure(TdbError.IO, path, -fd, "open", -1);
    }
    try {
      return new NativeFile(path, access, arena, state, fd);
    } catch (TdbException e) {
      Libc.close(state, fd);
      throw e;
    }
  }

  /**
   * A new, empty file without a place in any file system; its bytes are gone when it is closed.
   *
   * @param name what exceptions call it
   */
  public static NativeFile inMemory(Path name) {
    var arena = Arena.ofAuto();
    var state = Libc.newCallState(arena);
    int fd = Libc.memfdCreate(state);
    if (fd < 0) {
      throw ErrnoException.failure(TdbError.IO, name, -fd, "memfd_create", -1);
    }
    return new NativeFile(name, Access.READ_WRITE, arena, state, fd);
  }

  private static MemorySegment nativeName(Path path, Arena arena) {
    byte[] name = path.toString().getBytes(FILE_NAMES);
    var zeroTerminated = arena.allocate(name.length + 1L);
    MemorySegment.copy(name, 0, zeroTerminated, JAVA_BYTE, 0, name.length);
    return zeroTerminated;
  }

  /**
   * Memory page size of this machine, in bytes: what mappings and libtdb's growth rules are counted
   * in.
   */
  public static int pageSize() {
    return Libc.pageSize();
  }

  public Path path() {
    return path;
  }

  public boolean isWritable() {
    return access == Access.READ_WRITE;
  }

  /**
   * Device number, major in the high and minor in the low half; with {@link #inode} it identifies
   * the file.
   */
  public long device() {
    return device;
  }

  public long inode() {
    return inode;
  }

  /** Current size in bytes, as other processes may have changed it. */
  public long size() {
    stat();
    return statx.get(JAVA_LONG, Libc.STATX_SIZE_FIELD);
  }

  private void stat() {
    check(Libc.fstat(state, descriptor(), statx), "fstat", -1);
  }

  /** The number of the descriptor, for calls in this package. */
  int descriptor() {
    if (fd < 0) {
      throw new IllegalStateException(path + " has been closed");
    }
    return fd;
  }

  MemorySegment callState() {
    return state;
  }

  private void check(long result, String operation, long offset) {
    if (result < 0) {
      throw ErrnoException.failure(TdbError.IO, path, (int) -result, operation, offset);
    }
  }

  /**
   * Reads until {@code to} is full or the file ends.
   *
   * @return bytes read, less than the size of {@code to} only at the end of the file
   */
  public long readAvailable(long offset, MemorySegment to) {
    checkRange(offset, to);
    long done = 0;
    while (done < to.byteSize()) {
      long n = readSome(offset + done, to.asSlice(done));
      if (n == 0) {
        break;
      }
      done += n;
    }
    return done;
  }

  /** Fills {@code to}; that the file ends before is a failure. */
  public void read(long offset, MemorySegment to) {
    long done = readAvailable(offset, to);
    if (done < to.byteSize()) {
      throw TdbException.of(
          TdbError.IO,
          path,
          "the file ends at byte "
              + (offset + done)
              + ", expected "
              + to.byteSize()
              + " bytes at byte "
              + offset);
    }
  }

  private long readSome(long offset, MemorySegment to) {
    var target = to.isNative() ? to : bounce(to.byteSize());
    long n;
    do {
      n = Libc.pread(state, descriptor(), target, target.byteSize(), offset);
    } while (n == -Errno.EINTR);
    check(n, "pread", offset);
    if (!to.isNative()) {
      MemorySegment.copy(target, 0, to, 0, n);
    }
    return n;
  }

  /** Writes all of {@code from}. After a failure any part of it may have been written. */
  public void write(long offset, MemorySegment from) {
    checkRange(offset, from);
    long done = 0;
    while (done < from.byteSize()) {
      done += writeSome(offset + done, from.asSlice(done));
    }
  }

  private long writeSome(long offset, MemorySegment from) {
    var source = from;
    if (!from.isNative()) {
      source = bounce(from.byteSize());
      MemorySegment.copy(from, 0, source, 0, source.byteSize());
    }
    long n;
    do {
      n = Libc.pwrite(state, descriptor(), source, source.byteSize(), offset);
    } while (n == -Errno.EINTR);
    check(n, "pwrite", offset);
    if (n == 0) {
      throw ErrnoException.failure(TdbError.IO, path, Errno.ENOSPC, "pwrite", offset);
    }
    return n;
  }

  private static void checkRange(long offset, MemorySegment bytes) {
    if (offset < 0 || offset > Long.MAX_VALUE - bytes.byteSize()) {
      throw new IllegalArgumentException("no such place in a file: " + offset);
    }
  }

  private MemorySegment bounce(long wanted) {
    if (bounce.byteSize() == 0) {
      bounce = Arena.ofAuto().allocate(BOUNCE_SIZE, 8);
    }
    return bounce.asSlice(0, Math.min(wanted, BOUNCE_SIZE));
  }

  /**
   * Cuts the file, or extends it with a hole: see {@link #allocate} for an extension that can be
   * written to.
   */
  public void truncate(long size) {
    int r;
    do {
      r = Libc.ftruncate(state, descriptor(), size);
    } while (r == -Errno.EINTR);
    check(r, "ftruncate", size);
  }

  /**
   * Extends the file from {@code from}, its present size, to {@code to}, with disk space behind
   * every byte, so that a write through a mapping cannot fail. The new bytes are 0 where the file
   * system can allocate, else 0x42 as with libtdb 1.4.
   *
   * @throws TdbException if there is no space; the file has its old size then
   */
  public void allocate(long from, long to) {
    if (from < 0 || to < from) {
      throw new IllegalArgumentException("cannot extend a file from " + from + " to " + to);
    }
    if (to == from) {
      return;
    }
    int r;
    do {
      r = Libc.fallocate(descriptor(), from, to - from);
    } while (r == -Errno.EINTR);
    if (r == 0) {
      return;
    }
    if (r == -Errno.ENOSPC) {
      var full = ErrnoException.failure(TdbError.IO, path, -r, "posix_fallocate", from);
      truncateAfter(full, from);
      throw full;
    }
    try {
      truncate(to);
      var fill = Arena.ofAuto().allocate(Math.min(to - from, BOUNCE_SIZE)).fill(FILL);
      for (long at = from; at < to; at += fill.byteSize()) {
        write(at, fill.asSlice(0, Math.min(fill.byteSize(), to - at)));
      }
    } catch (TdbException e) {
      truncateAfter(e, from);
      throw e;
    }
  }

  private void truncateAfter(TdbException failure, long size) {
    try {
      truncate(size);
    } catch (TdbException e) {
      failure.addSuppressed(e);
    }
  }

  /**
   * Brings what has been written to the file to the disk ({@code fdatasync}); mapped pages need
   * {@link Mapping#sync}.
   */
  public void dataSync() {
    int r;
    do {
      r = Libc.fdatasync(state, descriptor());
    } while (r == -Errno.EINTR);
    check(r, "fdatasync", -1);
  }

  /** Sets the modification time to now, which writes through a mapping may leave behind. */
  public void touch() {
    check(Libc.touch(state, descriptor()), "futimens", -1);
  }

  /**
   * Locks a range of bytes, against other processes and against other {@code NativeFile}s of this
   * one. A range which this one has locked already changes its mode (a blocking change from READ to
   * WRITE keeps the READ lock while it waits): locks do not nest here.
   *
   * <p>The kernel sees no deadlock between such locks. A thread that waits cannot be interrupted.
   *
   * @param length bytes, 0 for up to the end of the file however it grows
   * @param wait whether to wait for other holders
   * @return false if another holder is in the way, never with {@code wait}
   */
  public boolean lock(LockMode mode, long offset, long length, boolean wait) {
    int command = wait ? Libc.F_OFD_SETLKW : Libc.F_OFD_SETLK;
    int r = setLock(command, mode.code(), offset, length);
    if (r >= 0) {
      return true;
    }
    if (!wait && (r == -Errno.EAGAIN || r == -Errno.EACCES)) {
      return false;
    }
    throw lockFailure(r, "fcntl " + mode + " lock", offset, length);
  }

  /** Gives up whatever lock there is on the range; no lock there is no failure. */
  public void unlock(long offset, long length) {
    int r = setLock(Libc.F_OFD_SETLK, LockMode.UNLOCKED, offset, length);
    if (r < 0) {
      throw lockFailure(r, "fcntl unlock", offset, length);
    }
  }

  /**
   * Whether {@link #lock} of that range would find no other holder in the way. Locks nothing: one
   * system call where a lock and an unlock are two.
   */
  public boolean couldLock(LockMode mode, long offset, long length) {
    int r = setLock(Libc.F_OFD_GETLK, mode.code(), offset, length);
    if (r < 0) {
      throw lockFailure(r, "fcntl query of a " + mode + " lock", offset, length);
    }
    boolean free = flock.get(JAVA_SHORT, FLOCK_TYPE) == LockMode.UNLOCKED;
    // The answer has described a holder that is in the way.
    flock.set(JAVA_SHORT, FLOCK_WHENCE, (short) 0);
    flock.set(JAVA_INT, FLOCK_PID, 0);
    return free;
  }

  private TdbException lockFailure(int result, String operation, long offset, long length) {
    var range = length == 0 ? " to the end of the file" : " of " + length + " bytes";
    return ErrnoException.failure(TdbError.LOCK, path, -result, operation + range, offset);
  }

  private int setLock(int command, short type, long offset, long length) {
    flock.set(JAVA_SHORT, FLOCK_TYPE, type);
    flock.set(JAVA_LONG, FLOCK_START, offset);
    flock.set(JAVA_LONG, FLOCK_LENGTH, length);
    int r;
    do {
      r = Libc.fcntl(state, descriptor(), command, flock);
    } while (r == -Errno.EINTR);
    return r;
  }

  public boolean isOpen() {
    return fd >= 0;
  }

  /** Gives up all locks and closes the file; does nothing the second time. Mappings stay. */
  @Override
  public void close() {
    if (fd < 0) {
      return;
    }
    // A mapping that is still there would keep the open file description alive, and its locks with
    // it. If this fails there is no lock to give up: the file system has none.
    int _ = setLock(Libc.F_OFD_SETLK, LockMode.UNLOCKED, 0, 0);
    int r = Libc.close(state, fd);
    // Linux has released the descriptor even if it reports a failure: it must not be closed again.
    fd = -1;
    if (r != -Errno.EINTR) {
      check(r, "close", -1);
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
