// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the documentation tells users to write does what it says. */
class ExamplesTest {
  @TempDir Path dir;

  private Tdb open() {
    return Tdb.open(dir.resolve("example.tdb"), TdbOptions.defaults().withCreate(true));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  @Test
  void records() {
    assertEquals("blue", Examples.records(dir.resolve("example.tdb")));
    try (var tdb = open()) {
      assertEquals(1009, tdb.hashSize());
      assertFalse(tdb.exists(bytes("colour")));
    }
  }

  @Test
  void counter() {
    try (var tdb = open()) {
      Examples.count(tdb, bytes("n"));
      Examples.count(tdb, bytes("n"));
      assertEquals(2, ByteBuffer.wrap(tdb.fetch(bytes("n"))).getLong());
      assertTrue(tdb.tryLockAll(), "no lock is left");
    }
  }

  @Test
  void transaction() {
    try (var tdb = open()) {
      tdb.store(bytes("a"), bytes("1"));
      Examples.move(tdb, bytes("a"), bytes("b"));
      Examples.move(tdb, bytes("absent"), bytes("c"));
      assertFalse(tdb.exists(bytes("a")));
      assertArrayEquals(bytes("1"), tdb.fetch(bytes("b")));
      assertFalse(tdb.inTransaction());
    }
  }

  @Test
  void traverseAndParse() {
    try (var tdb = open()) {
      tdb.store(bytes("empty"));
      tdb.store(bytes("full"), bytes("x"));
      assertNull(Examples.firstByte(tdb, bytes("empty")));
      assertEquals(2, Examples.deleteEmpty(tdb));
      assertFalse(tdb.exists(bytes("empty")));
      assertEquals((byte) 'x', Examples.firstByte(tdb, bytes("full")));
    }
  }

  @Test
  void rescue() throws IOException {
    Path file = dir.resolve("example.tdb");
    try (var tdb = open()) {
      for (int i = 0; i < 50; i++) {
        tdb.store(bytes("key" + i), bytes("value" + i));
      }
    }
    try (var raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.seek(TdbLayout.chainHead(0));
      raw.write(new byte[4 * 131]);
    }
    Path rescued = dir.resolve("rescued.tdb");
    var report = new ArrayList<Object>();
    assertEquals(50, Examples.salvage(file, rescued, report::add));
    assertEquals(50, report.size(), "a finding for each record that is in no chain");
    try (var tdb = Tdb.open(rescued, TdbOptions.defaults())) {
      assertArrayEquals(bytes("value7"), tdb.fetch(bytes("key7")));
    }
  }
}
