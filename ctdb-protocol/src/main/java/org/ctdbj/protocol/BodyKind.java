// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

/** What the body of a control's request or reply is, with the bytes that it takes. */
public enum BodyKind {
  /** No body. */
  NOTHING(0, 0),
  /** Not looked at. */
  ANY(0),
  /** A signed 32-bit integer. */
  I32(4, 4),
  /** An unsigned 32-bit integer. */
  U32(4, 4),
  /** An unsigned 64-bit integer. */
  U64(8, 8),
  /** A double. */
  F64(8, 8),
  /** A number of a process. */
  PID(4, 4),
  /** A service id. */
  SRVID(8, 8),
  /** The id of a database. */
  DATABASE_ID(4, 4),
  /** The id of a database; anything may follow. */
  DATABASE_ID_AND_MORE(4),
  /** The id of a database and 4 bytes of padding. */
  DATABASE_ID_PADDED(8, 8),
  /** Bytes of a text and a NUL. */
  TEXT(0),
  /** Bytes of a text and a NUL, or nothing. */
  TEXT_OR_NOTHING(0),
  /** Bytes of a text without a NUL. */
  RAW_TEXT(0),
  /** {@link org.ctdbj.protocol.body.AddrInfo}. */
  ADDR_INFO(36),
  /** {@link org.ctdbj.protocol.body.BanState}. */
  BAN_STATE(8, 8),
  /** {@link org.ctdbj.protocol.body.Connection}. */
  CONNECTION(56, 56),
  /** {@link org.ctdbj.protocol.body.DatabaseMap}. */
  DATABASE_MAP(4),
  /** {@link org.ctdbj.protocol.body.DatabaseStatistics}. */
  DATABASE_STATISTICS(464),
  /** {@link org.ctdbj.protocol.body.EchoData}. */
  ECHO_DATA(8),
  /** {@link org.ctdbj.protocol.body.Iface}. */
  IFACE(24, 24),
  /** {@link org.ctdbj.protocol.body.IfaceList}. */
  IFACE_LIST(4),
  /** {@link org.ctdbj.protocol.body.KeyData}. */
  KEY_DATA(36),
  /** {@link org.ctdbj.protocol.body.NodeFlagChange}. */
  NODE_FLAG_CHANGE(12, 12),
  /** {@link org.ctdbj.protocol.body.NodeMap}. */
  NODE_MAP(4),
  /** {@link org.ctdbj.protocol.body.NotifyData}. */
  NOTIFY_DATA(12),
  /** {@link org.ctdbj.protocol.body.PidSrvid}. */
  PID_SRVID(12, 12),
  /** {@link org.ctdbj.protocol.body.PublicIp}. */
  PUBLIC_IP(32, 32),
  /** {@link org.ctdbj.protocol.body.PublicIpInfo}. */
  PUBLIC_IP_INFO(40),
  /** {@link org.ctdbj.protocol.body.PublicIpList}. */
  PUBLIC_IP_LIST(4),
  /** {@link org.ctdbj.protocol.body.PullDatabase}. */
  PULL_DATABASE(16, 16),
  /** {@link org.ctdbj.protocol.body.RecordBuffer}. */
  RECORD_BUFFER(8),
  /** {@link org.ctdbj.protocol.body.RecordData}. */
  RECORD_DATA(16),
  /** One record with database, generation and header; only in later versions. */
  RECORD_PUSH(40),
  /** {@link org.ctdbj.protocol.body.SockAddr}. */
  SOCK_ADDR(28, 28),
  /** {@link org.ctdbj.protocol.body.Statistics}. */
  STATISTICS(488, 488),
  /** {@link org.ctdbj.protocol.body.StatisticsHistory}. */
  STATISTICS_HISTORY(48808, 48808),
  /** {@link org.ctdbj.protocol.body.TickleList}. */
  TICKLE_LIST(32),
  /** {@link org.ctdbj.protocol.body.TransactionDatabase}. */
  TRANSACTION_DATABASE(8, 8),
  /** {@link org.ctdbj.protocol.body.TraverseAll}. */
  TRAVERSE_ALL(24, 24),
  /** {@link org.ctdbj.protocol.body.TraverseAllExt}. */
  TRAVERSE_ALL_EXT(32, 32),
  /** {@link org.ctdbj.protocol.body.TraverseStart}. */
  TRAVERSE_START(16, 16),
  /** {@link org.ctdbj.protocol.body.TraverseStartExt}. */
  TRAVERSE_START_EXT(24, 24),
  /** {@link org.ctdbj.protocol.body.TunableName}; ctdbd refuses names of less than 4 bytes. */
  TUNABLE_NAME(8),
  /** {@link org.ctdbj.protocol.body.TunableNames}. */
  TUNABLE_NAMES(4),
  /** {@link org.ctdbj.protocol.body.TunableSetting}; ctdbd refuses names of less than 4 bytes. */
  TUNABLE_SETTING(12),
  /** {@link TunableValues}. */
  TUNABLE_VALUES(248, 248),
  /** {@link org.ctdbj.protocol.body.Uptime}. */
  UPTIME(64, 64),
  /** {@link org.ctdbj.protocol.body.VacuumRequest}. */
  VACUUM_REQUEST(5, 5),
  /** {@link org.ctdbj.protocol.body.VnnMap}. */
  VNN_MAP(8);

  private final int minSize;
  private final int maxSize;

  BodyKind(int minSize) {
    this(minSize, Integer.MAX_VALUE);
  }

  BodyKind(int minSize, int maxSize) {
    this.minSize = minSize;
    this.maxSize = maxSize;
  }

  /** Least bytes of such a body. */
  public int minSize() {
    return minSize;
  }

  /** Whether all such bodies have {@link #minSize} bytes. */
  public boolean fixedSize() {
    return minSize == maxSize;
  }
}
