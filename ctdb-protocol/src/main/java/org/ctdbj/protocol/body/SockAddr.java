// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.ctdbj.protocol.ByteReader;
import org.ctdbj.protocol.ByteWriter;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.ProtocolException;

/**
 * An address and port as C programs send them: 28 bytes, of which IPv4 uses the first 8. Bytes
 * without a meaning may be anything and are ignored; an IPv4 address in IPv6 form is the IPv4
 * address.
 *
 * @param address the address
 * @param port 0 to 65535
 */
public record SockAddr(InetAddress address, int port) {
  /** Bytes of an encoded address. */
  public static final int SIZE = 28;

  private static final int FAMILY_IPV4 = 2;
  private static final int FAMILY_IPV6 = 10;

  /** Reads it. */
  public static SockAddr decode(Bytes bytes) {
    return read(new ByteReader("sockaddr", bytes), "address");
  }

  static SockAddr read(ByteReader reader, String field) {
    Bytes all = reader.getBytes(field, SIZE);
    int family = all.getUnsignedShort(0);
    int port = (all.get(2) & 0xFF) << 8 | (all.get(3) & 0xFF);
    Bytes address =
        switch (family) {
          case FAMILY_IPV4 -> all.slice(4, 4);
          case FAMILY_IPV6 -> all.slice(8, 16);
          default ->
              throw new ProtocolException(
                  field + ": expected address family 2 (IPv4) or 10 (IPv6), found " + family);
        };
    try {
      return new SockAddr(InetAddress.getByAddress(address.toByteArray()), port);
    } catch (UnknownHostException e) {
      throw new ProtocolException(field + ": " + e.getMessage());
    }
  }

  /** Its bytes. */
  public Bytes encode() {
    var writer = new ByteWriter(SIZE);
    write(writer);
    return writer.toBytes();
  }

  void write(ByteWriter writer) {
    byte[] raw = address.getAddress();
    switch (address) {
      case Inet4Address _ ->
          writer
              .putShort(FAMILY_IPV4)
              .putByte(port >> 8)
              .putByte(port)
              .put(Bytes.of(raw))
              .putZeros(20);
      case Inet6Address six ->
          writer
              .putShort(FAMILY_IPV6)
              .putByte(port >> 8)
              .putByte(port)
              .putInt(0)
              .put(Bytes.of(raw))
              .putInt(six.getScopeId());
      default -> throw new IllegalArgumentException("address " + address);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SockAddr that
        && port == that.port
        && Arrays.equals(address.getAddress(), that.address.getAddress());
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(address.getAddress()) * 31 + port;
  }

  /** The address in numbers, without the port. */
  public String text() {
    return address.getHostAddress();
  }
}
