// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The Linux system calls that TDB files need and the JDK lacks: the only package that calls native
 * code.
 */
package org.ctdbj.tdb.os;
