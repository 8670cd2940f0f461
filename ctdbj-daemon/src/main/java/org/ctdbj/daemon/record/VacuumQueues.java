// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.record;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.ctdbj.daemon.store.RecordKey;
import org.ctdbj.protocol.RecordHeader;

/**
 * What vacuuming has to look at: the delete queue (empty records with the header they had) and the
 * fetch queue (records to bring to this node, their location master). Each key is at most once in
 * each, so neither grows beyond the records of the database. Lost with the daemon; the next full
 * run finds everything again.
 */
final class VacuumQueues {
  private Map<RecordKey, RecordHeader> deletes = new LinkedHashMap<>();
  private Set<RecordKey> fetches = new LinkedHashSet<>();

  /** Puts an empty record in the delete queue; a newer header replaces an older one. */
  void schedule(RecordKey key, RecordHeader header) {
    deletes.put(key, header);
  }

  /** The record has data again. */
  void unschedule(RecordKey key) {
    deletes.remove(key);
  }

  /** Puts back what a run did not get to, unless something newer is known by now. */
  void restore(Map<RecordKey, RecordHeader> leftDeletes, Set<RecordKey> leftFetches) {
    leftDeletes.forEach(deletes::putIfAbsent);
    fetches.addAll(leftFetches);
  }

  void fetch(RecordKey key) {
    fetches.add(key);
  }

  /** Hands the delete queue over and starts a new one. */
  Map<RecordKey, RecordHeader> takeDeletes() {
    var taken = deletes;
    deletes = new LinkedHashMap<>();
    return taken;
  }

  /** Hands the fetch queue over and starts a new one. */
  Set<RecordKey> takeFetches() {
    var taken = fetches;
    fetches = new LinkedHashSet<>();
    return taken;
  }

  void clear() {
    deletes.clear();
    fetches.clear();
  }

  /** The header with which a key is in the delete queue, or null. */
  RecordHeader scheduled(RecordKey key) {
    return deletes.get(key);
  }

  int fetchCount() {
    return fetches.size();
  }
}
