// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds out which process has locked a TDB file, for messages only: from the kernel's list of file
 * locks, or from the owner a robust mutex names. The answer may be outdated when it is given. Any
 * thread but the node thread, since it reads files.
 */
final class LockHolders {
  private static final Path KERNEL_LOCKS = Path.of("/proc/locks");

  /** Offset of the byte that is locked for chain 0, as libtdb 1.4 has it. */
  private static final int FIRST_CHAIN = 168;

  /** The bits of a robust mutex's first word that are the owner's thread id (Linux futex). */
  private static final int TID_MASK = 0x3FFFFFFF;

  private final int hashSize;
  private final boolean mutexes;

  LockHolders(int hashSize, boolean mutexes) {
    this.hashSize = hashSize;
    this.mutexes = mutexes;
  }

  /** Who holds a chain, as part of a sentence. */
  String describeChain(Path file, int chain) {
    try {
      var pids = new TreeSet<Long>();
      if (mutexes) {
        addOwner(pids, file, chainMutex(chain));
        addOwner(
            pids,
            file,
            FIRST_CHAIN); // the mutex of whoever has the whole file comes first in the area
      } else {
        addKernelLocks(pids, file, FIRST_CHAIN + 4L * chain, FIRST_CHAIN + 4L * chain);
      }
      return sentence(pids);
    } catch (IOException | UnsupportedOperationException e) {
      return "its holder cannot be found out: " + e;
    }
  }

  /** Who holds any chain or record lock, as part of a sentence. */
  String describeAll(Path file) {
    try {
      var pids = new TreeSet<Long>();
      if (mutexes) {
        addOwners(pids, file);
      }
      addKernelLocks(pids, file, FIRST_CHAIN, Long.MAX_VALUE);
      return sentence(pids);
    } catch (IOException | UnsupportedOperationException e) {
      return "its holder cannot be found out: " + e;
    }
  }

  private static String sentence(Set<Long> pids) {
    if (pids.isEmpty()) {
      return "no other process is known to hold it (it may have just been released, or be held by this daemon)";
    }
    var parts = new ArrayList<String>();
    for (long pid : pids) {
      parts.add(pid + commandOf(pid));
    }
    return "held by process " + String.join(", ", parts);
  }

  private static String commandOf(long pid) {
    try {
      return " (" + Files.readString(Path.of("/proc/" + pid + "/comm")).strip() + ")";
    } catch (IOException e) {
      return ""; // it has ended, or belongs to another pid namespace
    }
  }

  private static void addKernelLocks(Set<Long> pids, Path file, long first, long last)
      throws IOException {
    long inode = ((Number) Files.getAttribute(file, "unix:ino")).longValue();
    for (String line : Files.readAllLines(KERNEL_LOCKS)) {
      Long pid = holder(line, inode, first, last);
      if (pid != null) {
        pids.add(pid);
      }
    }
  }

  /**
   * The pid of one line of /proc/locks if it is a lock that is held and touches the range, else
   * null.
   */
  static Long holder(String line, long inode, long first, long last) {
    // 1: POSIX  ADVISORY  WRITE 1234 08:01:131077 168 171
    String[] words = line.strip().split("\\s+", -1);
    if (words.length != 8 || words[1].equals("->")) {
      return null;
    }
    try {
      long pid = Long.parseLong(words[4]);
      long from = Long.parseLong(words[6]);
      long to = words[7].equals("EOF") ? Long.MAX_VALUE : Long.parseLong(words[7]);
      boolean same = Long.parseLong(words[5].substring(words[5].lastIndexOf(':') + 1)) == inode;
      // Locks of open file descriptions have no process; in a TDB file they are the daemon's own.
      return same && pid > 0 && from <= last && first <= to ? pid : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static long chainMutex(int chain) {
    return firstChainMutex() + (long) mutexBytes() * chain;
  }

  private static boolean aarch64() {
    return System.getProperty("os.arch").equals("aarch64");
  }

  /** sizeof(pthread_mutex_t) of glibc. */
  private static int mutexBytes() {
    return aarch64() ? 48 : 40;
  }

  private static long firstChainMutex() {
    return aarch64() ? 272 : 256;
  }

  private static void addOwner(Set<Long> pids, Path file, long offset) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      var word = ByteBuffer.allocate(4).order(ByteOrder.nativeOrder());
      if (channel.read(word, offset) == 4) {
        addThread(pids, word.getInt(0) & TID_MASK);
      }
    }
  }

  private void addOwners(Set<Long> pids, Path file) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      int length = Math.toIntExact((long) mutexBytes() * hashSize);
      var area = ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
      int read = 0;
      while (area.hasRemaining()) {
        int now = channel.read(area, firstChainMutex() + read);
        if (now <= 0) {
          break;
        }
        read += now;
      }
      for (int at = 0; at + 4 <= read; at += mutexBytes()) {
        addThread(pids, area.getInt(at) & TID_MASK);
      }
    }
  }

  private static void addThread(Set<Long> pids, int thread) {
    if (thread == 0) {
      return;
    }
    long process = thread;
    try {
      List<String> status = Files.readAllLines(Path.of("/proc/" + thread + "/status"));
      for (String line : status) {
        if (line.startsWith("Tgid:")) {
          process = Long.parseLong(line.substring(5).strip());
        }
      }
    } catch (IOException | NumberFormatException e) {
      process = thread; // ended, or of another pid namespace: the number is all there is
    }
    if (process != ProcessHandle.current().pid()) {
      pids.add(process);
    }
  }
}
