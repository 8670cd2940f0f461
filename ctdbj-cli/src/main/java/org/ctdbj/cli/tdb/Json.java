// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

import java.io.OutputStream;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultPrettyPrinter;

/**
 * A JSON document, written as it comes and never held in memory. Closing it ends what is open only
 * after success: a command that fails half-way must not leave a document that looks complete.
 */
final class Json {
  private final JsonGenerator generator;

  Json(OutputStream out) {
    var factory =
        JsonFactory.builder()
            .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
            .disable(StreamWriteFeature.AUTO_CLOSE_CONTENT)
            .build();
    generator =
        factory.createGenerator(
            new ObjectWriteContext.Base() {
              @Override
              public tools.jackson.core.PrettyPrinter getPrettyPrinter() {
                return new DefaultPrettyPrinter();
              }
            },
            out);
    generator.writeStartObject();
  }

  Json put(String name, String value) {
    generator.writeStringProperty(name, value);
    return this;
  }

  Json put(String name, long value) {
    generator.writeNumberProperty(name, value);
    return this;
  }

  Json put(String name, boolean value) {
    generator.writeBooleanProperty(name, value);
    return this;
  }

  /** An integer without sign, which may be larger than a {@code long}. */
  Json putUnsigned(String name, long value) {
    if (value >= 0) {
      return put(name, value);
    }
    generator.writeName(name);
    generator.writeNumber(new java.math.BigInteger(Long.toUnsignedString(value)));
    return this;
  }

  /** Bytes, as {@link Notation} writes them. */
  Json put(String name, byte[] value) {
    return put(name, Notation.write(value));
  }

  Json beginArray(String name) {
    generator.writeArrayPropertyStart(name);
    return this;
  }

  Json element(String value) {
    generator.writeString(value);
    return this;
  }

  Json endArray() {
    generator.writeEndArray();
    return this;
  }

  /** An object as the next element of an array. */
  Json beginObject() {
    generator.writeStartObject();
    return this;
  }

  Json beginObject(String name) {
    generator.writeObjectPropertyStart(name);
    return this;
  }

  Json endObject() {
    generator.writeEndObject();
    return this;
  }

  /** Ends the document. */
  void end() {
    generator.writeEndObject();
    generator.writeRaw('\n');
    generator.flush();
  }
}
