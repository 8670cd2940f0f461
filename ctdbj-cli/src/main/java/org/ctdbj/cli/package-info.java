// SPDX-License-Identifier: GPL-3.0-or-later
/** The {@code ctdbj} command. */
package org.ctdbj.cli;
