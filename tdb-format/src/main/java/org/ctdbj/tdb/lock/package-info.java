// SPDX-License-Identifier: GPL-3.0-or-later
/** Locks on TDB files, compatible with those of libtdb 1.4 in other processes. */
package org.ctdbj.tdb.lock;
