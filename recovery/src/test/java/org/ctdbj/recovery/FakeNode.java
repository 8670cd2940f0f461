// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Capabilities;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.DatabaseFlags;
import org.ctdbj.protocol.Generation;
import org.ctdbj.protocol.NodeFlags;
import org.ctdbj.protocol.RecoveryMode;
import org.ctdbj.protocol.TunableValues;
import org.ctdbj.protocol.body.BanState;
import org.ctdbj.protocol.body.DatabaseMap;
import org.ctdbj.protocol.body.NodeFlagChange;
import org.ctdbj.protocol.body.NodeMap;
import org.ctdbj.protocol.body.PullDatabase;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.protocol.body.RecordData;
import org.ctdbj.protocol.body.TransactionDatabase;
import org.ctdbj.protocol.body.VnnMap;

/**
 * What a daemon does with the controls that a recovery core sends, without anything that takes
 * time.
 */
final class FakeNode {
  /** Answer of a fault that leaves the request without an answer. */
  static final ControlResult SILENCE = ControlResult.failed("never sent");

  final FakeCluster cluster;
  final int pnn;
  final int[] flags;
  int mode = RecoveryMode.ACTIVE.number();
  int capabilities = Capabilities.DEFAULT;
  TunableValues tunables = TunableValues.defaults();
  VnnMap map;
  final Map<Integer, FakeDatabase> databases = new LinkedHashMap<>();
  final Map<Control, Function<Bytes, ControlResult>> faults = new EnumMap<>(Control.class);
  int publicAddresses;
  int recoveries;
  int reallocations;
  int bans;

  FakeNode(FakeCluster cluster, int pnn, int nodes) {
    this.cluster = cluster;
    this.pnn = pnn;
    flags = new int[nodes];
    var all = new ArrayList<Integer>();
    for (int i = 0; i < nodes; i++) {
      all.add(i);
    }
    map = new VnnMap(Generation.INVALID, List.copyOf(all));
  }

  FakeDatabase database(int id, String name, int databaseFlags) {
    return databases.computeIfAbsent(id, key -> new FakeDatabase(id, name, databaseFlags));
  }

  int ownFlags() {
    return flags[pnn];
  }

  /** Stop, ban: out of the databases. */
  void becomeInactive(int flag) {
    flags[pnn] |= flag;
    map = new VnnMap(Generation.INVALID, map.lmasters());
    mode = RecoveryMode.ACTIVE.number();
    freezeAll();
  }

  private void freezeAll() {
    for (var database : databases.values()) {
      database.generation = Generation.INVALID;
      database.frozen = true;
      database.invalid = DatabaseFlags.isVolatile(database.flags);
    }
  }

  /** Executes a control; null for no answer ever. */
  ControlResult control(int source, Control control, Bytes data) {
    var fault = faults.get(control);
    var result = fault == null ? null : fault.apply(data);
    if (SILENCE.equals(result)) {
      return null;
    }
    return result != null ? result : execute(source, control, data);
  }

  private ControlResult execute(int source, Control control, Bytes data) {
    return switch (control) {
      case RECD_PING, PING, START_RECOVERY -> ok();
      case END_RECOVERY -> {
        recoveries++;
        yield ok();
      }
      case IPREALLOCATED -> {
        reallocations++;
        yield ok();
      }
      case GET_PUBLIC_IPS ->
          ok(
              new ByteWriter(4 + 32 * publicAddresses)
                  .putInt(publicAddresses)
                  .putZeros(32 * publicAddresses)
                  .toBytes());
      case GET_ALL_TUNABLES -> ok(tunables.encode());
      case GET_NODEMAP -> ok(nodeMap().encode());
      case GET_RECMODE -> ControlResult.of(mode, Bytes.EMPTY, "");
      case SET_RECMODE -> setMode(data.getInt(0));
      case GET_CAPABILITIES -> ok(Bytes.ofInt(capabilities));
      case GETVNNMAP -> ok(map.encode());
      case SETVNNMAP -> {
        if (mode != RecoveryMode.ACTIVE.number()) {
          yield ControlResult.failed("not in recovery mode");
        }
        map = VnnMap.decode(data);
        yield ok();
      }
      case MODIFY_FLAGS -> {
        var change = NodeFlagChange.decode(data);
        if (change.pnn() != pnn && (flags[change.pnn()] & NodeFlags.DISCONNECTED) == 0) {
          flags[change.pnn()] = change.newFlags() & ~NodeFlags.DISCONNECTED;
        }
        yield ok();
      }
      case SET_BAN_STATE -> {
        var ban = BanState.decode(data);
        if (ban.pnn() != pnn) {
          yield ControlResult.failed("not this node");
        }
        bans++;
        becomeInactive(NodeFlags.BANNED);
        yield ok();
      }
      case FREEZE -> {
        freezeAll();
        yield ok();
      }
      case GET_DBMAP ->
          ok(
              new DatabaseMap(
                      databases.values().stream()
                          .map(d -> new DatabaseMap.Entry(d.id, d.flags))
                          .toList())
                  .encode());
      case DB_ATTACH -> attach(data, 0);
      case DB_ATTACH_PERSISTENT -> attach(data, DatabaseFlags.PERSISTENT);
      case DB_ATTACH_REPLICATED -> attach(data, DatabaseFlags.REPLICATED);
      default -> {
        var database = databases.get(data.getInt(0));
        yield database == null
            ? ControlResult.failed("unknown database")
            : execute(source, control, data, database);
      }
    };
  }

  private ControlResult execute(int source, Control control, Bytes data, FakeDatabase database) {
    switch (control) {
      case GET_DBNAME -> {
        return ok(Bytes.ofTerminated(database.name));
      }
      case DB_FREEZE -> database.frozen = true;
      case DB_THAW -> database.thaw();
      case DB_TRANSACTION_START -> {
        if (!database.frozen) {
          return ControlResult.failed("not frozen");
        }
        database.begin(TransactionDatabase.decode(data).transactionId());
      }
      case GET_DB_SEQNUM -> {
        var copy = database.records.get("__db_sequence_number__");
        return ok(Bytes.ofLong(copy == null ? 0 : Long.parseLong(copy.value())));
      }
      case DB_PULL -> {
        return pull(source, PullDatabase.decode(data), database);
      }
      case WIPE_DATABASE -> {
        if (!matches(database, data)) {
          return ControlResult.failed("wrong transaction");
        }
        database.changed.clear();
      }
      case DB_PUSH_START -> {
        if (!database.inTransaction()) {
          return ControlResult.failed("no transaction");
        }
        database.pushSrvid = PullDatabase.decode(data).srvid();
        database.pushed = 0;
      }
      case DB_PUSH_CONFIRM -> {
        database.pushSrvid = 0;
        return ok(Bytes.ofInt(database.pushed));
      }
      case DB_TRANSACTION_COMMIT -> {
        if (!matches(database, data)) {
          return ControlResult.failed("wrong transaction");
        }
        database.commit();
      }
      default -> throw new AssertionError("unexpected control " + control);
    }
    return ok();
  }

  private ControlResult pull(int source, PullDatabase request, FakeDatabase database) {
    if (!database.inTransaction()) {
      return ControlResult.failed("no transaction");
    }
    if (database.invalid) {
      return ok(Bytes.ofInt(0));
    }
    var all = new ArrayList<RecordData>();
    database.changed.forEach(
        (key, copy) -> all.add(new RecordData(0, Bytes.ofText(key), encode(copy))));
    for (int from = 0; from < all.size(); from += 3) {
      var part = all.subList(from, Math.min(from + 3, all.size()));
      cluster.message(pnn, source, request.srvid(), new RecordBuffer(database.id, part).encode());
    }
    return ok(Bytes.ofInt(all.size()));
  }

  static Bytes encode(FakeDatabase.Copy copy) {
    var writer = new ByteWriter(64);
    copy.header().encode(writer);
    return writer.put(Bytes.ofText(copy.value())).toBytes();
  }

  /** A message to the daemon itself: records of a push. */
  void message(long srvid, Bytes data) {
    for (var database : databases.values()) {
      if (database.pushSrvid == srvid) {
        for (var record : RecordBuffer.decode(data).records()) {
          database.store(pnn, record.key(), record.data());
        }
      }
    }
  }

  private ControlResult attach(Bytes data, int type) {
    String name = data.text();
    int id = FakeCluster.databaseId(name);
    database(id, name, type);
    return ok(Bytes.ofInt(id));
  }

  private ControlResult setMode(int newMode) {
    if (newMode == RecoveryMode.NORMAL.number()) {
      for (var database : databases.values()) {
        if (database.generation != map.generation()) {
          return ControlResult.failed("generation of " + database.name + " differs");
        }
        database.thaw();
      }
    }
    mode = newMode;
    return ok();
  }

  private static boolean matches(FakeDatabase database, Bytes data) {
    return database.inTransaction()
        && database.transaction == TransactionDatabase.decode(data).transactionId();
  }

  NodeMap nodeMap() {
    var nodes = new ArrayList<NodeMap.Node>();
    for (int i = 0; i < flags.length; i++) {
      nodes.add(cluster.entry(i, flags[i]));
    }
    return new NodeMap(nodes);
  }

  private static ControlResult ok() {
    return ok(Bytes.EMPTY);
  }

  static ControlResult ok(Bytes data) {
    return ControlResult.of(0, data, "");
  }
}
