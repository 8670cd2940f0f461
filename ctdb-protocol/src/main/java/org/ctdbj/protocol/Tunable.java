// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.protocol;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Every tunable in the order in which GET_ALL_TUNABLES sends their values. Values are unsigned
 * 32-bit numbers; what they count is in the name or in ctdb-tunables(7).
 */
public enum Tunable {
  MAX_REDIRECT_COUNT("MaxRedirectCount", 3, true),
  SEQNUM_INTERVAL("SeqnumInterval", 1000, false),
  CONTROL_TIMEOUT("ControlTimeout", 60, false),
  TRAVERSE_TIMEOUT("TraverseTimeout", 20, false),
  KEEPALIVE_INTERVAL("KeepaliveInterval", 5, false),
  KEEPALIVE_LIMIT("KeepaliveLimit", 5, false),
  RECOVER_TIMEOUT("RecoverTimeout", 30, false),
  RECOVER_INTERVAL("RecoverInterval", 1, false),
  ELECTION_TIMEOUT("ElectionTimeout", 3, false),
  TAKEOVER_TIMEOUT("TakeoverTimeout", 9, false),
  MONITOR_INTERVAL("MonitorInterval", 15, false),
  TICKLE_UPDATE_INTERVAL("TickleUpdateInterval", 20, false),
  EVENT_SCRIPT_TIMEOUT("EventScriptTimeout", 30, false),
  MONITOR_TIMEOUT_COUNT("MonitorTimeoutCount", 20, false),
  EVENT_SCRIPT_UNHEALTHY_ON_TIMEOUT("EventScriptUnhealthyOnTimeout", 0, true),
  RECOVERY_GRACE_PERIOD("RecoveryGracePeriod", 120, false),
  RECOVERY_BAN_PERIOD("RecoveryBanPeriod", 300, false),
  DATABASE_HASH_SIZE("DatabaseHashSize", 100001, false),
  DATABASE_MAX_DEAD("DatabaseMaxDead", 5, false),
  RERECOVERY_TIMEOUT("RerecoveryTimeout", 10, false),
  ENABLE_BANS("EnableBans", 1, false),
  DETERMINISTIC_IPS("DeterministicIPs", 0, true),
  RECLOCK_PING_PERIOD("ReclockPingPeriod", 60, true),
  NO_IP_FAILBACK("NoIPFailback", 0, false),
  DISABLE_IP_FAILOVER("DisableIPFailover", 0, true),
  VERBOSE_MEMORY_NAMES("VerboseMemoryNames", 0, false),
  RECD_PING_TIMEOUT("RecdPingTimeout", 60, false),
  RECD_FAIL_COUNT("RecdFailCount", 10, false),
  LOG_LATENCY_MS("LogLatencyMs", 0, false),
  REC_LOCK_LATENCY_MS("RecLockLatencyMs", 1000, false),
  RECOVERY_DROP_ALL_IPS("RecoveryDropAllIPs", 120, false),
  VERIFY_RECOVERY_LOCK("VerifyRecoveryLock", 1, true),
  VACUUM_INTERVAL("VacuumInterval", 10, false),
  VACUUM_MAX_RUN_TIME("VacuumMaxRunTime", 120, false),
  REPACK_LIMIT("RepackLimit", 10000, false),
  VACUUM_LIMIT("VacuumLimit", 5000, true),
  MAX_QUEUE_DROP_MSG("MaxQueueDropMsg", 1000000, false),
  ALLOW_UNHEALTHY_DB_READ("AllowUnhealthyDBRead", 0, false),
  STAT_HISTORY_INTERVAL("StatHistoryInterval", 1, false),
  DEFERRED_ATTACH_TO("DeferredAttachTO", 120, false),
  VACUUM_FAST_PATH_COUNT("VacuumFastPathCount", 60, false),
  LCP2_PUBLIC_IPS("LCP2PublicIPs", 1, true),
  ALLOW_CLIENT_DB_ATTACH("AllowClientDBAttach", 1, false),
  RECOVER_PDB_BY_SEQ_NUM("RecoverPDBBySeqNum", 1, true),
  DEFERRED_REBALANCE_ON_NODE_ADD("DeferredRebalanceOnNodeAdd", 300, true),
  FETCH_COLLAPSE("FetchCollapse", 1, false),
  HOPCOUNT_MAKE_STICKY("HopcountMakeSticky", 50, false),
  STICKY_DURATION("StickyDuration", 600, false),
  STICKY_PINDOWN("StickyPindown", 200, false),
  NO_IP_TAKEOVER("NoIPTakeover", 0, false),
  DB_RECORD_COUNT_WARN("DBRecordCountWarn", 100000, false),
  DB_RECORD_SIZE_WARN("DBRecordSizeWarn", 10000000, false),
  DB_SIZE_WARN("DBSizeWarn", 100000000, false),
  PULL_DB_PREALLOCATION("PullDBPreallocation", 10485760, false),
  NO_IP_HOST_ON_ALL_DISABLED("NoIPHostOnAllDisabled", 1, true),
  SAMBA3_AVOID_DEADLOCKS("Samba3AvoidDeadlocks", 0, true),
  TDB_MUTEX_ENABLED("TDBMutexEnabled", 1, true),
  LOCK_PROCESSES_PER_DB("LockProcessesPerDB", 200, false),
  REC_BUFFER_SIZE_LIMIT("RecBufferSizeLimit", 1000000, false),
  QUEUE_BUFFER_SIZE("QueueBufferSize", 1024, false),
  IP_ALLOC_ALGORITHM("IPAllocAlgorithm", 2, false),
  ALLOW_MIXED_VERSIONS("AllowMixedVersions", 0, false);

  private static final Map<String, Tunable> BY_NAME =
      Stream.of(values())
          .collect(
              Collectors.toUnmodifiableMap(
                  tunable -> tunable.wireName.toLowerCase(Locale.ROOT), Function.identity()));

  private final String wireName;
  private final int defaultValue;
  private final boolean obsolete;

  Tunable(String wireName, int defaultValue, boolean obsolete) {
    this.wireName = wireName;
    this.defaultValue = defaultValue;
    this.obsolete = obsolete;
  }

  /** The tunable with a name, in any case; null if there is none. */
  public static Tunable byName(String name) {
    return BY_NAME.get(name.toLowerCase(Locale.ROOT));
  }

  /** Those that are not obsolete, in the order in which LIST_TUNABLES gives their names. */
  public static List<Tunable> listed() {
    return LISTED;
  }

  private static final List<Tunable> LISTED =
      Stream.of(values())
          .filter(tunable -> !tunable.obsolete && tunable != VACUUM_FAST_PATH_COUNT)
          .flatMap(
              tunable ->
                  // ctdbd keeps its list in another order than its values, and only here that
                  // shows.
                  tunable == REPACK_LIMIT
                      ? Stream.of(REPACK_LIMIT, VACUUM_FAST_PATH_COUNT)
                      : Stream.of(tunable))
          .toList();

  /** The name in files and on the wire. */
  public String wireName() {
    return wireName;
  }

  /** Its value unless set. */
  public int defaultValue() {
    return defaultValue;
  }

  /** Whether it can still be set but has no effect and is not listed. */
  public boolean obsolete() {
    return obsolete;
  }
}
