// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import org.ctdbj.tdb.FileInfo;
import org.ctdbj.tdb.Tdb;
import picocli.CommandLine.Command;

/** {@code ctdbj tdb info}. */
@Command(name = "info", description = "Shows what a file is and what it holds.")
final class InfoCommand extends ReadingCommand {
  @Override
  int run() throws IOException {
    var info = read("reading", Tdb::info);
    if (isJson()) {
      writeJson(info);
    } else {
      writeText(info);
    }
    return OK;
  }

  private void writeJson(FileInfo info) {
    json()
        .put("file", info.file().toString())
        .put("size", info.size())
        .put("byteOrder", byteOrder(info))
        .put("hashFunction", hashFunction(info))
        .put("hashSize", info.hashSize())
        .put("mutexAreaSize", info.mutexAreaSize())
        .put("sequenceNumber", Integer.toUnsignedLong(info.sequenceNumber()))
        .put("liveRecords", info.liveRecords())
        .put("deadRecords", info.deadRecords())
        .put("freeRecords", info.freeRecords())
        .put("freeBytes", info.freeBytes())
        .put("recoveryOffset", info.recoveryOffset())
        .put("recoveryBytes", info.recoveryBytes())
        .end();
  }

  private void writeText(FileInfo info) throws IOException {
    boolean mutexes = info.mutexAreaSize() > 0;
    println("file:            " + info.file());
    println("size:            " + info.size() + " bytes");
    println("byte order:      " + byteOrder(info));
    println("hash function:   " + hashFunction(info));
    println("hash size:       " + info.hashSize() + " chains");
    println("features:        " + (mutexes ? "mutexes" : "none"));
    println("mutex area:      " + (mutexes ? info.mutexAreaSize() + " bytes" : "none"));
    println("sequence number: " + Integer.toUnsignedString(info.sequenceNumber()));
    println("live records:    " + info.liveRecords());
    println("dead records:    " + info.deadRecords());
    println("free records:    " + info.freeRecords());
    println("free bytes:      " + info.freeBytes());
    println(
        "recovery area:   "
            + (info.recoveryOffset() == 0
                ? "none"
                : info.recoveryBytes() + " bytes at offset " + info.recoveryOffset()));
  }

  private static String byteOrder(FileInfo info) {
    return info.bigEndian() ? "big-endian" : "little-endian";
  }

  private static String hashFunction(FileInfo info) {
    return info.jenkinsHash() ? "jenkins" : "default";
  }
}
