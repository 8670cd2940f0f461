// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store;

import java.util.List;

/** Opens the files of databases. Node thread. */
public interface StoreFactory {
  /**
   * Opens, and creates if needed, the file of a database. A volatile or replicated one is empty
   * afterwards, a persistent one has passed a check.
   *
   * @param flags {@link org.ctdbj.protocol.DatabaseFlags}
   * @param hashSize number of hash chains of a new file
   * @param maxDead dead records kept per chain
   * @throws StoreException if that is not possible; names the file and the reason
   */
  DatabaseStore open(String name, int flags, int hashSize, int maxDead);

  /** Names of the persistent databases of this node that lie in their directory. */
  List<String> persistentNames();
}
