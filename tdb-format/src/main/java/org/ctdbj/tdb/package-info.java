// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * TDB files, the databases of Samba, without libtdb: same bytes, same locks, so that a JVM and C
 * programs can share a file while both write.
 *
 * <p>{@link org.ctdbj.tdb.Tdb} is one open handle. Keys and values are bytes; there are no types,
 * no order and no secondary index. A handle belongs to one platform thread at a time; {@link
 * org.ctdbj.tdb.Tdb#reopen} makes another one for another thread. Whatever fails is a {@link
 * org.ctdbj.tdb.TdbException}, which names the file and, for damage, the offset, what was expected
 * there and what was found.
 *
 * <h2>Records</h2>
 *
 * {@snippet class="org.ctdbj.tdb.Examples" region="records"}
 *
 * <h2>Read, decide, write</h2>
 *
 * <p>One record is changed under the lock of its hash chain, which also keeps C programs out. It
 * costs far less than a transaction, and nothing is synced.
 *
 * {@snippet class="org.ctdbj.tdb.Examples" region="counter"}
 *
 * <h2>All or nothing</h2>
 *
 * <p>A transaction survives a crash of the process or the machine: the next one who opens the file,
 * or takes a lock in it, rolls back what was not committed.
 *
 * {@snippet class="org.ctdbj.tdb.Examples" region="transaction"}
 *
 * <h2>Walking</h2>
 *
 * <p>{@link org.ctdbj.tdb.Tdb#traverse} lets the visitor store and delete, while others do so too.
 *
 * {@snippet class="org.ctdbj.tdb.Examples" region="traverse"}
 *
 * <h2>Without copying</h2>
 *
 * {@snippet class="org.ctdbj.tdb.Examples" region="parse"}
 *
 * <h2>Damaged files</h2>
 *
 * <p>{@link org.ctdbj.tdb.Tdb#check} says what is wrong and where, {@link org.ctdbj.tdb.Tdb#rescue}
 * finds the records that are left.
 *
 * {@snippet class="org.ctdbj.tdb.Examples" region="rescue"}
 *
 * <p>The JVM needs {@code --enable-native-access} for this module: locks, mutexes and mappings are
 * calls of glibc.
 */
package org.ctdbj.tdb;
