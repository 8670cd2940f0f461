// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.store;

/**
 * How work on a whole database ended.
 *
 * @param value what it gave; null if it failed
 * @param error what went wrong, with file and place; null if nothing did
 */
public record StoreResult<T>(T value, String error) {
  /** Success. */
  public static <T> StoreResult<T> of(T value) {
    return new StoreResult<>(value, null);
  }

  /** Failure. */
  public static <T> StoreResult<T> failed(String error) {
    return new StoreResult<>(null, error);
  }

  /** Whether it succeeded. */
  public boolean ok() {
    return error == null;
  }
}
