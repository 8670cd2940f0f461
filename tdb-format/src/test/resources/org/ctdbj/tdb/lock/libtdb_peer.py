# SPDX-License-Identifier: GPL-3.0-or-later
"""Does to a TDB file what it is told on stdin, with libtdb or with plain fcntl locks; one answer line per command."""
import ctypes
import fcntl
import os
import struct
import sys


class Data(ctypes.Structure):
    _fields_ = [("dptr", ctypes.c_char_p), ("dsize", ctypes.c_size_t)]


lib = ctypes.CDLL("libtdb.so.1", use_errno=True)
lib.tdb_open.restype = ctypes.c_void_p
lib.tdb_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int]
lib.tdb_jenkins_hash.restype = ctypes.c_uint
lib.tdb_jenkins_hash.argtypes = [ctypes.POINTER(Data)]
lib.tdb_error.argtypes = [ctypes.c_void_p]
for name in "tdb_chainlock tdb_chainlock_nonblock tdb_chainlock_read tdb_chainlock_read_nonblock".split() + [
        "tdb_chainunlock", "tdb_chainunlock_read"]:
    getattr(lib, name).argtypes = [ctypes.c_void_p, Data]
for name in ("tdb_lockall tdb_lockall_nonblock tdb_unlockall tdb_lockall_read tdb_lockall_read_nonblock"
             " tdb_unlockall_read tdb_transaction_start tdb_transaction_cancel tdb_transaction_commit"
             " tdb_close").split():
    getattr(lib, name).argtypes = [ctypes.c_void_p]
lib.tdb_store.argtypes = [ctypes.c_void_p, Data, Data, ctypes.c_int]

tdb = None
chains = 0
plain = None


def key(chain):
    for i in range(1000000):
        k = b"key%d" % i
        data = Data(k, len(k))
        if lib.tdb_jenkins_hash(ctypes.byref(data)) % chains == chain:
            return data
    raise ValueError("no key for chain %d" % chain)


def outcome(result):
    if result == 0:
        return "ok"
    return "error %d errno %d" % (lib.tdb_error(tdb), ctypes.get_errno())


def stress(counter, chain, rounds):
    """Adds one to the counter in another file, mostly under the chain lock, sometimes under the allrecord lock."""
    data = key(chain)
    fd = os.open(counter, os.O_RDWR)
    for i in range(rounds):
        everything = i % 50 == 49
        if (lib.tdb_lockall(tdb) if everything else lib.tdb_chainlock(tdb, data)) != 0:
            return "lock: " + outcome(-1)
        value, = struct.unpack("<q", os.pread(fd, 8, 0))
        os.pwrite(fd, struct.pack("<q", value + 1), 0)
        if (lib.tdb_unlockall(tdb) if everything else lib.tdb_chainunlock(tdb, data)) != 0:
            return "unlock: " + outcome(-1)
    os.close(fd)
    return "ok"


def run(words):
    global tdb, chains, plain
    op = words[0]
    if op == "open":
        chains = int(words[2])
        tdb = lib.tdb_open(words[1].encode(), chains, int(words[3], 16), os.O_RDWR | os.O_CREAT, 0o600)
        return "ok" if tdb else "errno %d" % ctypes.get_errno()
    if op == "close":
        return outcome(lib.tdb_close(tdb))
    if op == "open-plain":
        plain = os.open(words[1], os.O_RDWR)
        return "ok"
    if op == "lockf":
        mode = {"R": fcntl.LOCK_SH, "W": fcntl.LOCK_EX, "U": fcntl.LOCK_UN}[words[1]]
        wait = 0 if words[4] == "wait" or words[1] == "U" else fcntl.LOCK_NB
        try:
            fcntl.lockf(plain, mode | wait, int(words[3]), int(words[2]))
            return "ok"
        except BlockingIOError:
            return "busy"
    if op == "stress":
        return stress(words[1], int(words[2]), int(words[3]))
    if op == "store":
        value = words[2].encode()
        return outcome(lib.tdb_store(tdb, key(int(words[1])), Data(value, len(value)), 0))
    function = getattr(lib, "tdb_" + op)
    return outcome(function(tdb, key(int(words[1]))) if len(words) > 1 else function(tdb))


print("ready", flush=True)
for line in sys.stdin:
    print(run(line.split()), flush=True)
