// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb.os;

/**
 * The JVM reports the loss of a mapped page, that another process has cut off or that cannot be
 * read, as an {@link InternalError}: not by the access but where the thread next looks for requests
 * of the JVM, and in compiled code that can be after the call on the handle has returned.
 */
public final class LateFault {
  private static final class Step {
    private final Step next;

    Step(Step next) {
      this.next = next;
    }
  }

  private static final Step FIRST = new Step(new Step(null));

  private LateFault() {}

  /**
   * Throws the {@link InternalError} of an access before this call, if one is due. Costs a few
   * loads: a thread looks for requests whenever a loop goes round, and how often this one does no
   * compiler can tell beforehand, so it has to leave that look in.
   */
  public static void deliver() {
    for (Step step = FIRST; step != null; step = step.next) {}
  }
}
