// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store.memory;

/** Operations that can be made to fail. The key is null for those on the whole database. */
public enum StoreOperation {
  LOCK,
  FETCH,
  STORE,
  DELETE,
  FREEZE,
  TRANSACTION_START,
  WIPE,
  COMMIT,
  PULL,
  PUSH,
  UPDATE,
  TRAVERSE
}
