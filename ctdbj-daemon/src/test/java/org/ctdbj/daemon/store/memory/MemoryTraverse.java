// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.memory;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.ctdbj.daemon.store.DatabaseStore.RecordFilter;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.daemon.store.StoreResult;
import org.ctdbj.daemon.store.StoredRecord;
import org.ctdbj.recovery.door.Timers;

/** Reads all records chain by chain, waiting for the lock of each. */
final class MemoryTraverse {
  private final Map<RecordKey, StoredRecord> records;
  private final MemoryChains chains;
  private final Timers timers;
  private final Supplier<StoreResult<Integer>> failure;
  private final RecordFilter filter;
  private final RecordBatches batches;
  private final Consumer<StoreResult<Integer>> done;
  private int chain;
  private boolean stopped;

  MemoryTraverse(
      Map<RecordKey, StoredRecord> records,
      MemoryChains chains,
      Timers timers,
      Supplier<StoreResult<Integer>> failure,
      RecordFilter filter,
      RecordBatches batches,
      Consumer<StoreResult<Integer>> done) {
    this.records = records;
    this.chains = chains;
    this.timers = timers;
    this.failure = failure;
    this.filter = filter;
    this.batches = batches;
    this.done = done;
  }

  /** Ends it early. */
  void stop() {
    stopped = true;
  }

  /** Reads the next chain that has records, when it can be locked. */
  void next() {
    StoreResult<Integer> failed = failure.get();
    if (failed != null) {
      done.accept(failed);
      return;
    }
    while (!stopped && chain < chains.count() && occupied(chain).isEmpty()) {
      chain++;
    }
    if (stopped || chain == chains.count()) {
      if (!stopped) {
        batches.flush();
      }
      done.accept(StoreResult.of(batches.total()));
      return;
    }
    chains.lockLater(
        chain,
        () -> {
          for (RecordKey key : occupied(chain)) {
            StoredRecord record = records.get(key);
            if (!stopped && filter.wants(record.header(), record.data().length())) {
              batches.add(key, record);
            }
          }
          chain++;
          timers.schedule(0, this::next);
        });
  }

  private Set<RecordKey> occupied(int index) {
    var keys = new LinkedHashSet<RecordKey>();
    for (RecordKey key : records.keySet()) {
      if (chains.index(key) == index) {
        keys.add(key);
      }
    }
    return keys;
  }
}
