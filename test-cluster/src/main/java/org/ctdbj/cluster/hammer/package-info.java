// SPDX-License-Identifier: GPL-3.0-or-later
/** C processes that work in a database as smbd does. */
package org.ctdbj.cluster.hammer;
