// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

import java.util.OptionalInt;

/**
 * Every control of the protocol, as one table. Obsolete ones and those of later Samba versions are
 * in it, so that they can be named in messages; ctdbd 4.17 answers both with status -1.
 */
public enum Control {
  PROCESS_EXISTS(0, Scope.ANY, BodyKind.PID, BodyKind.NOTHING),
  STATISTICS(1, Scope.ANY, BodyKind.NOTHING, BodyKind.STATISTICS),
  PING(3, Scope.ANY, BodyKind.NOTHING, BodyKind.NOTHING),
  GETDBPATH(4, Scope.ANY, BodyKind.DATABASE_ID, BodyKind.TEXT),
  GETVNNMAP(5, Scope.ANY, BodyKind.NOTHING, BodyKind.VNN_MAP),
  SETVNNMAP(6, Scope.DAEMON, BodyKind.VNN_MAP, BodyKind.NOTHING),
  GET_DEBUG(7, Scope.ANY, BodyKind.NOTHING, BodyKind.I32),
  SET_DEBUG(8, Scope.ANY, BodyKind.I32, BodyKind.NOTHING),
  GET_DBMAP(9, Scope.ANY, BodyKind.NOTHING, BodyKind.DATABASE_MAP),
  GET_NODEMAP_V4(10),
  SET_DMASTER(11),
  PULL_DB(13),
  PUSH_DB(14),
  GET_RECMODE(15, Scope.ANY, BodyKind.ANY, BodyKind.NOTHING),
  SET_RECMODE(16, Scope.DAEMON, BodyKind.U32, BodyKind.NOTHING),
  STATISTICS_RESET(17, Scope.ANY, BodyKind.NOTHING, BodyKind.NOTHING),
  DB_ATTACH(18, Scope.ANY, BodyKind.TEXT, BodyKind.DATABASE_ID),
  SET_CALL(19),
  TRAVERSE_START(20, Scope.LOCAL_CLIENT, BodyKind.TRAVERSE_START, BodyKind.NOTHING),
  TRAVERSE_ALL(21, Scope.BROADCAST, BodyKind.TRAVERSE_ALL, BodyKind.NOTHING),
  TRAVERSE_DATA(22, Scope.DAEMON, BodyKind.RECORD_DATA, BodyKind.NOTHING),
  REGISTER_SRVID(23, Scope.LOCAL_CLIENT, BodyKind.ANY, BodyKind.NOTHING),
  DEREGISTER_SRVID(24, Scope.LOCAL_CLIENT, BodyKind.ANY, BodyKind.NOTHING),
  GET_DBNAME(25, Scope.ANY, BodyKind.DATABASE_ID, BodyKind.TEXT),
  ENABLE_SEQNUM(26, Scope.ANY, BodyKind.DATABASE_ID, BodyKind.NOTHING),
  UPDATE_SEQNUM(27, Scope.BROADCAST, BodyKind.DATABASE_ID, BodyKind.NOTHING),
  DUMP_MEMORY(29, Scope.ANY, BodyKind.NOTHING, BodyKind.RAW_TEXT),
  GET_PID(30, Scope.ANY, BodyKind.ANY, BodyKind.NOTHING),
  GET_RECMASTER(31),
  SET_RECMASTER(32),
  FREEZE(33, Scope.DAEMON, BodyKind.NOTHING, BodyKind.NOTHING),
  THAW(34),
  GET_PNN(35, Scope.ANY, BodyKind.ANY, BodyKind.NOTHING),
  SHUTDOWN(36, Scope.ANY, BodyKind.ANY, BodyKind.NOTHING),
  GET_MONMODE(37),
  TAKEOVER_IPV4(42),
  RELEASE_IPV4(43),
  TCP_CLIENT(44, Scope.LOCAL_CLIENT, BodyKind.CONNECTION, BodyKind.NOTHING),
  TCP_ADD(45, Scope.BROADCAST, BodyKind.CONNECTION, BodyKind.NOTHING),
  TCP_REMOVE(46, Scope.BROADCAST, BodyKind.CONNECTION, BodyKind.NOTHING),
  STARTUP(47, Scope.BROADCAST, BodyKind.NOTHING, BodyKind.NOTHING),
  SET_TUNABLE(48, Scope.ANY, BodyKind.TUNABLE_SETTING, BodyKind.NOTHING),
  GET_TUNABLE(49, Scope.ANY, BodyKind.TUNABLE_NAME, BodyKind.U32),
  LIST_TUNABLES(50, Scope.ANY, BodyKind.ANY, BodyKind.TUNABLE_NAMES),
  GET_PUBLIC_IPS_V4(51),
  MODIFY_FLAGS(52, Scope.DAEMON, BodyKind.NODE_FLAG_CHANGE, BodyKind.NOTHING),
  GET_ALL_TUNABLES(53, Scope.ANY, BodyKind.NOTHING, BodyKind.TUNABLE_VALUES),
  KILL_TCP(54),
  GET_TCP_TICKLE_LIST(55, Scope.ANY, BodyKind.SOCK_ADDR, BodyKind.TICKLE_LIST),
  SET_TCP_TICKLE_LIST(56, Scope.BROADCAST, BodyKind.TICKLE_LIST, BodyKind.NOTHING),
  REGISTER_SERVER_ID(57),
  UNREGISTER_SERVER_ID(58),
  CHECK_SERVER_ID(59),
  GET_SERVER_ID_LIST(60),
  DB_ATTACH_PERSISTENT(61, Scope.ANY, BodyKind.TEXT, BodyKind.DATABASE_ID),
  PERSISTENT_STORE(62),
  UPDATE_RECORD(63, Scope.DAEMON, BodyKind.RECORD_BUFFER, BodyKind.NOTHING),
  SEND_GRATUITOUS_ARP(64, Scope.ANY, BodyKind.ADDR_INFO, BodyKind.NOTHING),
  TRANSACTION_START(65),
  TRANSACTION_COMMIT(66),
  WIPE_DATABASE(67, Scope.DAEMON, BodyKind.TRANSACTION_DATABASE, BodyKind.NOTHING),
  UPTIME(69, Scope.ANY, BodyKind.ANY, BodyKind.UPTIME),
  START_RECOVERY(70, Scope.DAEMON, BodyKind.ANY, BodyKind.NOTHING),
  END_RECOVERY(71, Scope.DAEMON, BodyKind.ANY, BodyKind.NOTHING),
  RELOAD_NODES_FILE(72, Scope.ANY, BodyKind.NOTHING, BodyKind.NOTHING),
  TRY_DELETE_RECORDS(74, Scope.DAEMON, BodyKind.RECORD_BUFFER, BodyKind.RECORD_BUFFER),
  ENABLE_MONITOR(75),
  DISABLE_MONITOR(76),
  ADD_PUBLIC_IP(77, Scope.ANY, BodyKind.ADDR_INFO, BodyKind.NOTHING),
  DEL_PUBLIC_IP(78, Scope.ANY, BodyKind.ADDR_INFO, BodyKind.NOTHING),
  RUN_EVENTSCRIPTS(79),
  GET_CAPABILITIES(80, Scope.ANY, BodyKind.ANY, BodyKind.U32),
  START_PERSISTENT_UPDATE(81, Scope.LOCAL_CLIENT, BodyKind.ANY, BodyKind.NOTHING),
  CANCEL_PERSISTENT_UPDATE(82, Scope.LOCAL_CLIENT, BodyKind.ANY, BodyKind.NOTHING),
  TRANS2_COMMIT(83),
  TRANS2_FINISHED(84),
  TRANS2_ERROR(85),
  TRANS2_COMMIT_RETRY(86),
  RECD_PING(87, Scope.LOCAL_CLIENT, BodyKind.NOTHING, BodyKind.NOTHING),
  RELEASE_IP(88, Scope.DAEMON, BodyKind.PUBLIC_IP, BodyKind.NOTHING),
  TAKEOVER_IP(89, Scope.DAEMON, BodyKind.PUBLIC_IP, BodyKind.NOTHING),
  GET_PUBLIC_IPS(90, Scope.ANY, BodyKind.NOTHING, BodyKind.PUBLIC_IP_LIST),
  GET_NODEMAP(91, Scope.ANY, BodyKind.NOTHING, BodyKind.NODE_MAP),
  GET_EVENT_SCRIPT_STATUS(96),
  TRAVERSE_KILL(97, Scope.BROADCAST, BodyKind.TRAVERSE_START, BodyKind.NOTHING),
  RECD_RECLOCK_LATENCY(98, Scope.LOCAL_CLIENT, BodyKind.F64, BodyKind.NOTHING),
  GET_RECLOCK_FILE(99, Scope.ANY, BodyKind.NOTHING, BodyKind.TEXT_OR_NOTHING),
  SET_RECLOCK_FILE(100),
  STOP_NODE(101, Scope.ANY, BodyKind.NOTHING, BodyKind.NOTHING),
  CONTINUE_NODE(102, Scope.ANY, BodyKind.NOTHING, BodyKind.NOTHING),
  SET_NATGWSTATE(103),
  SET_LMASTERROLE(104, Scope.ANY, BodyKind.U32, BodyKind.NOTHING),
  SET_RECMASTERROLE(105, Scope.ANY, BodyKind.U32, BodyKind.NOTHING),
  ENABLE_SCRIPT(107),
  DISABLE_SCRIPT(108),
  SET_BAN_STATE(109, Scope.ANY, BodyKind.BAN_STATE, BodyKind.NOTHING),
  GET_BAN_STATE(110, Scope.ANY, BodyKind.NOTHING, BodyKind.BAN_STATE),
  SET_DB_PRIORITY(111),
  GET_DB_PRIORITY(112),
  TRANSACTION_CANCEL(113),
  REGISTER_NOTIFY(114, Scope.LOCAL_CLIENT, BodyKind.NOTIFY_DATA, BodyKind.NOTHING),
  DEREGISTER_NOTIFY(115, Scope.LOCAL_CLIENT, BodyKind.SRVID, BodyKind.NOTHING),
  TRANS2_ACTIVE(116),
  GET_LOG(117),
  CLEAR_LOG(118),
  TRANS3_COMMIT(119, Scope.LOCAL_CLIENT, BodyKind.RECORD_BUFFER, BodyKind.NOTHING),
  GET_DB_SEQNUM(120, Scope.ANY, BodyKind.DATABASE_ID_PADDED, BodyKind.U64),
  DB_SET_HEALTHY(121, Scope.ANY, BodyKind.DATABASE_ID, BodyKind.NOTHING),
  DB_GET_HEALTH(122, Scope.ANY, BodyKind.DATABASE_ID, BodyKind.TEXT_OR_NOTHING),
  GET_PUBLIC_IP_INFO(123, Scope.ANY, BodyKind.SOCK_ADDR, BodyKind.PUBLIC_IP_INFO),
  GET_IFACES(124, Scope.ANY, BodyKind.NOTHING, BodyKind.IFACE_LIST),
  SET_IFACE_LINK_STATE(125, Scope.ANY, BodyKind.IFACE, BodyKind.NOTHING),
  TCP_ADD_DELAYED_UPDATE(126, Scope.ANY, BodyKind.CONNECTION, BodyKind.NOTHING),
  GET_STAT_HISTORY(127, Scope.ANY, BodyKind.NOTHING, BodyKind.STATISTICS_HISTORY),
  SCHEDULE_FOR_DELETION(128, Scope.ANY, BodyKind.KEY_DATA, BodyKind.NOTHING),
  SET_DB_READONLY(129, Scope.ANY, BodyKind.DATABASE_ID, BodyKind.NOTHING),
  CHECK_SRVIDS(130),
  TRAVERSE_START_EXT(131, Scope.LOCAL_CLIENT, BodyKind.TRAVERSE_START_EXT, BodyKind.NOTHING),
  GET_DB_STATISTICS(132, Scope.ANY, BodyKind.DATABASE_ID, BodyKind.DATABASE_STATISTICS),
  SET_DB_STICKY(133, Scope.ANY, BodyKind.DATABASE_ID, BodyKind.NOTHING),
  RELOAD_PUBLIC_IPS(134, Scope.ANY, BodyKind.NOTHING, BodyKind.NOTHING),
  TRAVERSE_ALL_EXT(135, Scope.BROADCAST, BodyKind.TRAVERSE_ALL_EXT, BodyKind.NOTHING),
  RECEIVE_RECORDS(136),
  IPREALLOCATED(137, Scope.DAEMON, BodyKind.NOTHING, BodyKind.NOTHING),
  GET_RUNSTATE(138, Scope.ANY, BodyKind.NOTHING, BodyKind.U32),
  DB_DETACH(139, Scope.ANY, BodyKind.DATABASE_ID_AND_MORE, BodyKind.NOTHING),
  GET_NODES_FILE(140, Scope.ANY, BodyKind.NOTHING, BodyKind.NODE_MAP),
  DB_FREEZE(141, Scope.DAEMON, BodyKind.DATABASE_ID, BodyKind.NOTHING),
  DB_THAW(142, Scope.DAEMON, BodyKind.DATABASE_ID, BodyKind.NOTHING),
  DB_TRANSACTION_START(143, Scope.DAEMON, BodyKind.TRANSACTION_DATABASE, BodyKind.NOTHING),
  DB_TRANSACTION_COMMIT(144, Scope.DAEMON, BodyKind.TRANSACTION_DATABASE, BodyKind.NOTHING),
  DB_TRANSACTION_CANCEL(145, Scope.DAEMON, BodyKind.DATABASE_ID, BodyKind.NOTHING),
  DB_PULL(146, Scope.DAEMON, BodyKind.PULL_DATABASE, BodyKind.U32),
  DB_PUSH_START(147, Scope.DAEMON, BodyKind.PULL_DATABASE, BodyKind.NOTHING),
  DB_PUSH_CONFIRM(148, Scope.DAEMON, BodyKind.DATABASE_ID, BodyKind.U32),
  DB_OPEN_FLAGS(149, Scope.ANY, BodyKind.DATABASE_ID, BodyKind.I32),
  DB_ATTACH_REPLICATED(150, Scope.ANY, BodyKind.TEXT, BodyKind.DATABASE_ID),
  CHECK_PID_SRVID(151, Scope.ANY, BodyKind.PID_SRVID, BodyKind.NOTHING),
  TUNNEL_REGISTER(152, Scope.LOCAL_CLIENT, BodyKind.ANY, BodyKind.NOTHING),
  TUNNEL_DEREGISTER(153, Scope.LOCAL_CLIENT, BodyKind.ANY, BodyKind.NOTHING),
  VACUUM_FETCH(154, Scope.DAEMON, BodyKind.RECORD_BUFFER, BodyKind.NOTHING),
  DB_VACUUM(155, Scope.ANY, BodyKind.VACUUM_REQUEST, BodyKind.NOTHING),
  ECHO_DATA(156, Scope.ANY, BodyKind.ECHO_DATA, BodyKind.ECHO_DATA),
  DISABLE_NODE(157, Scope.ANY, BodyKind.NOTHING, BodyKind.NOTHING),
  ENABLE_NODE(158, Scope.ANY, BodyKind.NOTHING, BodyKind.NOTHING),
  TCP_CLIENT_DISCONNECTED(
      159, Status.LATER, Scope.LOCAL_CLIENT, BodyKind.CONNECTION, BodyKind.NOTHING),
  TCP_CLIENT_PASSED(160, Status.LATER, Scope.LOCAL_CLIENT, BodyKind.CONNECTION, BodyKind.NOTHING),
  START_IPREALLOCATE(161, Status.LATER, Scope.DAEMON, BodyKind.NOTHING, BodyKind.NOTHING),
  PUSH_RECORD(162, Status.LATER, Scope.BROADCAST, BodyKind.RECORD_PUSH, BodyKind.NOTHING);

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

  private static final Control[] BY_NUMBER = new Control[163];

  static {
    for (Control control : values()) {
      BY_NUMBER[control.number] = control;
    }
  }

  private final int number;
  private final Status status;
  private final Scope scope;
  private final BodyKind requestBody;
  private final BodyKind replyBody;

  Control(int number, Scope scope, BodyKind requestBody, BodyKind replyBody) {
    this(number, Status.CURRENT, scope, requestBody, replyBody);
  }

  Control(int number) {
    this(number, Status.OBSOLETE, Scope.ANY, BodyKind.ANY, BodyKind.NOTHING);
  }

  Control(int number, Status status, Scope scope, BodyKind requestBody, BodyKind replyBody) {
    this.number = number;
    this.status = status;
    this.scope = scope;
    this.requestBody = requestBody;
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

  /** Whether only versions before ctdbd 4.17 serve it. */
  public boolean obsolete() {
    return status == Status.OBSOLETE;
  }

  /** Whether only versions after ctdbd 4.17 serve it. */
  public boolean newer() {
    return status == Status.LATER;
  }

  /** Who sends it. */
  public Scope scope() {
    return scope;
  }

  /** The request's body. */
  public BodyKind requestBody() {
    return requestBody;
  }

  /**
   * Bytes of the request's body, where the protocol fixes them: any other size is answered with -1.
   */
  public OptionalInt requestSize() {
    return requestBody.fixedSize() ? OptionalInt.of(requestBody.minSize()) : OptionalInt.empty();
  }

  /** Least bytes of the request's body: fewer are answered with -1. */
  public int minRequestSize() {
    return requestBody.minSize();
  }

  /** Whether a request's body of so many bytes can be one; if not, the answer is -1. */
  public boolean acceptsRequestSize(int size) {
    return requestBody.fixedSize() ? size == requestBody.minSize() : size >= requestBody.minSize();
  }

  /** The reply's body, when the status is 0. */
  public BodyKind replyBody() {
    return replyBody;
  }
}
