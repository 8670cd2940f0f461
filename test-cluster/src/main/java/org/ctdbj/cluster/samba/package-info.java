// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Clusters with real smbd processes: every node has its own network, process and mount namespaces
 * on this machine, all nodes share one directory. Needs root and the programs of Samba.
 */
package org.ctdbj.cluster.samba;
