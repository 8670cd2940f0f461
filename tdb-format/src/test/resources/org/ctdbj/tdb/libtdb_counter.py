# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts in the records of a TDB file with libtdb: each command comes as a line on stdin and gets a line back."""
import ctypes
import os
import struct
import sys


class Data(ctypes.Structure):
    _fields_ = [("dptr", ctypes.c_void_p), ("dsize", ctypes.c_size_t)]


lib = ctypes.CDLL("libtdb.so.1", use_errno=True)
libc = ctypes.CDLL(None)
libc.free.argtypes = [ctypes.c_void_p]
lib.tdb_open.restype = ctypes.c_void_p
lib.tdb_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int]
lib.tdb_error.argtypes = [ctypes.c_void_p]
lib.tdb_fetch.restype = Data
lib.tdb_fetch.argtypes = [ctypes.c_void_p, Data]
lib.tdb_store.argtypes = [ctypes.c_void_p, Data, Data, ctypes.c_int]
lib.tdb_chainlock.argtypes = lib.tdb_chainunlock.argtypes = [ctypes.c_void_p, Data]
for name in "tdb_lockall tdb_unlockall tdb_transaction_start tdb_transaction_commit".split():
    getattr(lib, name).argtypes = [ctypes.c_void_p]

alive = []


def data(content):
    buffer = ctypes.create_string_buffer(content, len(content))
    alive.append(buffer)
    return Data(ctypes.addressof(buffer), len(content))


def checked(result, what):
    if result != 0:
        raise RuntimeError("%s: error %d errno %d" % (what, lib.tdb_error(tdb), ctypes.get_errno()))


def add(key, pad):
    """Adds one to the counter of a record, whose value has a new length each time."""
    old = lib.tdb_fetch(tdb, key)
    count = 0
    if old.dptr:
        count, = struct.unpack_from("<q", ctypes.string_at(old.dptr, old.dsize))
        libc.free(old.dptr)
    checked(lib.tdb_store(tdb, key, data(struct.pack("<q", count + 1) + bytes(pad)), 0), "store")
    alive.pop()


def whole(names, pad):
    for key in names:
        add(key, pad)


def work(rounds, keys, every, kind):
    names = [data(b"counter%d" % i) for i in range(keys)]
    for i in range(1, rounds + 1):
        pad = i * 37 % 500
        if i % every != 0:
            key = names[i % keys]
            checked(lib.tdb_chainlock(tdb, key), "chainlock")
            add(key, pad)
            checked(lib.tdb_chainunlock(tdb, key), "chainunlock")
        elif kind == "lockall":
            checked(lib.tdb_lockall(tdb), "lockall")
            whole(names, pad)
            checked(lib.tdb_unlockall(tdb), "unlockall")
        else:
            checked(lib.tdb_transaction_start(tdb), "transaction start")
            whole(names, pad)
            checked(lib.tdb_transaction_commit(tdb), "transaction commit")


for line in sys.stdin:
    words = line.split()
    try:
        if words[0] == "open":
            tdb = lib.tdb_open(words[1].encode(), 0, int(words[2]), os.O_RDWR, 0)
            checked(0 if tdb else -1, "open")
        elif words[0] == "work":
            work(int(words[1]), int(words[2]), int(words[3]), words[4])
        elif words[0] == "hold":
            # In the middle of a change: the record has moved and the chain is not given back.
            held = data(words[1].encode())
            checked(lib.tdb_chainlock(tdb, held), "chainlock")
            checked(lib.tdb_store(tdb, held, data(bytes(900)), 0), "store")
        else:
            raise ValueError(words)
        print("ok", flush=True)
    except Exception as e:
        print(repr(e), flush=True)
