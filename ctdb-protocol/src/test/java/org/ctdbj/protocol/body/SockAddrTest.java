// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol.body;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.ProtocolException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses: what counts of the 28 bytes, and their text. */
class SockAddrTest {
  @Test
  void ipv4() {
    Bytes bytes = address("192.168.100.1", 445).encode();

    assertEquals("020001bdc0a86401" + "00".repeat(20), bytes.hex());
  }

  @Test
  void ipv6() {
    Bytes bytes = address("fd00::1:2", 4379).encode();

    assertEquals("0a00111b00000000" + "fd000000000000000000000000010002" + "00000000", bytes.hex());
  }

  @Test
  void garbageBehindAnIpv4AddressIsIgnored() {
    byte[] garbage = address("10.0.0.7", 1234).encode().toByteArray();
    Arrays.fill(garbage, 8, 28, (byte) 0xA5);
    SockAddr read = SockAddr.decode(Bytes.of(garbage));

    assertEquals(address("10.0.0.7", 1234), read);
    assertEquals(address("10.0.0.7", 1234).encode(), read.encode());
  }

  @Test
  void anIpv4AddressInIpv6FormIsTheIpv4Address() {
    byte[] mapped = address("::1", 80).encode().toByteArray();
    Arrays.fill(mapped, 8, 18, (byte) 0);
    mapped[18] = (byte) 0xFF;
    mapped[19] = (byte) 0xFF;
    mapped[20] = 10;
    mapped[23] = 9;
    SockAddr read = SockAddr.decode(Bytes.of(mapped));

    assertInstanceOf(Inet4Address.class, read.address());
    assertEquals(address("10.0.0.9", 80), read);
    assertEquals(address("10.0.0.9", 80).hashCode(), read.hashCode());
    assertEquals("10.0.0.9", read.text());
  }

  @Test
  void aMappedAddressThatAProgramMadeIsTheIpv4AddressToo() throws Exception {
    byte[] raw = new byte[16];
    raw[10] = (byte) 0xFF;
    raw[11] = (byte) 0xFF;
    raw[12] = 127;
    raw[15] = 1;

    assertEquals(address("127.0.0.1", 1), new SockAddr(Inet6Address.getByAddress(null, raw, 3), 1));
  }

  @Test
  void theScopeIsCarriedButNotCompared() {
    byte[] scoped = address("fe80::5", 80).encode().toByteArray();
    scoped[24] = 7;
    SockAddr read = SockAddr.decode(Bytes.of(scoped));

    assertEquals(Bytes.of(scoped), read.encode());
    assertEquals(address("fe80::5", 80), read);
    assertEquals("fe80::5", read.text());
  }

  @Test
  void thePortCounts() {
    assertNotEquals(address("10.0.0.7", 1), address("10.0.0.7", 2));
    assertTrue(address("10.0.0.7", 1).sameAddress(address("10.0.0.7", 2)));
    assertFalse(address("10.0.0.7", 1).sameAddress(address("10.0.0.8", 1)));
    assertFalse(address("10.0.0.7", 1).sameAddress(address("::a00:7", 1)));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65536})
  void portsHave16Bits(int port) {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    assertThrows(IllegalArgumentException.class, () -> new SockAddr(loopback, port));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 0x0200, 0xFFFF})
  void otherFamiliesAreRefused(int family) {
    byte[] bytes = new byte[SockAddr.SIZE];
    bytes[0] = (byte) family;
    bytes[1] = (byte) (family >> 8);

    assertThrows(ProtocolException.class, () -> SockAddr.decode(Bytes.of(bytes)));
  }

  /** As inet_ntop of glibc 2.36 writes them. */
  @ParameterizedTest
  @CsvSource({
    "0:0:0:0:0:0:0:0, ::",
    "0:0:0:0:0:0:0:1, ::1",
    "0:0:0:0:0:0:1:2, ::0.1.0.2",
    "0:0:0:0:0:1:2:3, ::1:2:3",
    "1:0:0:0:0:0:0:0, 1::",
    "1:0:0:0:0:0:0:8, 1::8",
    "1:0:3:4:5:6:7:8, 1:0:3:4:5:6:7:8",
    "1:0:0:4:0:0:7:8, 1::4:0:0:7:8",
    "1:0:0:4:0:0:0:8, 1:0:0:4::8",
    "fd00:0:0:0:0:0:ABCD:0, fd00::abcd:0",
    "2001:db8:1:2:3:4:5:6, 2001:db8:1:2:3:4:5:6",
    "0:2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
    "0:0:3:4:5:6:0:0, ::3:4:5:6:0:0",
    "0:0:0:0:0:FFFE:A00:1, ::fffe:a00:1"
  })
  void text(String longForm, String expected) {
    assertEquals(expected, address(longForm, 0).text());
  }

  private static SockAddr address(String literal, int port) {
    return new SockAddr(InetAddress.ofLiteral(literal), port);
  }
}
