// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.local;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Calls;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.RecordFlags;
import org.ctdbj.protocol.RecordHeader;
import org.ctdbj.protocol.packet.ReplyControl;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbOptions;

/**
 * A volatile database used from one node as smbd uses it: the file is opened and locked directly,
 * the daemon is only asked to bring a record here. Used by one platform thread.
 */
public final class SharedDatabase implements AutoCloseable {
  private final DaemonConnection connection;
  private final Tdb file;
  private final int id;
  private final int pnn;

  private SharedDatabase(DaemonConnection connection, Tdb file, int id, int pnn) {
    this.connection = connection;
    this.file = file;
    this.id = id;
    this.pnn = pnn;
  }

  /**
   * Attaches a database at the node of the connection, which stays the caller's, and opens its
   * file.
   */
  public static SharedDatabase attach(DaemonConnection connection, String name) throws IOException {
    int id = ask(connection, Control.DB_ATTACH, Bytes.ofTerminated(name)).getInt(0);
    Path path = Path.of(ask(connection, Control.GETDBPATH, Bytes.ofInt(id)).text());
    int flags = ask(connection, Control.DB_OPEN_FLAGS, Bytes.ofInt(id)).getInt(0);
    int pnn = connection.control(Control.GET_PNN, Bytes.EMPTY).status();
    return new SharedDatabase(connection, Tdb.open(path, TdbOptions.ofBits(flags)), id, pnn);
  }

  private static Bytes ask(DaemonConnection connection, Control control, Bytes data)
      throws IOException {
    ReplyControl reply = connection.control(control, data);
    if (reply.status() != 0) {
      throw new IOException(control + ": status " + reply.status() + " " + reply.error());
    }
    return reply.data();
  }

  /** Brings the record here, writes the value, and returns the record's header. */
  public RecordHeader write(Bytes key, Bytes value) throws IOException {
    byte[] keyBytes = key.toByteArray();
    RecordHeader header = lock(key, keyBytes);
    try {
      file.store(keyBytes, header.encode().toByteArray(), value.toByteArray());
      return header;
    } finally {
      file.unlockChain(keyBytes);
    }
  }

  /** Brings the record here and returns its value; empty if it has none. */
  public Bytes read(Bytes key) throws IOException {
    byte[] keyBytes = key.toByteArray();
    lock(key, keyBytes);
    try {
      return Bytes.of(file.fetch(keyBytes)).from(RecordHeader.SIZE);
    } finally {
      file.unlockChain(keyBytes);
    }
  }

  /** The header of this node's copy, wherever the record is; empty if this node has none. */
  public Optional<RecordHeader> localHeader(Bytes key) {
    byte[] stored = file.fetch(key.toByteArray());
    return stored == null || stored.length < RecordHeader.SIZE
        ? Optional.empty()
        : Optional.of(RecordHeader.decode(Bytes.of(stored)));
  }

  private RecordHeader lock(Bytes key, byte[] keyBytes) throws IOException {
    while (true) {
      file.lockChain(keyBytes);
      Optional<RecordHeader> header = localHeader(key);
      if (header.isPresent()
          && header.get().dmaster() == pnn
          && !header.get().hasAny(RecordFlags.RO_HAVE_DELEGATIONS)) {
        return header.get();
      }
      file.unlockChain(keyBytes);
      connection.call(id, Calls.NULL, Calls.FLAG_IMMEDIATE_MIGRATION, key);
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
