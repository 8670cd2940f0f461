// SPDX-License-Identifier: GPL-3.0-or-later
/** {@code ctdbj tdb}: work on TDB files without a daemon. One class per subcommand. */
package org.ctdbj.cli.tdb;
