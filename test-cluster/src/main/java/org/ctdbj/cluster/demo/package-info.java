// SPDX-License-Identifier: GPL-3.0-or-later
/** What {@code bin/demo} shows. */
package org.ctdbj.cluster.demo;
