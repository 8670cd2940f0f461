// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.process;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.ctdbj.recovery.ClusterLock.Outcome;
import org.ctdbj.recovery.door.EventLog;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.os.LockMode;
import org.ctdbj.tdb.os.NativeFile;

/**
 * Keeps a write lock on byte 0 of a file on the cluster file system, inside this process. The lock
 * belongs to the open file (OFD), so it excludes Samba's own helper and other attempts of this very
 * process alike, and the kernel frees it when the daemon dies, however that happens. Every five
 * seconds it is checked that the name still leads to the locked file.
 */
final class FileLockKeeper implements LockAttempt.Keeper {
  private static final int PERMISSIONS = 0600;
  private static final long RECHECK_MILLIS = TimeUnit.SECONDS.toMillis(5);

  private final Path path;
  private final EventLog log;

  FileLockKeeper(Path path, EventLog log) {
    this.path = path;
    this.log = log;
  }

  @Override
  public void keep(LockAttempt attempt) {
    try (NativeFile file =
        NativeFile.open(
            path, NativeFile.Access.READ_WRITE, NativeFile.Creation.IF_MISSING, PERMISSIONS)) {
      if (!file.lock(LockMode.WRITE, 0, 1, false)) {
        attempt.report(Outcome.CONTENDED);
        return;
      }
      attempt.report(Outcome.HELD);
      while (!attempt.awaitRelease(RECHECK_MILLIS)) {
        if (!PidFile.isAt(file, path)) {
          log.error("cluster lock lost: " + path + " is another file now, or gone");
          return;
        }
      }
    } catch (TdbException | IOException e) {
      log.error("cluster lock " + path + ": " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void letGo() {
    // keep() waits for the release itself
  }
}
