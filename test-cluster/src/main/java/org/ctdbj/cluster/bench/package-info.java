// SPDX-License-Identifier: GPL-3.0-or-later
/** Measurements beside the original daemon, in the same run. */
package org.ctdbj.cluster.bench;
