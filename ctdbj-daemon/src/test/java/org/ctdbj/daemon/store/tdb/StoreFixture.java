// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.tdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.ctdbj.daemon.store.DatabaseStore;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreRule;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.body.RecordData;

/** One database of node 0, its node thread, and what tests do with it. */
final class StoreFixture implements AutoCloseable {
  static final int HASH_SIZE = 1009;
  static final int PNN = 0;

  final NodeThread node = new NodeThread();
  final TdbStoreFactory factory;
  final DatabaseStore store;

  StoreFixture(Path directory, int flags, boolean mutexes, long watchMillis) throws IOException {
    Path volatileDirectory = Files.createDirectories(directory.resolve("volatile"));
    Path persistentDirectory = Files.createDirectories(directory.resolve("persistent"));
    factory =
        new TdbStoreFactory(
            volatileDirectory, persistentDirectory, PNN, mutexes, node, node, watchMillis);
    store = node.call(() -> factory.open("test.tdb", flags, HASH_SIZE, 5));
  }

  StoreFixture(Path directory, int flags, boolean mutexes) throws IOException {
    this(directory, flags, mutexes, 60_000);
  }

  /** Keys of so many different chains. */
  static List<String> keysOfDifferentChains(int count) {
    List<String> keys = new ArrayList<>();
    Set<Integer> chains = new HashSet<>();
    for (int i = 0; keys.size() < count; i++) {
      String text = "key" + i;
      if (chains.add(Integer.remainderUnsigned(key(text).hash(), HASH_SIZE))) {
        keys.add(text);
      }
    }
    return keys;
  }

  static RecordKey key(String text) {
    return RecordKey.of(Bytes.ofText(text));
  }

  /** A record as it travels. */
  static RecordData record(String key, long rsn, String data) {
    var header = new RecordHeader(rsn, PNN, 0);
    return new RecordData(0, Bytes.ofText(key), value(header, data));
  }

  static Bytes value(RecordHeader header, String data) {
    byte[] bytes = new byte[RecordHeader.SIZE + Bytes.ofText(data).length()];
    header.encode().copyTo(bytes, 0);
    Bytes.ofText(data).copyTo(bytes, RecordHeader.SIZE);
    return Bytes.of(bytes);
  }

  /** Everything is stored as it comes. */
  static final StoreRule KEEP = (key, header, data) -> new StoreRule.Decision(header, true, false);

  /** Stores a record as soon as its chain can be locked. */
  void put(String key, long rsn, String data) {
    var stored = new CompletableFuture<Void>();
    node.run(
        () -> {
          if (!putNow(key, rsn, data)) {
            store.lockLater(
                key(key),
                () -> {
                  if (putNow(key, rsn, data)) {
                    stored.complete(null);
                  } else {
                    stored.completeExceptionally(new AssertionError("lock was promised"));
                  }
                });
          } else {
            stored.complete(null);
          }
        });
    NodeThread.await(stored);
  }

  private boolean putNow(String key, long rsn, String data) {
    boolean locked = store.tryLock(key(key));
    if (locked) {
      store.store(key(key), new RecordHeader(rsn, PNN, 0), Bytes.ofText(data));
      store.unlock(key(key));
    }
    return locked;
  }

  StoredRecord get(String key) {
    return node.done(done -> store.read(key(key), done));
  }

  boolean lockable(String key) {
    return node.call(
        () -> {
          boolean locked = store.tryLock(key(key));
          if (locked) {
            store.unlock(key(key));
          }
          return locked;
        });
  }

  @Override
  public void close() {
    node.run(store::close);
    factory.close();
    node.close();
  }
}
