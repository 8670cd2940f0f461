// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store;

import org.ctdbj.protocol.Bytes;
import org.ctdbj.tdb.TdbHash;

/**
 * A record's key with its hash, computed once: Jenkins' hash picks the location master in every
 * database, and the hash chain in volatile and replicated ones. Holds its own copy of the bytes.
 */
public final class RecordKey {
  private final byte[] bytes;
  private final int hash;

  private RecordKey(byte[] bytes) {
    this.bytes = bytes;
    this.hash = TdbHash.jenkins(bytes, 0, bytes.length);
  }

  /** The key with these bytes. */
  public static RecordKey of(Bytes key) {
    return new RecordKey(key.toByteArray());
  }

  /** The bytes; must not be changed. */
  public byte[] array() {
    return bytes;
  }

  /** The bytes. */
  public Bytes bytes() {
    return Bytes.of(bytes);
  }

  /** Jenkins' hash of the bytes. */
  public int hash() {
    return hash;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RecordKey that
        && hash == that.hash
        && java.util.Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  /** The key in hexadecimal, for messages. */
  @Override
  public String toString() {
    return Bytes.of(bytes).hex();
  }
}
