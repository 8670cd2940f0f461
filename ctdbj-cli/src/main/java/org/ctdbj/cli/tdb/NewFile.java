// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.ctdbj.cli.CommandFailure;

/**
 * A file that gets its name only when it is complete and on the disk. Until then it is a temporary
 * file in the same directory, which a failure or a signal removes.
 */
final class NewFile implements AutoCloseable {
  private final Path target;
  private final Path temporary;
  private final Thread removal;

  private NewFile(Path target) {
    this.target = target;
    this.temporary =
        target.resolveSibling(target.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
    this.removal = new Thread(this::remove, "remove temporary file");
  }

  /** Nothing is created yet: the caller creates {@link #temporary}. */
  static NewFile at(Path target) throws IOException {
    if (target.getFileName() == null || Files.isDirectory(target)) {
      throw new CommandFailure(target + ": expected the name of a file, found a directory");
    }
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      throw new CommandFailure(
          target + ": expected the name of a file, found a device, pipe or socket");
    }
    var file = new NewFile(target);
    // Left over from a killed process that had our process id.
    Files.deleteIfExists(file.temporary);
    Runtime.getRuntime().addShutdownHook(file.removal);
    return file;
  }

  Path temporary() {
    return temporary;
  }

  /** Puts the file into the place of the one that may be there. */
  void replaceTarget() throws IOException {
    sync(temporary);
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    syncDirectory();
  }

  /**
   * Gives the file its name.
   *
   * @throws FileAlreadyExistsException if there is a file of that name; it stays as it is
   */
  void createTarget() throws IOException {
    sync(temporary);
    try {
      // Unlike a rename, this cannot replace a file that has appeared meanwhile.
      Files.createLink(target, temporary);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (FileSystemException | UnsupportedOperationException e) {
      if (Files.exists(target)) {
        throw new FileAlreadyExistsException(target.toString());
      }
      // A file system without hard links.
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.deleteIfExists(temporary);
    syncDirectory();
  }

  private static void sync(Path file) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private void syncDirectory() throws IOException {
    Path directory = target.toAbsolutePath().getParent();
    try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private void remove() {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      System.err.println("ctdbj: " + temporary + ": could not be removed: " + e.getMessage());
    }
  }

  @Override
  public void close() throws IOException {
    try {
      Runtime.getRuntime().removeShutdownHook(removal);
    } catch (IllegalStateException e) {
      // The process is ending: the hook removes the file.
      return;
    }
    Files.deleteIfExists(temporary);
  }
}
