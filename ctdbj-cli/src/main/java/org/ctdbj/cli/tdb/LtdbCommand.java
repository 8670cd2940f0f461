// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.ctdbj.tdb.DumpFormat;
import org.ctdbj.tdb.RecordVisitor;
import org.ctdbj.tdb.Tdb;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ctdbj tdb ltdb}. */
@Command(
    name = "ltdb",
    description = {
      "Shows the records of a database of a cluster, as 'ltdbtool dump -p' does: the header that the"
          + " daemon keeps in front of every value, and the data behind it. rsn is the record"
          + " sequence number (the highest is the newest), dmaster the number of the node that has"
          + " the right to change the record, -1 if none.",
      "Only this node's copy is read; in volatile databases those of other nodes may be newer."
          + " Records without data are left out: in volatile databases they are deleted records"
          + " that wait for vacuuming, in persistent ones deleted records."
    },
    footer = Subcommand.NOTATION)
final class LtdbCommand extends Subcommand {
  /** How much of the header is shown. */
  enum Headers {
    /** Flags by name. */
    NAMES,
    /** As {@code ltdbtool dump -p}. */
    NUMBERS,
    /** As {@code ltdbtool dump}. */
    NONE
  }

  /** Whose header it is. */
  enum HeaderSize {
    NO(0),
    BITS_32(LtdbHeader.SIZE_32),
    BITS_64(LtdbHeader.SIZE_64);

    private final int bytes;

    HeaderSize(int bytes) {
      this.bytes = bytes;
    }

    static HeaderSize of(int bits) {
      return switch (bits) {
        case 0 -> NO;
        case 32 -> BITS_32;
        case 64 -> BITS_64;
        default -> throw new IllegalArgumentException("expected 0, 32 or 64, found " + bits);
      };
    }
  }

  @Option(
      names = {"-e", "--empty"},
      description = "Also show records without data.")
  private boolean empty;

  @Option(
      names = {"-H", "--headers"},
      paramLabel = "FORM",
      defaultValue = "NAMES",
      description =
          "names: flags by name; numbers: to the byte as 'ltdbtool dump -p'; none: to the byte as"
              + " 'ltdbtool dump'. Default: names.")
  private Headers headers;

  @Option(
      names = {"-s", "--header-size"},
      paramLabel = "BITS",
      defaultValue = "64",
      converter = HeaderSizeConverter.class,
      description =
          "Header of a 64-bit machine (24 bytes), a 32-bit machine (20 bytes), or 0 for none."
              + " Default: 64.")
  private HeaderSize headerSize;

  @Option(
      names = {"-c", "--count"},
      description =
          "Only count: records with and without data, by data master and by flag, and what kind of"
              + " database it is.")
  private boolean count;

  @Option(names = "--lock", description = LOCK)
  private boolean lock;

  @Option(names = "--json", description = JSON)
  private boolean json;

  @Parameters(index = "0", paramLabel = "FILE", description = "The TDB file.")
  private Path file;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "KEY",
      converter = Notation.class,
      description = "Show only these records, empty ones too.")
  private List<Bytes> keys = List.of();

  private boolean warnedOfPadding;

  /** 0, 32 or 64. */
  static final class HeaderSizeConverter implements picocli.CommandLine.ITypeConverter<HeaderSize> {
    @Override
    public HeaderSize convert(String bits) {
      try {
        return HeaderSize.of(Integer.parseInt(bits));
      } catch (IllegalArgumentException e) {
        throw new picocli.CommandLine.TypeConversionException(
            "expected 0, 32 or 64, found '" + bits + "'");
      }
    }
  }

  @Override
  int run() throws IOException {
    try (var progress = progressBesideOutput("reading " + file);
        var tdb = openToRead(file, lock)) {
      if (lock) {
        tdb.lockAllRead();
      }
      if (count) {
        var counts = new LtdbCounts(tdb.info());
        walk(
            tdb,
            progress,
            (key, value) -> {
              counts.add(key, value, headerSize.bytes);
              return true;
            });
        if (json) {
          counts.write(json());
        } else {
          for (String line : counts.lines()) {
            println(line);
          }
        }
        return OK;
      }
      return json ? showJson(tdb, progress) : showText(tdb, progress);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private int showText(Tdb tdb, Progress progress) {
    return visit(
        tdb,
        progress,
        (key, value) -> {
          try {
            writeText(key, value);
            return true;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private int showJson(Tdb tdb, Progress progress) {
    var document = json().put("file", file.toString()).beginArray("records");
    int exit =
        visit(
            tdb,
            progress,
            (key, value) -> {
              writeJson(document, key, value);
              return true;
            });
    document.endArray().end();
    return exit;
  }

  /** Visits the records that are asked for and have a header. */
  private int visit(Tdb tdb, Progress progress, RecordVisitor visitor) {
    RecordVisitor checking = (key, value) -> !hasHeader(key, value) || visitor.visit(key, value);
    if (keys.isEmpty()) {
      walk(
          tdb,
          progress,
          (key, value) ->
              (value.length == headerSize.bytes && headerSize.bytes > 0 && !empty)
                  || checking.visit(key, value));
      return OK;
    }
    int exit = OK;
    for (Bytes key : keys) {
      byte[] value = tdb.fetch(key.value());
      if (value == null) {
        complain(GetCommand.noSuchKey(file, key.value()));
        exit = FAILED;
      } else {
        checking.visit(key.value(), value);
      }
    }
    return exit;
  }

  private boolean hasHeader(byte[] key, byte[] value) {
    if (value.length < headerSize.bytes) {
      complain(
          file
              + ": the value of \""
              + Notation.write(key)
              + "\" has "
              + value.length
              + " bytes, expected a header of "
              + headerSize.bytes
              + "; it is left out (the daemon takes it for no record)");
      return false;
    }
    if (LtdbHeader.of(value, headerSize.bytes).padding() != 0 && !warnedOfPadding) {
      warnedOfPadding = true;
      complain(
          file
              + ": the header of \""
              + Notation.write(key)
              + "\" has a padding that is not zero\nis this a database of a cluster, and is"
              + " --header-size right?");
    }
    return true;
  }

  private void writeText(byte[] key, byte[] value) throws IOException {
    var out = out();
    var header = LtdbHeader.of(value, headerSize.bytes);
    byte[] data = Arrays.copyOfRange(value, headerSize.bytes, value.length);
    out.write(("{\nkey(" + key.length + ") = \"").getBytes(StandardCharsets.US_ASCII));
    DumpFormat.escape(key, out);
    out.write("\"\n".getBytes(StandardCharsets.US_ASCII));
    if (headers != Headers.NONE) {
      var names = headers == Headers.NAMES ? header.flagNames() : List.<String>of();
      println("dmaster: " + header.dmaster());
      println("rsn: " + Long.toUnsignedString(header.rsn()));
      println(
          String.format("flags: 0x%X", header.flags())
              + (names.isEmpty() ? "" : " " + String.join(" ", names)));
    }
    out.write(("data(" + data.length + ") = \"").getBytes(StandardCharsets.US_ASCII));
    DumpFormat.escape(data, out);
    out.write("\"\n}\n".getBytes(StandardCharsets.US_ASCII));
  }

  private void writeJson(Json document, byte[] key, byte[] value) {
    var header = LtdbHeader.of(value, headerSize.bytes);
    document.beginObject().put("key", key);
    if (headers != Headers.NONE) {
      document
          .put("dmaster", header.dmaster())
          .putUnsigned("rsn", header.rsn())
          .put("flags", Integer.toUnsignedLong(header.flags()))
          .beginArray("flagNames");
      header.flagNames().forEach(document::element);
      document.endArray();
    }
    document.put("data", Arrays.copyOfRange(value, headerSize.bytes, value.length)).endObject();
  }
}
