// SPDX-License-Identifier: GPL-3.0-or-later
/** Clusters for tests, drills, the demonstration and benchmarks. Not part of the daemon. */
package org.ctdbj.cluster;
