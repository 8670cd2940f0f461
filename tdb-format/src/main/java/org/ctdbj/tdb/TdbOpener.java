// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.ctdbj.tdb.os.NativeFile;

final class TdbOpener {
  record Opened(TdbState state, NativeFile file) {
    boolean usesMutexes() { return false; }
    Opened reopen(int flags, int maxDead) { throw new UnsupportedOperationException(); }
    void close() { state.file.close(); file.close(); }
  }
  static Opened open(Path path, TdbOptions options) {
    int flags = options.flags();
    if (!TdbFlag.DISALLOW_NESTING.in(flags)) flags |= 512;
    var file = NativeFile.open(path, options.readOnly() ? 0 : options.create() ? 2 | 64 : 2, options.mode());
    if (file.size() == 0) {
      var h = FileHeader.create(options.hashSize(), flags, 0).encode();
      file.allocate(0, 168 + 4L * (options.hashSize() + 1));
      var io = new MappedIo(path, file, 0, false, false, 4096);
      io.write(0, MemorySegment.ofArray(h), 0, h.length);
      io.close();
    }
    var io0 = new MappedIo(path, file, 0, options.readOnly(), false, 4096);
    var h = FileHeader.read(io0);
    io0.close();
    var p = h.problems(0);
    if (!p.isEmpty()) throw TdbException.at(p.get(0).error(), path, p.get(0).offset(), p.get(0).expected(), p.get(0).found());
    var io = new MappedIo(path, file, 0, options.readOnly(), h.convert(), 4096);
    var st = new TdbState(io, new NoLocks(), h.hashSize(), h.hash(), options.readOnly(), flags);
    st.maxDead = options.maxDead() >= 0 ? options.maxDead() : TdbFlag.VOLATILE.in(flags) ? 5 : 0;
    if (Recovery.isNeeded(io)) Recovery.run(io);
    return new Opened(st, file);
  }
}
