// SPDX-License-Identifier: GPL-3.0-or-later
/** The doors of pure code to the outside: time, chance and the log. */
package org.ctdbj.recovery.door;
