// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

import java.util.OptionalInt;

/**
 * Every control of the protocol, as one table. Obsolete ones and those of later Samba versions are
 * in it, so that they can be named in messages; ctdbd 4.17 answers both with status -1.
 */
public enum Control {
  PROCESS_EXISTS(0, Scope.ANY, "pid", 4, "nothing"),
  STATISTICS(1, Scope.ANY, "nothing", 0, "statistics"),
  PING(3, Scope.ANY, "nothing", 0, "nothing"),
  GETDBPATH(4, Scope.ANY, "u32 db_id", 4, "S0 path"),
  GETVNNMAP(5, Scope.ANY, "nothing", 0, "vnn_map"),
  SETVNNMAP(6, Scope.DAEMON, "vnn_map", "nothing"),
  GET_DEBUG(7, Scope.ANY, "nothing", 0, "i32"),
  SET_DEBUG(8, Scope.ANY, "i32", 4, "nothing"),
  GET_DBMAP(9, Scope.ANY, "nothing", 0, "dbid_map"),
  GET_NODEMAP_V4(10),
  SET_DMASTER(11),
  PULL_DB(13),
  PUSH_DB(14),
  GET_RECMODE(15, Scope.ANY, "any", "nothing"),
  SET_RECMODE(16, Scope.DAEMON, "u32", 4, "nothing"),
  STATISTICS_RESET(17, Scope.ANY, "nothing", 0, "nothing"),
  DB_ATTACH(18, Scope.ANY, "S0 name", "u32 db_id"),
  SET_CALL(19),
  TRAVERSE_START(20, Scope.LOCAL_CLIENT, "traverse_start", 16, "nothing"),
  TRAVERSE_ALL(21, Scope.BROADCAST, "traverse_all", 24, "nothing"),
  TRAVERSE_DATA(22, Scope.DAEMON, "rec_data", "nothing"),
  REGISTER_SRVID(23, Scope.LOCAL_CLIENT, "any", "nothing"),
  DEREGISTER_SRVID(24, Scope.LOCAL_CLIENT, "any", "nothing"),
  GET_DBNAME(25, Scope.ANY, "u32", 4, "S0 name"),
  ENABLE_SEQNUM(26, Scope.ANY, "u32 db_id", 4, "nothing"),
  UPDATE_SEQNUM(27, Scope.BROADCAST, "u32 db_id", 4, "nothing"),
  DUMP_MEMORY(29, Scope.ANY, "nothing", 0, "B text"),
  GET_PID(30, Scope.ANY, "any", "nothing"),
  GET_RECMASTER(31),
  SET_RECMASTER(32),
  FREEZE(33, Scope.DAEMON, "nothing", 0, "nothing"),
  THAW(34),
  GET_PNN(35, Scope.ANY, "any", "nothing"),
  SHUTDOWN(36, Scope.ANY, "any", "nothing"),
  GET_MONMODE(37),
  TAKEOVER_IPV4(42),
  RELEASE_IPV4(43),
  TCP_CLIENT(44, Scope.LOCAL_CLIENT, "connection", 56, "nothing"),
  TCP_ADD(45, Scope.BROADCAST, "connection", 56, "nothing"),
  TCP_REMOVE(46, Scope.BROADCAST, "connection", 56, "nothing"),
  STARTUP(47, Scope.BROADCAST, "nothing", 0, "nothing"),
  SET_TUNABLE(48, Scope.ANY, "tunable", "nothing"),
  GET_TUNABLE(49, Scope.ANY, "SN name", "u32"),
  LIST_TUNABLES(50, Scope.ANY, "any", "SN"),
  GET_PUBLIC_IPS_V4(51),
  MODIFY_FLAGS(52, Scope.DAEMON, "node_flag_change", 12, "nothing"),
  GET_ALL_TUNABLES(53, Scope.ANY, "nothing", 0, "tunable_list"),
  KILL_TCP(54),
  GET_TCP_TICKLE_LIST(55, Scope.ANY, "sockaddr", 28, "tickle_list"),
  SET_TCP_TICKLE_LIST(56, Scope.BROADCAST, "tickle_list", "nothing"),
  REGISTER_SERVER_ID(57),
  UNREGISTER_SERVER_ID(58),
  CHECK_SERVER_ID(59),
  GET_SERVER_ID_LIST(60),
  DB_ATTACH_PERSISTENT(61, Scope.ANY, "S0", "u32 db_id"),
  PERSISTENT_STORE(62),
  UPDATE_RECORD(63, Scope.DAEMON, "rec_buffer", "nothing"),
  SEND_GRATUITOUS_ARP(64, Scope.ANY, "addr_info", "nothing"),
  TRANSACTION_START(65),
  TRANSACTION_COMMIT(66),
  WIPE_DATABASE(67, Scope.DAEMON, "transdb", 8, "nothing"),
  UPTIME(69, Scope.ANY, "any", "uptime"),
  START_RECOVERY(70, Scope.DAEMON, "any", "nothing"),
  END_RECOVERY(71, Scope.DAEMON, "any", "nothing"),
  RELOAD_NODES_FILE(72, Scope.ANY, "nothing", 0, "nothing"),
  TRY_DELETE_RECORDS(74, Scope.DAEMON, "rec_buffer", "rec_buffer"),
  ENABLE_MONITOR(75),
  DISABLE_MONITOR(76),
  ADD_PUBLIC_IP(77, Scope.ANY, "addr_info", "nothing"),
  DEL_PUBLIC_IP(78, Scope.ANY, "addr_info", "nothing"),
  RUN_EVENTSCRIPTS(79),
  GET_CAPABILITIES(80, Scope.ANY, "any", "u32"),
  START_PERSISTENT_UPDATE(81, Scope.LOCAL_CLIENT, "any", "nothing"),
  CANCEL_PERSISTENT_UPDATE(82, Scope.LOCAL_CLIENT, "any", "nothing"),
  TRANS2_COMMIT(83),
  TRANS2_FINISHED(84),
  TRANS2_ERROR(85),
  TRANS2_COMMIT_RETRY(86),
  RECD_PING(87, Scope.LOCAL_CLIENT, "nothing", 0, "nothing"),
  RELEASE_IP(88, Scope.DAEMON, "public_ip", 32, "nothing"),
  TAKEOVER_IP(89, Scope.DAEMON, "public_ip", 32, "nothing"),
  GET_PUBLIC_IPS(90, Scope.ANY, "nothing", 0, "public_ip_list"),
  GET_NODEMAP(91, Scope.ANY, "nothing", 0, "node_map"),
  GET_EVENT_SCRIPT_STATUS(96),
  TRAVERSE_KILL(97, Scope.BROADCAST, "traverse_start", 16, "nothing"),
  RECD_RECLOCK_LATENCY(98, Scope.LOCAL_CLIENT, "f64", 8, "nothing"),
  GET_RECLOCK_FILE(99, Scope.ANY, "nothing", 0, "S0 or empty"),
  SET_RECLOCK_FILE(100),
  STOP_NODE(101, Scope.ANY, "nothing", 0, "nothing"),
  CONTINUE_NODE(102, Scope.ANY, "nothing", 0, "nothing"),
  SET_NATGWSTATE(103),
  SET_LMASTERROLE(104, Scope.ANY, "u32", 4, "nothing"),
  SET_RECMASTERROLE(105, Scope.ANY, "u32", 4, "nothing"),
  ENABLE_SCRIPT(107),
  DISABLE_SCRIPT(108),
  SET_BAN_STATE(109, Scope.ANY, "ban_state", 8, "nothing"),
  GET_BAN_STATE(110, Scope.ANY, "nothing", 0, "ban_state"),
  SET_DB_PRIORITY(111),
  GET_DB_PRIORITY(112),
  TRANSACTION_CANCEL(113),
  REGISTER_NOTIFY(114, Scope.LOCAL_CLIENT, "notify_data", "nothing"),
  DEREGISTER_NOTIFY(115, Scope.LOCAL_CLIENT, "u64 srvid", 8, "nothing"),
  TRANS2_ACTIVE(116),
  GET_LOG(117),
  CLEAR_LOG(118),
  TRANS3_COMMIT(119, Scope.LOCAL_CLIENT, "rec_buffer", "nothing"),
  GET_DB_SEQNUM(120, Scope.ANY, "u32 db_id + pad4", 8, "u64"),
  DB_SET_HEALTHY(121, Scope.ANY, "u32", 4, "- / S0 or empty"),
  DB_GET_HEALTH(122, Scope.ANY, "u32", 4, "- / S0 or empty"),
  GET_PUBLIC_IP_INFO(123, Scope.ANY, "sockaddr", 28, "public_ip_info"),
  GET_IFACES(124, Scope.ANY, "nothing", 0, "iface_list"),
  SET_IFACE_LINK_STATE(125, Scope.ANY, "iface", 24, "nothing"),
  TCP_ADD_DELAYED_UPDATE(126, Scope.ANY, "connection", 56, "nothing"),
  GET_STAT_HISTORY(127, Scope.ANY, "nothing", 0, "statistics_list"),
  SCHEDULE_FOR_DELETION(128, Scope.ANY, "key_data", "nothing"),
  SET_DB_READONLY(129, Scope.ANY, "u32", 4, "nothing"),
  CHECK_SRVIDS(130),
  TRAVERSE_START_EXT(131, Scope.LOCAL_CLIENT, "traverse_start_ext", 24, "nothing"),
  GET_DB_STATISTICS(132, Scope.ANY, "u32", 4, "db_statistics"),
  SET_DB_STICKY(133, Scope.ANY, "u32", 4, "nothing"),
  RELOAD_PUBLIC_IPS(134, Scope.ANY, "nothing", 0, "nothing"),
  TRAVERSE_ALL_EXT(135, Scope.BROADCAST, "traverse_all_ext", 32, "nothing"),
  RECEIVE_RECORDS(136),
  IPREALLOCATED(137, Scope.DAEMON, "nothing", 0, "nothing"),
  GET_RUNSTATE(138, Scope.ANY, "nothing", 0, "u32"),
  DB_DETACH(139, Scope.ANY, "u32", "nothing"),
  GET_NODES_FILE(140, Scope.ANY, "nothing", 0, "node_map"),
  DB_FREEZE(141, Scope.DAEMON, "u32", 4, "nothing"),
  DB_THAW(142, Scope.DAEMON, "u32", 4, "nothing"),
  DB_TRANSACTION_START(143, Scope.DAEMON, "transdb", 8, "nothing"),
  DB_TRANSACTION_COMMIT(144, Scope.DAEMON, "transdb", 8, "nothing"),
  DB_TRANSACTION_CANCEL(145, Scope.DAEMON, "u32", 4, "nothing"),
  DB_PULL(146, Scope.DAEMON, "pulldb_ext", 16, "u32 count"),
  DB_PUSH_START(147, Scope.DAEMON, "pulldb_ext", 16, "nothing"),
  DB_PUSH_CONFIRM(148, Scope.DAEMON, "u32", 4, "u32 count"),
  DB_OPEN_FLAGS(149, Scope.ANY, "u32", 4, "i32"),
  DB_ATTACH_REPLICATED(150, Scope.ANY, "S0", "u32 db_id"),
  CHECK_PID_SRVID(151, Scope.ANY, "pid_srvid", 12, "nothing"),
  TUNNEL_REGISTER(152, Scope.LOCAL_CLIENT, "any", "nothing"),
  TUNNEL_DEREGISTER(153, Scope.LOCAL_CLIENT, "any", "nothing"),
  VACUUM_FETCH(154, Scope.DAEMON, "rec_buffer", "nothing"),
  DB_VACUUM(155, Scope.ANY, "db_vacuum", 5, "nothing"),
  ECHO_DATA(156, Scope.ANY, "echo_data", "echo_data"),
  DISABLE_NODE(157, Scope.ANY, "nothing", 0, "nothing"),
  ENABLE_NODE(158, Scope.ANY, "nothing", 0, "nothing"),
  TCP_CLIENT_DISCONNECTED(159, "connection", 56),
  TCP_CLIENT_PASSED(160, "connection", 56),
  START_IPREALLOCATE(161, "nothing", 0),
  PUSH_RECORD(162, "record push");

  /** Who sends a control. */
  public enum Scope {
    /** A local client only: it means that client. */
    LOCAL_CLIENT,
    /** Any client, to any node. */
    ANY,
    /** Daemons and recovery. */
    DAEMON,
    /** Daemons, normally to all nodes at once and without reply. */
    BROADCAST
  }

  /** How a control stands to the version that this project replaces. */
  public enum Status {
    /** Served by ctdbd 4.17. */
    CURRENT,
    /** Served by older versions only. */
    OBSOLETE,
    /** Served by later versions only. */
    LATER
  }

  private static final int VARIABLE = -1;
  private static final Control[] BY_NUMBER = new Control[163];

  static {
    for (Control control : values()) {
      BY_NUMBER[control.number] = control;
    }
  }

  private final int number;
  private final Status status;
  private final Scope scope;
  private final String requestBody;
  private final int requestSize;
  private final String replyBody;

  Control(int number, Scope scope, String requestBody, int requestSize, String replyBody) {
    this(number, Status.CURRENT, scope, requestBody, requestSize, replyBody);
  }

  Control(int number, Scope scope, String requestBody, String replyBody) {
    this(number, Status.CURRENT, scope, requestBody, VARIABLE, replyBody);
  }

  Control(int number, String requestBody) {
    this(number, Status.LATER, Scope.ANY, requestBody, VARIABLE, "nothing");
  }

  Control(int number) {
    this(number, Status.OBSOLETE, Scope.ANY, "any", VARIABLE, "nothing");
  }

  Control(int number, String requestBody, int requestSize) {
    this(number, Status.LATER, Scope.ANY, requestBody, requestSize, "nothing");
  }

  Control(
      int number,
      Status status,
      Scope scope,
      String requestBody,
      int requestSize,
      String replyBody) {
    this.number = number;
    this.status = status;
    this.scope = scope;
    this.requestBody = requestBody;
    this.requestSize = requestSize;
    this.replyBody = replyBody;
  }

  /** The control with an opcode, or null if none has it. */
  public static Control of(int opcode) {
    return opcode < 0 || opcode >= BY_NUMBER.length ? null : BY_NUMBER[opcode];
  }

  /** The opcode. */
  public int number() {
    return number;
  }

  /** Whether ctdbd 4.17 serves it. */
  public Status status() {
    return status;
  }

  /** Who sends it. */
  public Scope scope() {
    return scope;
  }

  /** Name of the request's body. */
  public String requestBody() {
    return requestBody;
  }

  /**
   * Bytes of the request's body, where the protocol fixes them: any other size is answered with -1.
   */
  public OptionalInt requestSize() {
    return requestSize == VARIABLE ? OptionalInt.empty() : OptionalInt.of(requestSize);
  }

  /** Name of the reply's body. */
  public String replyBody() {
    return replyBody;
  }
}
