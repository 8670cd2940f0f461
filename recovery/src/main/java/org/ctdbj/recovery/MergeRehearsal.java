// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.recovery;

import java.util.ArrayList;
import java.util.List;
import org.ctdbj.protocol.Bytes;
import org.ctdbj.protocol.body.RecordBuffer;
import org.ctdbj.protocol.body.RecordData;

/**
 * The part of a recovery that the leader does between pulling and pushing, without a cluster: for
 * those who want that code to be compiled before it is needed.
 */
public final class MergeRehearsal {
  private MergeRehearsal() {}

  /**
   * Merges what several nodes have, as if each had sent the same buffers.
   *
   * @param pulled encoded buffers of records
   * @param nodes how many nodes have sent them
   * @param bufferBytes size at which a buffer that goes back to the nodes ends
   * @return encoded buffers with each record once
   */
  public static List<Bytes> merge(List<Bytes> pulled, int nodes, long bufferBytes) {
    var table = new MergeTable(0);
    for (int node = 0; node < nodes; node++) {
      for (Bytes buffer : pulled) {
        for (RecordData record : RecordBuffer.decode(buffer).records()) {
          table.add(record.key(), record.data(), node);
        }
      }
    }
    List<Bytes> merged = new ArrayList<>();
    MergeTable.Drain drain = table.drain(0, bufferBytes, true);
    while (drain.hasNext()) {
      merged.add(drain.next());
    }
    return merged;
  }
}
