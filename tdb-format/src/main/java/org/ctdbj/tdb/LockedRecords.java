// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import org.ctdbj.tdb.os.LockMode;

/**
 * Calls on single records under the lock of their chain, which they take for their own duration
 * unless the handle holds it. Reading allocates nothing but its result.
 */
final class LockedRecords {
  private final TdbState state;
  private final RecordStore store;

  LockedRecords(TdbState state, RecordStore store) {
    this.state = state;
    this.store = store;
  }

  byte[] fetch(byte[] key) {
    int hash = state.hashOf(key);
    int chain = state.chainOf(hash);
    if (state.locks.coversChain(chain, LockMode.READ)) {
      return fetchLocked(key, hash);
    }
    state.locks.lockChainRead(chain);
    try {
      return fetchLocked(key, hash);
    } finally {
      state.locks.unlockChainRead(chain);
    }
  }

  private byte[] fetchLocked(byte[] key, int hash) {
    long offset = store.find(key, hash);
    return offset == 0
        ? null
        : state.io.readBytes(offset + TdbLayout.RECORD_HEADER + key.length, store.found().dataLen);
  }

  <R> R parse(byte[] key, Function<MemorySegment, R> f) {
    int hash = state.hashOf(key);
    int chain = state.chainOf(hash);
    if (state.locks.coversChain(chain, LockMode.READ)) {
      return parseLocked(key, hash, f);
    }
    state.locks.lockChainRead(chain);
    try {
      return parseLocked(key, hash, f);
    } finally {
      state.locks.unlockChainRead(chain);
    }
  }

  private <R> R parseLocked(byte[] key, int hash, Function<MemorySegment, R> f) {
    long offset = store.find(key, hash);
    return offset == 0
        ? null
        : f.apply(
            state.io.view(offset + TdbLayout.RECORD_HEADER + key.length, store.found().dataLen));
  }

  boolean exists(byte[] key) {
    int hash = state.hashOf(key);
    int chain = state.chainOf(hash);
    if (state.locks.coversChain(chain, LockMode.READ)) {
      return store.find(key, hash) != 0;
    }
    state.locks.lockChainRead(chain);
    try {
      return store.find(key, hash) != 0;
    } finally {
      state.locks.unlockChainRead(chain);
    }
  }

  void store(byte[] key, StoreMode mode, MemorySegment... parts) {
    state.requireWritable();
    int hash = state.hashOf(key);
    int chain = state.chainOf(hash);
    if (state.locks.coversChain(chain, LockMode.WRITE)) {
      store.store(key, hash, mode, parts);
      return;
    }
    state.locks.lockChain(chain);
    try {
      store.store(key, hash, mode, parts);
    } finally {
      state.locks.unlockChain(chain);
    }
  }

  boolean delete(byte[] key) {
    state.requireWritable();
    int hash = state.hashOf(key);
    int chain = state.chainOf(hash);
    if (state.locks.coversChain(chain, LockMode.WRITE)) {
      return store.delete(key, hash);
    }
    state.locks.lockChain(chain);
    try {
      return store.delete(key, hash);
    } finally {
      state.locks.unlockChain(chain);
    }
  }

  void append(byte[] key, byte[] data) {
    state.requireWritable();
    int chain = state.chainOf(state.hashOf(key));
    state.locks.lockChain(chain);
    try {
      byte[] old = fetch(key);
      var added = MemorySegment.ofArray(data);
      if (old == null) {
        store(key, StoreMode.REPLACE, added);
      } else {
        store(key, StoreMode.REPLACE, MemorySegment.ofArray(old), added);
      }
    } finally {
      state.locks.unlockChain(chain);
    }
  }
}
