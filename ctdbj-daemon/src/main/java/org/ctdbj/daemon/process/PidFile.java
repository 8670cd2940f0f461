// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.NativeFile;

/**
 * The PID file. It is locked for writing as long as the daemon lives, so a file left over by a
 * killed daemon stops nobody, and a second daemon, this one or Samba's, cannot start.
 */
public final class PidFile implements AutoCloseable {
  private static final int PERMISSIONS = 0644;

  private final NativeFile file;

  private PidFile(NativeFile file) {
    this.file = file;
  }

  /**
   * Creates or takes over the file and locks it. It is empty until {@link #publish}.
   *
   * @throws StartFailure if another process holds its lock, or it cannot be written
   */
  public static PidFile lock(Path path) throws StartFailure {
    try {
      while (true) {
        NativeFile file =
            NativeFile.open(
                path, NativeFile.Access.READ_WRITE, NativeFile.Creation.IF_MISSING, PERMISSIONS);
        if (!file.lock(LockMode.WRITE, 0, 0, false)) {
          file.close();
          throw new StartFailure(
              StartFailure.PID_FILE,
              "another daemon runs: it holds the lock of the PID file " + path,
              null);
        }
        if (isAt(file, path)) {
          file.truncate(0);
          return new PidFile(file);
        }
        file.close(); // an ending daemon has removed it between the two calls
      }
    } catch (TdbException | IOException e) {
      throw new StartFailure(
          StartFailure.PID_FILE,
          "the PID file " + path + " cannot be written: " + e.getMessage(),
          e);
    }
  }

  /** Writes the process id into the file: from now on others may rely on the client socket. */
  public void publish() {
    byte[] text = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
    file.write(0, MemorySegment.ofArray(text));
  }

  /** Whether the name still leads to the file that was opened. */
  static boolean isAt(NativeFile file, Path path) throws IOException {
    try {
      return (long) Files.getAttribute(path, "unix:ino") == file.inode();
    } catch (NoSuchFileException gone) {
      return false;
    }
  }

  /** Removes the file, then gives up the lock. */
  @Override
  public void close() {
    if (!file.isOpen()) {
      return;
    }
    try {
      Files.deleteIfExists(file.path());
    } catch (IOException e) {
      System.err.println(
          "ctdbd: the PID file " + file.path() + " cannot be removed: " + e.getMessage());
    }
    file.close();
  }
}
