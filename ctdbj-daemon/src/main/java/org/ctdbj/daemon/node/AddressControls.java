// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;

/**
 * Controls about public addresses, as a node answers them that has none: this version does not
 * serve any. Node thread only.
 */
final class AddressControls {
  /** Status of the tickle controls: not a public address of this node. */
  private static final int NOT_PUBLIC = 1;

  /** A list without entries. */
  private static final Bytes NONE = Bytes.ofInt(0);

  void register(ControlTable controls) {
    controls.register(Control.GET_PUBLIC_IPS, request -> request.reply(NONE));
    controls.register(Control.GET_IFACES, request -> request.reply(NONE));
    controls.register(Control.GET_PUBLIC_IP_INFO, request -> request.reply(-1));
    controls.register(Control.RELEASE_IP, request -> request.reply(0));
    controls.register(Control.TAKEOVER_IP, request -> request.reply(0));
    controls.register(Control.IPREALLOCATED, request -> request.reply(0));
    for (Control control :
        new Control[] {
          Control.TCP_CLIENT, Control.TCP_ADD, Control.TCP_REMOVE, Control.TCP_ADD_DELAYED_UPDATE
        }) {
      controls.register(control, request -> request.reply(0));
    }
    controls.register(Control.GET_TCP_TICKLE_LIST, request -> request.reply(NOT_PUBLIC));
    controls.register(Control.SET_TCP_TICKLE_LIST, request -> request.reply(NOT_PUBLIC));
  }
}
