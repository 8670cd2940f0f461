// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of controls against what a running ctdbd 4.17.12 accepts. */
class ControlTest {
  /** Number, name, scope, bytes of the request: exactly, at least, or as the body says. */
  private static final String SERVED =
      """
      0 PROCESS_EXISTS ANY =4
      1 STATISTICS ANY =0
      3 PING ANY =0
      4 GETDBPATH ANY =4
      5 GETVNNMAP ANY =0
      6 SETVNNMAP DAEMON -
      7 GET_DEBUG ANY =0
      8 SET_DEBUG ANY =4
      9 GET_DBMAP ANY =0
      15 GET_RECMODE ANY -
      16 SET_RECMODE DAEMON =4
      17 STATISTICS_RESET ANY =0
      18 DB_ATTACH ANY -
      20 TRAVERSE_START LOCAL_CLIENT =16
      21 TRAVERSE_ALL BROADCAST =24
      22 TRAVERSE_DATA DAEMON -
      23 REGISTER_SRVID LOCAL_CLIENT -
      24 DEREGISTER_SRVID LOCAL_CLIENT -
      25 GET_DBNAME ANY =4
      26 ENABLE_SEQNUM ANY =4
      27 UPDATE_SEQNUM BROADCAST =4
      29 DUMP_MEMORY ANY =0
      30 GET_PID ANY -
      33 FREEZE DAEMON =0
      35 GET_PNN ANY -
      36 SHUTDOWN ANY -
      44 TCP_CLIENT LOCAL_CLIENT =56
      45 TCP_ADD BROADCAST =56
      46 TCP_REMOVE BROADCAST =56
      47 STARTUP BROADCAST =0
      48 SET_TUNABLE ANY >12
      49 GET_TUNABLE ANY >8
      50 LIST_TUNABLES ANY -
      52 MODIFY_FLAGS DAEMON =12
      53 GET_ALL_TUNABLES ANY =0
      55 GET_TCP_TICKLE_LIST ANY =28
      56 SET_TCP_TICKLE_LIST BROADCAST -
      61 DB_ATTACH_PERSISTENT ANY -
      63 UPDATE_RECORD DAEMON -
      64 SEND_GRATUITOUS_ARP ANY -
      67 WIPE_DATABASE DAEMON =8
      69 UPTIME ANY -
      70 START_RECOVERY DAEMON -
      71 END_RECOVERY DAEMON -
      72 RELOAD_NODES_FILE ANY =0
      74 TRY_DELETE_RECORDS DAEMON -
      77 ADD_PUBLIC_IP ANY -
      78 DEL_PUBLIC_IP ANY -
      80 GET_CAPABILITIES ANY -
      81 START_PERSISTENT_UPDATE LOCAL_CLIENT -
      82 CANCEL_PERSISTENT_UPDATE LOCAL_CLIENT -
      87 RECD_PING LOCAL_CLIENT =0
      88 RELEASE_IP DAEMON =32
      89 TAKEOVER_IP DAEMON =32
      90 GET_PUBLIC_IPS ANY =0
      91 GET_NODEMAP ANY =0
      97 TRAVERSE_KILL BROADCAST =16
      98 RECD_RECLOCK_LATENCY LOCAL_CLIENT =8
      99 GET_RECLOCK_FILE ANY =0
      101 STOP_NODE ANY =0
      102 CONTINUE_NODE ANY =0
      104 SET_LMASTERROLE ANY =4
      105 SET_RECMASTERROLE ANY =4
      109 SET_BAN_STATE ANY =8
      110 GET_BAN_STATE ANY =0
      114 REGISTER_NOTIFY LOCAL_CLIENT -
      115 DEREGISTER_NOTIFY LOCAL_CLIENT =8
      119 TRANS3_COMMIT LOCAL_CLIENT -
      120 GET_DB_SEQNUM ANY =8
      121 DB_SET_HEALTHY ANY =4
      122 DB_GET_HEALTH ANY =4
      123 GET_PUBLIC_IP_INFO ANY =28
      124 GET_IFACES ANY =0
      125 SET_IFACE_LINK_STATE ANY =24
      126 TCP_ADD_DELAYED_UPDATE ANY =56
      127 GET_STAT_HISTORY ANY =0
      128 SCHEDULE_FOR_DELETION ANY -
      129 SET_DB_READONLY ANY =4
      131 TRAVERSE_START_EXT LOCAL_CLIENT =24
      132 GET_DB_STATISTICS ANY =4
      133 SET_DB_STICKY ANY =4
      134 RELOAD_PUBLIC_IPS ANY =0
      135 TRAVERSE_ALL_EXT BROADCAST =32
      137 IPREALLOCATED DAEMON =0
      138 GET_RUNSTATE ANY =0
      139 DB_DETACH ANY -
      140 GET_NODES_FILE ANY =0
      141 DB_FREEZE DAEMON =4
      142 DB_THAW DAEMON =4
      143 DB_TRANSACTION_START DAEMON =8
      144 DB_TRANSACTION_COMMIT DAEMON =8
      145 DB_TRANSACTION_CANCEL DAEMON =4
      146 DB_PULL DAEMON =16
      147 DB_PUSH_START DAEMON =16
      148 DB_PUSH_CONFIRM DAEMON =4
      149 DB_OPEN_FLAGS ANY =4
      150 DB_ATTACH_REPLICATED ANY -
      151 CHECK_PID_SRVID ANY =12
      152 TUNNEL_REGISTER LOCAL_CLIENT -
      153 TUNNEL_DEREGISTER LOCAL_CLIENT -
      154 VACUUM_FETCH DAEMON -
      155 DB_VACUUM ANY =5
      156 ECHO_DATA ANY -
      157 DISABLE_NODE ANY =0
      158 ENABLE_NODE ANY =0
      """;

  private static final int[] OBSOLETE = {
    10, 11, 13, 14, 19, 31, 32, 34, 37, 42, 43, 51, 54, 57, 58, 59, 60, 62, 65, 66, 75, 76, 79, 83,
    84, 85, 86, 96, 100, 103, 107, 108, 111, 112, 113, 116, 117, 118, 130, 136
  };

  private static final int[] LATER = {159, 160, 161, 162};

  private static final int[] UNASSIGNED = {
    2, 12, 28, 38, 39, 40, 41, 68, 73, 92, 93, 94, 95, 106, 163, 1000, -1, Integer.MIN_VALUE
  };

  static List<String> served() {
    return SERVED.lines().toList();
  }

  @ParameterizedTest
  @MethodSource("served")
  void isServed(String line) {
    String[] column = line.split(" ", 4);
    Control control = Control.of(Integer.parseInt(column[0]));

    assertEquals(Control.valueOf(column[1]), control);
    assertEquals(Control.Status.CURRENT, control.status());
    assertFalse(control.obsolete() || control.newer());
    assertEquals(Control.Scope.valueOf(column[2]), control.scope());
    if (column[3].startsWith("=")) {
      int size = Integer.parseInt(column[3].substring(1));
      assertEquals(OptionalInt.of(size), control.requestSize());
      assertTrue(control.acceptsRequestSize(size));
      assertFalse(control.acceptsRequestSize(size - 1));
      assertFalse(control.acceptsRequestSize(size + 1));
    } else {
      assertEquals(OptionalInt.empty(), control.requestSize());
      assertTrue(control.acceptsRequestSize(control.minRequestSize() + 1));
    }
    if (column[3].startsWith(">")) {
      assertEquals(Integer.parseInt(column[3].substring(1)), control.minRequestSize());
    }
  }

  @Test
  void everyNumberIsServedObsoleteLaterOrUnassigned() {
    TreeSet<Integer> assigned = new TreeSet<>();
    served().forEach(line -> assigned.add(Integer.parseInt(line.split(" ", 4)[0])));
    IntStream.of(OBSOLETE).forEach(assigned::add);
    IntStream.of(LATER).forEach(assigned::add);

    assertEquals(served().size() + OBSOLETE.length + LATER.length, assigned.size());
    assertEquals(
        assigned, new TreeSet<>(Arrays.stream(Control.values()).map(Control::number).toList()));
    for (int number : UNASSIGNED) {
      assertNull(Control.of(number), () -> "control " + number);
    }
  }

  @Test
  void obsoleteOnes() {
    for (int number : OBSOLETE) {
      assertTrue(Control.of(number).obsolete(), () -> "control " + number);
    }
  }

  @Test
  void thoseOfLaterVersions() {
    for (int number : LATER) {
      assertTrue(Control.of(number).newer(), () -> "control " + number);
    }
    assertEquals(OptionalInt.of(56), Control.TCP_CLIENT_DISCONNECTED.requestSize());
    assertEquals(OptionalInt.of(56), Control.TCP_CLIENT_PASSED.requestSize());
    assertEquals(OptionalInt.of(0), Control.START_IPREALLOCATE.requestSize());
    assertEquals(OptionalInt.empty(), Control.PUSH_RECORD.requestSize());
  }
}
