// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.memory;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreFactory;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.recovery.door.Timers;

/**
 * The databases of one node in memory. Persistent ones keep their records when the node's daemon
 * ends and a new one opens them through the same factory; the others are empty then.
 */
public final class MemoryStoreFactory implements StoreFactory {
  private static final int CHAINS = 31;
  private static final int VOLATILE_FLAGS = 0x0c41;
  private static final int PERSISTENT_FLAGS = 0x0400;

  private final Timers timers;
  private final int pnn;
  private final Map<String, Map<RecordKey, StoredRecord>> persistent = new TreeMap<>();
  private final Map<String, MemoryDatabaseStore> opened = new TreeMap<>();

  /** The directory of one node. */
  public MemoryStoreFactory(Timers timers, int pnn) {
    this.timers = timers;
    this.pnn = pnn;
  }

  @Override
  public MemoryDatabaseStore open(String name, int flags, int hashSize, int maxDead) {
    boolean keeps = (flags & DatabaseFlags.PERSISTENT) != 0;
    Map<RecordKey, StoredRecord> records =
        keeps
            ? persistent.computeIfAbsent(name, _ -> new LinkedHashMap<>())
            : new LinkedHashMap<>();
    var store =
        new MemoryDatabaseStore(
            timers,
            Path.of(keeps ? "/persistent" : "/volatile", name + "." + pnn),
            keeps ? PERSISTENT_FLAGS : VOLATILE_FLAGS,
            CHAINS,
            records);
    opened.put(name, store);
    return store;
  }

  @Override
  public List<String> persistentNames() {
    return List.copyOf(persistent.keySet());
  }

  /** The store that was opened last under a name; null if none was. */
  public MemoryDatabaseStore store(String name) {
    return opened.get(name);
  }
}
