// SPDX-License-Identifier: GPL-3.0-or-later
/** Measures TDB files: this project's implementation beside libtdb, and by itself under JMH. */
package org.ctdbj.cluster.bench.tdb;
