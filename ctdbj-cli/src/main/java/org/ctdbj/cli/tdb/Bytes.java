// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cli.tdb;

/** A key or value given on the command line: picocli takes an array for a list of parameters. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Bytes(byte[] value) {}
