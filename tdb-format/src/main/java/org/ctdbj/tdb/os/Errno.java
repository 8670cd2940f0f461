// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.os;

import java.util.Map;

/**
 * Error numbers of Linux that the calls of this package can give; the same on x86_64 and aarch64.
 */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EAGAIN = 11;
  public static final int EACCES = 13;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int EINVAL = 22;
  public static final int ENOSPC = 28;
  public static final int EDEADLK = 35;
  public static final int EDQUOT = 122;
  public static final int EOWNERDEAD = 130;
  public static final int ENOTRECOVERABLE = 131;

  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(EPERM, "EPERM (operation not permitted)"),
          Map.entry(ENOENT, "ENOENT (no such file or directory)"),
          Map.entry(EINTR, "EINTR (interrupted by a signal)"),
          Map.entry(5, "EIO (input/output error)"),
          Map.entry(6, "ENXIO (no such device, or nobody at the other end)"),
          Map.entry(9, "EBADF (file descriptor not open for this)"),
          Map.entry(EAGAIN, "EAGAIN (held by another)"),
          Map.entry(12, "ENOMEM (out of memory)"),
          Map.entry(EACCES, "EACCES (permission denied)"),
          Map.entry(EBUSY, "EBUSY (in use)"),
          Map.entry(EEXIST, "EEXIST (file exists)"),
          Map.entry(19, "ENODEV (not supported by this kind of file)"),
          Map.entry(20, "ENOTDIR (a part of the path is not a directory)"),
          Map.entry(21, "EISDIR (is a directory)"),
          Map.entry(EINVAL, "EINVAL (invalid argument)"),
          Map.entry(23, "ENFILE (too many open files in the system)"),
          Map.entry(24, "EMFILE (too many open files in this process)"),
          Map.entry(26, "ETXTBSY (the file is being executed)"),
          Map.entry(27, "EFBIG (file too large)"),
          Map.entry(ENOSPC, "ENOSPC (no space left on the device)"),
          Map.entry(30, "EROFS (read-only file system)"),
          Map.entry(EDEADLK, "EDEADLK (would deadlock)"),
          Map.entry(36, "ENAMETOOLONG (path too long)"),
          Map.entry(37, "ENOLCK (no locks available)"),
          Map.entry(38, "ENOSYS (not in this kernel)"),
          Map.entry(40, "ELOOP (too many symbolic links)"),
          Map.entry(75, "EOVERFLOW (value too large)"),
          Map.entry(95, "EOPNOTSUPP (not supported by the file system)"),
          Map.entry(116, "ESTALE (stale file handle)"),
          Map.entry(EDQUOT, "EDQUOT (disk quota exceeded)"),
          Map.entry(EOWNERDEAD, "EOWNERDEAD (the owner died)"),
          Map.entry(ENOTRECOVERABLE, "ENOTRECOVERABLE (not recoverable)"));

  private Errno() {}

  /** Symbol and meaning, for messages. */
  public static String describe(int errno) {
    return NAMES.getOrDefault(errno, "errno " + errno);
  }
}
