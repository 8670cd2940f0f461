// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

/**
 * Counters of the STATISTICS control that are kept as plain numbers, with their place in its body
 * (488 bytes, as ctdbd 4.17 sends them).
 */
public enum Counter {
  CLIENT_PACKETS_SENT(12),
  CLIENT_PACKETS_RECEIVED(16),
  NODE_PACKETS_SENT(20),
  NODE_PACKETS_RECEIVED(24),
  KEEPALIVE_PACKETS_SENT(28),
  KEEPALIVE_PACKETS_RECEIVED(32),
  NODE_REQ_CALL(36),
  NODE_REPLY_CALL(40),
  NODE_REQ_DMASTER(44),
  NODE_REPLY_DMASTER(48),
  NODE_REPLY_ERROR(52),
  NODE_REQ_MESSAGE(56),
  NODE_REQ_CONTROL(60),
  NODE_REPLY_CONTROL(64),
  NODE_REQ_TUNNEL(68),
  CLIENT_REQ_CALL(72),
  CLIENT_REQ_MESSAGE(76),
  CLIENT_REQ_CONTROL(80),
  CLIENT_REQ_TUNNEL(84),
  TIMEOUT_CALL(88),
  TIMEOUT_CONTROL(92),
  TIMEOUT_TRAVERSE(96),
  LOCK_CALLS(168),
  LOCK_CURRENT(172),
  LOCK_PENDING(176),
  LOCK_FAILED(180),
  TOTAL_CALLS(280),
  PENDING_CALLS(284),
  CHILDWRITE_CALLS(288),
  PENDING_CHILDWRITE_CALLS(292),
  MAX_HOP_COUNT(304),
  NUM_RECOVERIES(440),
  TOTAL_RO_DELEGATIONS(480),
  TOTAL_RO_REVOKES(484);

  private final int offset;

  Counter(int offset) {
    this.offset = offset;
  }

  /** Where in the body the counter is. */
  int offset() {
    return offset;
  }
}
