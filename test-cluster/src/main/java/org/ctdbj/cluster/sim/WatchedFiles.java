// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import java.util.List;
import org.ctdbj.daemon.store.DatabaseStore;
import org.ctdbj.daemon.store.StoreFactory;
import org.ctdbj.daemon.store.memory.MemoryDatabaseStore;
import org.ctdbj.daemon.store.memory.MemoryStoreFactory;
import org.ctdbj.daemon.store.memory.StoreOperation;

/** Files of a node whose commits of recoveries are shown to the checker. */
record WatchedFiles(Simulation world, SimNode node, MemoryStoreFactory files)
    implements StoreFactory {
  @Override
  public DatabaseStore open(String name, int flags, int hashSize, int maxDead) {
    MemoryDatabaseStore store = files.open(name, flags, hashSize, maxDead);
    node.attached().put(name, store);
    store.setWorkNanos(world.random().nextLong(world.profile().maxWorkNanos()));
    store.setFaults(
        (operation, _) -> {
          if (operation == StoreOperation.COMMIT) {
            world.checker().commits().committing(node, name, flags, store);
          }
          return null;
        });
    return store;
  }

  @Override
  public List<String> persistentNames() {
    return files.persistentNames();
  }
}
