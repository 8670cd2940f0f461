// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.OptionalInt;
import org.ctdbj.tdb.TdbError;
import org.ctdbj.tdb.TdbException;
import org.ctdbj.tdb.os.Errno;
import org.ctdbj.tdb.os.ErrnoException;

/** Says with a failure what can be done about it, where there is something. */
public final class Advice {
  private static final int EROFS = 30;
  private static final int EDQUOT = 122;

  private static final String NO_FILE = "check the path";
  private static final String NO_RIGHT =
      "run the command as root or as the owner of the file (to look only: without --lock)";
  private static final String NO_SPACE = "make room and repeat the command; nothing is lost";

  private Advice() {}

  /** The message and, on a line of its own, the advice. */
  public static String messageOf(TdbException failure) {
    return failure.getMessage() + onNextLine(of(failure));
  }

  /** As {@link #messageOf(TdbException)}, for failures that are not of the TDB library. */
  public static String messageOf(IOException failure) {
    return switch (failure) {
      case NoSuchFileException e -> e.getFile() + ": no such file or directory\n" + NO_FILE;
      case AccessDeniedException e -> e.getFile() + ": permission denied\n" + NO_RIGHT;
      case FileSystemException e -> {
        String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
        yield e.getFile()
            + ": "
            + reason
            + onNextLine(reason.startsWith("No space") ? NO_SPACE : "");
      }
      default -> {
        String reason = String.valueOf(failure.getMessage());
        yield reason + onNextLine(reason.startsWith("No space") ? NO_SPACE : "");
      }
    };
  }

  private static String onNextLine(String advice) {
    return advice.isEmpty() ? "" : "\n" + advice;
  }

  private static String of(TdbException failure) {
    OptionalInt errno = ErrnoException.errnoOf(failure);
    if (errno.isPresent()) {
      return switch (errno.getAsInt()) {
        case Errno.ENOENT -> NO_FILE;
        case Errno.EACCES, Errno.EPERM -> NO_RIGHT;
        case EROFS -> "the file system is mounted read-only: work on a copy";
        case Errno.ENOSPC, EDQUOT -> NO_SPACE;
        case Errno.EEXIST -> "choose another name, or move the existing file away";
        default -> "";
      };
    }
    boolean isDamage =
        failure.offset() >= 0
            && (failure.error() == TdbError.CORRUPT
                || failure.error() == TdbError.IO
                || failure.error() == TdbError.EINVAL);
    return isDamage
        ? "if this should be a TDB file: 'ctdbj tdb check' lists the damage, 'ctdbj tdb rescue'"
            + " saves the records that can be found, 'ctdbj tdb restore' makes a new file of them"
        : "";
  }
}
