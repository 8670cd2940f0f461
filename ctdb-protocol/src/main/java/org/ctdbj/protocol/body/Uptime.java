// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;

/**
 * UPTIME.
 *
 * @param current wall clock now
 * @param started start of the daemon
 * @param lastRecoveryStarted beginning of the last recovery
 * @param lastRecoveryFinished end of the last recovery
 */
public record Uptime(
    TimeVal current, TimeVal started, TimeVal lastRecoveryStarted, TimeVal lastRecoveryFinished) {
  /** Bytes of the encoded body. */
  public static final int SIZE = 64;

  /** Reads it; more bytes may follow. */
  public static Uptime decode(Bytes bytes) {
    var reader = new ByteReader("uptime", bytes);
    TimeVal current = TimeVal.read(reader, "current");
    TimeVal started = TimeVal.read(reader, "started");
    TimeVal lastRecoveryStarted = TimeVal.read(reader, "lastRecoveryStarted");
    TimeVal lastRecoveryFinished = TimeVal.read(reader, "lastRecoveryFinished");
    return new Uptime(current, started, lastRecoveryStarted, lastRecoveryFinished);
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(SIZE);
    current.write(writer);
    started.write(writer);
    lastRecoveryStarted.write(writer);
    lastRecoveryFinished.write(writer);
    return writer.toBytes();
  }
}
