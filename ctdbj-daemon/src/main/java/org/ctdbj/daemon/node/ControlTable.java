// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.EnumMap;
import java.util.Map;
import org.ctdbj.protocol.Control;

/** Which part of the node executes which control. Filled while the node is put together. */
public final class ControlTable {
  private final Map<Control, ControlHandler> handlers = new EnumMap<>(Control.class);

  /**
   * From now on the handler executes the control.
   *
   * @throws IllegalStateException if another one does already
   */
  public void register(Control control, ControlHandler handler) {
    if (handlers.putIfAbsent(control, handler) != null) {
      throw new IllegalStateException(control + " has a handler already");
    }
  }

  /** The handler of a control; null if this version does not serve it. */
  public ControlHandler handler(Control control) {
    return control == null ? null : handlers.get(control);
  }
}
