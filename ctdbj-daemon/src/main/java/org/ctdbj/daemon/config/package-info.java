// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What an administrator has written for this node: {@code ctdb.conf}, the nodes file, the tunables
 * file and the environment, read once at the start (the nodes file again on request) into immutable
 * values.
 */
package org.ctdbj.daemon.config;
