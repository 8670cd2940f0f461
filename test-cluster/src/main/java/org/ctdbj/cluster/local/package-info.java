// SPDX-License-Identifier: GPL-3.0-or-later
/** Clusters of real daemons on loopback addresses, in ctdbd's test mode: no root needed. */
package org.ctdbj.cluster.local;
