// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.HashMap;
import java.util.Map;

/**
 * Request ids and what each stands for. One id space serves calls, controls, traverses and client
 * connections, as in ctdbd: it starts at 0x7FFFFF38, counts up to 0x7FFFFFFF and then goes on with
 * the lowest free id above 0. Ids are never 0. Node thread only.
 */
public final class ReqidTable {
  private static final int FIRST = Integer.MAX_VALUE - 199;

  private final Map<Integer, Object> holders = new HashMap<>();
  private int next = FIRST;

  /** A new id that stands for the holder until {@link #remove}. */
  public int allocate(Object holder) {
    while (holders.containsKey(next)) {
      advance();
    }
    int id = next;
    advance();
    holders.put(id, holder);
    return id;
  }

  /**
   * What the id stands for, or null if nothing, or nothing of this kind: late replies and foreign
   * ids are normal.
   */
  public <T> T find(int id, Class<T> kind) {
    Object holder = holders.get(id);
    return kind.isInstance(holder) ? kind.cast(holder) : null;
  }

  /** The id stands for nothing from now on. */
  public void remove(int id) {
    holders.remove(id);
  }

  private void advance() {
    next = next == Integer.MAX_VALUE ? 1 : next + 1;
  }
}
