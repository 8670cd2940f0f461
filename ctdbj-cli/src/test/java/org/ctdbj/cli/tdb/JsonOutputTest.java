// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import static org.ctdbj.cli.tdb.CommandRun.ctdbjReading;
import static org.ctdbj.cli.tdb.CommandRun.tdb;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.ctdbj.tdb.Tdb;
import org.ctdbj.tdb.TdbOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** {@code --json}: documents that a parser reads, with the same facts as the text. */
class JsonOutputTest {
  @TempDir private Path directory;

  private static Object parse(String text) {
    try (JsonParser parser =
        JsonFactory.builder().build().createParser(ObjectReadContext.empty(), text)) {
      parser.nextToken();
      Object value = value(parser);
      assertNull(parser.nextToken(), "more than one document");
      return value;
    }
  }

  private static Object value(JsonParser parser) {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        var object = new LinkedHashMap<String, Object>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          assertNull(object.put(name, value(parser)), name + " twice");
        }
        yield object;
      }
      case START_ARRAY -> {
        var array = new ArrayList<Object>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          array.add(value(parser));
        }
        yield array;
      }
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT -> parser.getNumberValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> throw new AssertionError(parser.currentToken());
    };
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(CommandRun run) {
    assertTrue(run.out().endsWith("}\n"), run.out());
    return (Map<String, Object>) parse(run.out());
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> records(CommandRun run) {
    assertEquals(0, run.exit(), run.err());
    return (List<Map<String, Object>>) object(run).get("records");
  }

  private Path sample() {
    return SampleFiles.create(directory.resolve("a.tdb"), Set.of());
  }

  @Test
  void everyByteOfADumpComesBack() {
    Path file = sample();
    var records = records(tdb("dump", "--json", file));
    assertEquals(SampleFiles.RECORDS, records.size());
    assertEquals(Set.copyOf(records), Set.copyOf(records(tdb("rescue", "--json", file))), "rescue");
    try (var tdb = Tdb.open(file, TdbOptions.defaults().withReadOnly(true))) {
      for (var record : records) {
        assertArrayEquals(
            tdb.fetch(Notation.read((String) record.get("key"))),
            Notation.read((String) record.get("data")));
      }
    }
    assertEquals(
        records.stream().map(record -> record.get("key")).toList(),
        object(tdb("keys", "--json", file)).get("keys"));
  }

  @Test
  void factsAboutAFile() throws IOException {
    Path file = sample();
    var info = object(tdb("info", "--json", file));
    assertEquals(7, info.get("hashSize"));
    assertEquals("default", info.get("hashFunction"));
    assertEquals(60, info.get("liveRecords"));
    var check = object(tdb("check", "--json", file));
    assertEquals(true, check.get("good"));
    assertEquals(List.of(), check.get("findings"));
    var summary = object(tdb("summary", "--json", file));
    assertEquals(60, ((Map<?, ?>) summary.get("keys")).get("count"));
    assertEquals(7, ((Map<?, ?>) summary.get("chains")).get("count"));

    SampleFiles.damage(file, 172, 4);
    CommandRun bad = tdb("check", "--json", file);
    assertEquals(1, bad.exit());
    var findings = (List<?>) object(bad).get("findings");
    assertTrue(
        ((Map<?, ?>) findings.getFirst())
            .keySet()
            .containsAll(Set.of("offset", "expected", "found")));
  }

  @Test
  void whatIsDone() {
    Path file = sample();
    var repack = object(tdb("repack", "--json", file));
    assertTrue(((Map<?, ?>) repack.get("after")).containsKey("freeBytes"));
    var backup = (List<?>) object(tdb("backup", "--json", file)).get("files");
    assertEquals(
        Map.of("file", file.toString(), "liveRecords", 60, "backup", file + ".bak"),
        backup.getFirst());
    var restored =
        object(
            ctdbjReading(
                new byte[0], "tdb", "restore", "--json", directory.resolve("n").toString()));
    assertEquals(0, restored.get("liveRecords"));
    assertEquals(
        Map.of("file", file.toString(), "key", "", "length", 48, "data", "x".repeat(48)),
        object(putAndGet(file)));
  }

  private static CommandRun putAndGet(Path file) {
    assertEquals(0, tdb("put", file, "", "x".repeat(48)).exit());
    return tdb("get", "--json", file, "");
  }

  @Test
  void headersOfACluster() {
    Path file = directory.resolve("l.tdb");
    try (var tdb = Tdb.open(file, TdbOptions.defaults().withCreate(true))) {
      byte[] header = new byte[25];
      java.util.Arrays.fill(header, 0, 8, (byte) -1);
      header[18] = 1;
      tdb.store(new byte[] {'k'}, header);
    }
    var record = records(tdb("ltdb", "--json", file)).getFirst();
    assertEquals(new java.math.BigInteger("18446744073709551615"), record.get("rsn"));
    assertEquals(List.of("MIGRATED_WITH_DATA"), record.get("flagNames"));
    assertEquals("\\00", record.get("data"));
    assertEquals(Map.of("0", 1), object(tdb("ltdb", "-c", "--json", file)).get("byDmaster"));
  }

  /** A document that is cut off must not look complete. */
  @Test
  void aFailureHalfWayLeavesNoWholeDocument() throws IOException {
    Path file = sample();
    SampleFiles.damage(file, 172 + 4 * 5, 4);
    CommandRun run = tdb("dump", "--json", file);
    assertEquals(1, run.exit());
    assertTrue(!run.out().strip().endsWith("]\n}"), run.out());
  }
}
