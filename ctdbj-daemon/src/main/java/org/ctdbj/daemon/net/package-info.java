// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Sockets and time of one node, on Netty's native epoll transport: the event loop whose one thread
 * is the node thread, the Unix socket for clients, the TCP links between nodes. What arrives is
 * handed to the node core as packets; nothing here knows what they mean.
 *
 * <p>Memory: what waits for a slow reader is kept on the heap and handed to the kernel in small
 * pieces, so there is no limit in packets. Only where all that waits, for readers and for the rest
 * of frames that have begun, passes half of the heap is the connection that holds most of it given
 * up, with a line in the log: the alternative is a daemon without memory, which hurts all the
 * others. Nothing that arrives is throttled.
 */
package org.ctdbj.daemon.net;
