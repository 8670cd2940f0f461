// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster.sim;

import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.Control;

/** Sends what an administrator's tool would send to the own daemon. */
final class AdminClient extends SimClient {
  AdminClient(Simulation world, SimNode node) {
    super(world, node);
  }

  @Override
  void connected() {
    // waits for orders
  }

  @Override
  void lost() {
    // holds nothing
  }

  void order(Control control, Bytes data) {
    world.trace().add(node.pnn(), "admin", control);
    control(control, 0, data, reply -> world.trace().add(node.pnn(), "admin", reply.status()));
  }
}
