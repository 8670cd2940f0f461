// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.ctdbj.tdb.os.NativeFile;

/** The byte-range locks on a file as the kernel lists them. */
public final class KernelLocks {
  private static final Path TABLE = Path.of("/proc/locks");

  private KernelLocks() {}

  /**
   * Locks of this JVM's kind that are held, such as "WRITE 168 195" (first and last byte, or EOF),
   * sorted.
   */
  public static List<String> held(NativeFile file) throws IOException {
    return lines(file, false, "OFDLCK");
  }

  /** Requests of any process that wait. */
  public static List<String> waiting(NativeFile file) throws IOException {
    return lines(file, true, "");
  }

  private static List<String> lines(NativeFile file, boolean waiting, String kind)
      throws IOException {
    assumeTrue(Files.isReadable(TABLE), "needs " + TABLE);
    var inode =
        "%02x:%02x:%d".formatted(file.device() >>> 32, file.device() & 0xFFFFFFFFL, file.inode());
    return Files.readAllLines(TABLE).stream()
        .filter(line -> line.contains(" -> ") == waiting)
        .map(line -> line.replace(" ->", "").trim().split("\\s+"))
        .filter(f -> f[5].equals(inode) && f[1].startsWith(kind))
        .map(f -> f[3] + " " + f[6] + " " + f[7])
        .sorted()
        .toList();
  }
}
