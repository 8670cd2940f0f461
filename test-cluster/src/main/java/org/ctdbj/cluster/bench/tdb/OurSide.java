// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.bench.tdb;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbOptions;

/** This project's TDB implementation, in this process. */
final class OurSide implements Side {
  private final Workload workload = new Workload();
  private final Map<Integer, Tdb> slots = new HashMap<>();

  @Override
  public void open(int slot, int flags, int hashSize, Path path) {
    var options = TdbOptions.ofBits(flags).withHashSize(hashSize).withCreate(true);
    Tdb old = slots.put(slot, Tdb.open(path, options));
    if (old != null) {
      old.close();
    }
  }

  @Override
  public void fill(int slot, int records, int length) {
    workload.makeKeys(records);
    workload.fill(slots.get(slot), records, length);
  }

  @Override
  public long run(int slot, Workload.Operation operation, int count, int records, int length) {
    workload.makeKeys(records);
    Tdb tdb = slots.get(slot);
    long start = System.nanoTime();
    workload.run(tdb, operation, count, records, length);
    return System.nanoTime() - start;
  }

  @Override
  public void close() {
    slots.values().forEach(Tdb::close);
    slots.clear();
  }
}
