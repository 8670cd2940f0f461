// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.function.Function;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;
import org.ctdbj.protocol.ProtocolException;

/**
 * A control with the meaning of its answer.
 *
 * @param timeoutSeconds after which no answer counts as a failure
 * @param meaning makes the value of an answer; throws {@link ProtocolException} if it is a failure
 */
record Question<T>(
    Control control,
    int flags,
    Bytes data,
    int timeoutSeconds,
    Function<ControlResult, T> meaning) {

  /** Answered with status 0 and a body. */
  static <T> Question<T> body(
      Control control, Bytes data, int timeoutSeconds, Function<Bytes, T> decode) {
    return new Question<>(
        control, 0, data, timeoutSeconds, result -> decode.apply(success(result).data()));
  }

  /** Answered with a value of 0 or more in the status. */
  static Question<Integer> status(Control control, int timeoutSeconds) {
    return new Question<>(
        control,
        0,
        Bytes.EMPTY,
        timeoutSeconds,
        result -> {
          if (result.status() < 0) {
            throw new ProtocolException(failureText(result));
          }
          return result.status();
        });
  }

  /** Done, or not done. */
  static Question<Boolean> command(Control control, Bytes data, int timeoutSeconds) {
    return new Question<>(control, 0, data, timeoutSeconds, result -> success(result).ok());
  }

  /** This question with flags. */
  Question<T> withFlags(int newFlags) {
    return new Question<>(control, newFlags, data, timeoutSeconds, meaning);
  }

  private static ControlResult success(ControlResult result) {
    if (!result.ok()) {
      throw new ProtocolException(failureText(result));
    }
    return result;
  }

  private static String failureText(ControlResult result) {
    return result.error().isEmpty() ? "status " + result.status() : result.error();
  }
}
