// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store;

import java.util.Map;
import java.util.function.Consumer;

/**
 * What is known to be wrong with persistent databases, kept over restarts of the daemon. Node
 * thread.
 */
public interface HealthStore extends AutoCloseable {
  /**
   * Reads everything; once, before the node serves anybody.
   *
   * @return why a database must not be used, by its name; healthy ones are not in it
   * @throws StoreException if the file cannot be read
   */
  Map<String, String> load();

  /**
   * Writes one change, aside from the node thread; changes are written in their order.
   *
   * @param reason why the database must not be used; null if it may be
   * @param done called on the node thread when it lasts, or has failed
   */
  void save(String name, String reason, Consumer<StoreResult<Void>> done);

  @Override
  void close();
}
