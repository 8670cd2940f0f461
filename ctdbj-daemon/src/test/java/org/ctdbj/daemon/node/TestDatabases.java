// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.node;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.ctdbj.protocol.packet.Packet;
import org.ctdbj.protocol.packet.ReplyCall;
import org.ctdbj.protocol.packet.ReplyDmaster;
import org.ctdbj.protocol.packet.ReplyError;
import org.ctdbj.protocol.packet.ReqCall;
import org.ctdbj.protocol.packet.ReqDmaster;

/** Notes what the control plane hands on and asks for. */
final class TestDatabases implements RecordTraffic, DatabaseHooks {
  final List<String> done = new ArrayList<>();
  final List<Packet> packets = new ArrayList<>();
  boolean sameGeneration = true;

  /** Null: answers are kept back in {@link #freezing}. */
  Boolean freezes = true;

  Consumer<Boolean> freezing;

  @Override
  public void clientCall(int clientId, ReqCall call) {
    packets.add(call);
  }

  @Override
  public void nodeCall(ReqCall call) {
    packets.add(call);
  }

  @Override
  public void reqDmaster(ReqDmaster packet) {
    packets.add(packet);
  }

  @Override
  public void replyDmaster(ReplyDmaster packet) {
    packets.add(packet);
  }

  @Override
  public void replyCall(ReplyCall packet) {
    packets.add(packet);
  }

  @Override
  public void replyError(ReplyError packet) {
    packets.add(packet);
  }

  @Override
  public boolean allGenerationsAre(int generation) {
    return sameGeneration;
  }

  @Override
  public void thawAll() {
    done.add("thaw");
  }

  @Override
  public void becomeInactive() {
    done.add("inactive");
  }

  @Override
  public void recoveryModeNormal() {
    done.add("normal");
  }

  @Override
  public void recoveryEnded() {
    done.add("ended");
  }

  @Override
  public void resetStatistics() {
    done.add("reset");
  }

  @Override
  public void freezeAll(Consumer<Boolean> answer) {
    done.add("freeze");
    if (freezes == null) {
      freezing = answer;
    } else {
      answer.accept(freezes);
    }
  }
}
