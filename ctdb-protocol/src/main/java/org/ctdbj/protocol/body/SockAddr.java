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
 * without a meaning may be anything and are ignored; an IPv4 address in IPv6 form becomes the IPv4
 * address. Two are equal when address and port are; the scope of an IPv6 address is carried but not
 * compared.
 *
 * @param address the address
 * @param port 0 to 65535
 */
public record SockAddr(InetAddress address, int port) {
  /** Bytes of an encoded address. */
  public static final int SIZE = 28;

  private static final int FAMILY_IPV4 = 2;
  private static final int FAMILY_IPV6 = 10;
  private static final int MAX_PORT = 0xFFFF;

  /** Turns an IPv4 address in IPv6 form into the IPv4 address. */
  public SockAddr {
    if (port < 0 || port > MAX_PORT) {
      throw new IllegalArgumentException("port " + port + ": expected 0 to " + MAX_PORT);
    }
    if (address instanceof Inet6Address six) {
      address = canonical(six.getAddress(), six.getScopeId());
    }
  }

  /** Reads it; more bytes may follow. */
  public static SockAddr decode(Bytes bytes) {
    return read(new ByteReader("sockaddr", bytes), "address");
  }

  static SockAddr read(ByteReader reader, String field) {
    Bytes all = reader.getBytes(field, SIZE);
    int family = all.getUnsignedShort(0);
    int port = (all.get(2) & 0xFF) << 8 | (all.get(3) & 0xFF);
    return switch (family) {
      case FAMILY_IPV4 -> new SockAddr(canonical(all.slice(4, 4).toByteArray(), 0), port);
      case FAMILY_IPV6 ->
          new SockAddr(canonical(all.slice(8, 16).toByteArray(), all.getInt(24)), port);
      default ->
          throw new ProtocolException(
              field + ": expected address family 2 (IPv4) or 10 (IPv6), found " + family);
    };
  }

  private static InetAddress canonical(byte[] raw, int scope) {
    try {
      InetAddress plain = InetAddress.getByAddress(raw); // turns ::ffff:a.b.c.d into a.b.c.d
      return plain instanceof Inet6Address && scope != 0
          ? Inet6Address.getByAddress(null, raw, scope)
          : plain;
    } catch (UnknownHostException e) {
      throw new IllegalStateException(raw.length + " bytes are not an address", e);
    }
  }

  /** Its bytes; those without a meaning are 0. */
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
    return other instanceof SockAddr that && port == that.port && sameAddress(that);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(address.getAddress()) * 31 + port;
  }

  /** Whether the addresses are equal, whatever the ports. */
  public boolean sameAddress(SockAddr other) {
    return Arrays.equals(address.getAddress(), other.address.getAddress());
  }

  /** The address in numbers, without scope and port, in the form that C programs give it. */
  public String text() {
    return address instanceof Inet4Address
        ? address.getHostAddress()
        : Ipv6Text.of(address.getAddress());
  }
}
