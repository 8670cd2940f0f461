// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.ctdbj.daemon.store.DatabaseStore;
import org.ctdbj.daemon.store.StoreException;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opening of databases, what is refused, and that closing leaves nothing behind. */
class TdbStoreFactoryTest {
  @TempDir Path directory;
  private final NodeThread node = new NodeThread();
  private Path volatileDirectory;
  private Path persistentDirectory;
  private TdbStoreFactory factory;

  @BeforeEach
  void open() throws IOException {
    volatileDirectory = Files.createDirectory(directory.resolve("volatile"));
    persistentDirectory = Files.createDirectory(directory.resolve("persistent"));
    factory = new TdbStoreFactory(volatileDirectory, persistentDirectory, 3, true, node, node);
  }

  @AfterEach
  void close() {
    factory.close();
    node.close();
  }

  private String refusal(String name, int flags) {
    return assertThrows(StoreException.class, () -> factory.open(name, flags, 131, 5)).getMessage();
  }

  @Test
  void fileIsPrivate() throws IOException {
    try (DatabaseStore store = factory.open("a.tdb", 0, 131, 5)) {
      assertEquals(
          PosixFilePermissions.fromString("rw-------"),
          Files.getPosixFilePermissions(store.path()));
    }
  }

  @Test
  void namesThatLeaveTheDirectoryAreRefused() {
    assertTrue(refusal("../a.tdb", 0).contains("../a.tdb"));
    assertTrue(refusal("a\0b", 0).contains("control characters"));
  }

  @Test
  void missingDirectoryIsNamed() throws IOException {
    Files.delete(volatileDirectory);
    assertTrue(refusal("a.tdb", 0).contains(volatileDirectory.toString()));
  }

  @Test
  void truncatedAndForeignPersistentFilesAreRefusedAndKept() throws IOException {
    try (DatabaseStore store = factory.open("a.tdb", DatabaseFlags.PERSISTENT, 131, 5)) {
      assertEquals(0x400, store.openFlags());
    }
    Path file = persistentDirectory.resolve("a.tdb.3");
    byte[] whole = Files.readAllBytes(file);
    byte[] part = java.util.Arrays.copyOf(whole, 200);
    Files.write(file, part);
    assertTrue(refusal("a.tdb", DatabaseFlags.PERSISTENT).contains(file.toString()));
    org.junit.jupiter.api.Assertions.assertArrayEquals(part, Files.readAllBytes(file));
    Files.writeString(file, "this is somebody's letter");
    assertTrue(refusal("a.tdb", DatabaseFlags.PERSISTENT).contains(file.toString()));
    assertEquals("this is somebody's letter", Files.readString(file));
  }

  @Test
  void volatileFileThatAnotherHoldsOpenWithRecordsIsRefused() {
    Path file = volatileDirectory.resolve("a.tdb.3");
    try (Tdb smbd = Tdb.open(file, TdbOptions.ofBits(0x1C41).withCreate(true))) {
      smbd.store(new byte[] {1}, new byte[24]);
      String message = refusal("a.tdb", 0);
      assertTrue(message.contains(file.toString()) && message.contains("not empty"), message);
    }
    factory.open("a.tdb", 0, 131, 5).close();
  }

  @Test
  void persistentDatabasesOfThisNodeAreFound() throws IOException {
    for (String name :
        List.of("b.tdb.3", "a.tdb.3", "c.tdb.13", "d.tdb.3.old", "e.3", "f.tdb.1.tdb.3")) {
      Files.createFile(persistentDirectory.resolve(name));
    }
    assertEquals(List.of("a.tdb", "b.tdb"), factory.persistentNames());
  }

  @Test
  void closeInTheMiddleOfEverythingLeavesNoDescriptorAndNoMapping() throws Exception {
    DatabaseStore store = node.call(() -> factory.open("a.tdb", 0, 1009, 5));
    var fixtureKey = StoreFixture.key("a");
    try (Tdb smbd = Tdb.open(store.path(), TdbOptions.ofBits(store.openFlags()))) {
      smbd.lockChain(fixtureKey.array());
      node.run(
          () -> {
            for (String key : StoreFixture.keysOfDifferentChains(20)) {
              store.lockLater(StoreFixture.key(key), () -> {});
            }
            store.lockLater(
                fixtureKey,
                () -> {
                  throw new AssertionError("the store is closed");
                });
          });
      CompletableFuture<StoreResult<Void>> frozen = node.start(store::freeze);
      CompletableFuture<StoreResult<Integer>> traverse = new CompletableFuture<>();
      node.run(
          () ->
              store.traverse(
                  1000, (header, length) -> true, (count, records) -> {}, traverse::complete));
      CompletableFuture<StoreResult<Void>> update =
          node.start(
              done ->
                  store.update(
                      List.of(StoreFixture.record("b", 1, "x")), false, StoreFixture.KEEP, done));
      node.run(store::close);
      assertTrue(!NodeThread.await(frozen).ok());
      assertTrue(!NodeThread.await(update).ok());
      smbd.unlockChain(fixtureKey.array());
      NodeThread.await(traverse);
    }
    String path = store.path().toString();
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!uses(path).isEmpty() && System.nanoTime() < until) {
      LockSupport.parkNanos(5_000_000); // the kernel tells nobody when a mapping is gone
    }
    assertEquals(List.of(), uses(path));
    assertEquals(
        List.of(), node.lines().stream().filter(line -> line.startsWith("ERROR")).toList());
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return ""; // that of the listing itself has been closed
    }
  }

  private static List<String> uses(String path) throws IOException {
    List<String> found = new ArrayList<>();
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      for (Path descriptor : descriptors.toList()) {
        if (target(descriptor).startsWith(path)) {
          found.add(descriptor.toString());
        }
      }
    }
    Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.contains(path))
        .forEach(found::add);
    return found;
  }

  @Test
  void healthIsKept() {
    try (TdbHealthStore store = TdbHealthStore.open(directory, 3, node)) {
      node.<Void>done(done -> store.save("a.tdb", "broken", done));
      node.<Void>done(done -> store.save("b.tdb", "worse", done));
      node.<Void>done(done -> store.save("a.tdb", null, done));
      assertEquals(Map.of("b.tdb", "worse"), node.call(store::load));
    }
    try (TdbHealthStore store = TdbHealthStore.open(directory, 3, node)) {
      assertEquals(Map.of("b.tdb", "worse"), node.call(store::load));
    }
  }
}
