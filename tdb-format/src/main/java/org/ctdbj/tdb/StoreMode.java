// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

/** What {@link Tdb#store} does about a record that is or is not there already. */
public enum StoreMode {
  /** Create or overwrite. */
  REPLACE,
  /** Create; {@link TdbError#EXISTS} if the key is present. */
  INSERT,
  /** Overwrite; {@link TdbError#NOEXIST} if the key is absent. */
  MODIFY
}
