// SPDX-License-Identifier: GPL-3.0-or-later
/** TDB files as libtdb 1.4 writes them, shared live with C processes. */
package org.ctdbj.tdb;
