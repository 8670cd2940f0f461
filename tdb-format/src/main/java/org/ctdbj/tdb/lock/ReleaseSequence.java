// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.lock;

/**
 * Steps of which each is taken even if one before it fails: giving back what is held. The first
 * failure is thrown at the end, the others hang on it as suppressed.
 */
public final class ReleaseSequence {
  private Throwable failure;

  /** Takes a step; a failure waits until {@link #end}. */
  public ReleaseSequence run(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      if (failure == null) {
        failure = e;
      } else {
        failure.addSuppressed(e);
      }
    }
    return this;
  }

  /** Throws the first failure, if there was one. */
  public void end() {
    switch (failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable t -> throw new AssertionError("no step can throw this", t);
    }
  }
}
