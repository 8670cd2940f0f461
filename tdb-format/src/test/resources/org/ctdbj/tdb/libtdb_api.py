# SPDX-License-Identifier: GPL-3.0-or-later
"""libtdb's C interface, one call per line of stdin: operation, handle, arguments. One answer line per call."""
import ctypes
import os
import sys


class Data(ctypes.Structure):
    _fields_ = [("dptr", ctypes.c_void_p), ("dsize", ctypes.c_size_t)]

    def bytes(self):
        return ctypes.string_at(self.dptr, self.dsize) if self.dsize else b""


WALK = ctypes.CFUNCTYPE(None, Data, Data, ctypes.c_void_p)
VISIT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, Data, Data, ctypes.c_void_p)

lib = ctypes.CDLL("libtdb.so.1", use_errno=True)
libc = ctypes.CDLL(None)
libc.free.argtypes = [ctypes.c_void_p]
handle = ctypes.c_void_p
lib.tdb_open.restype = handle
lib.tdb_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int]
lib.tdb_summary.restype = ctypes.c_void_p
lib.tdb_summary.argtypes = [handle]
lib.tdb_rescue.argtypes = [handle, WALK, ctypes.c_void_p]
lib.tdb_set_max_dead.argtypes = [handle, ctypes.c_int]
lib.tdb_set_max_dead.restype = None
lib.tdb_map_size.restype = ctypes.c_size_t
lib.tdb_map_size.argtypes = [handle]
lib.tdb_transaction_active.restype = ctypes.c_bool
lib.tdb_transaction_active.argtypes = [handle]
lib.tdb_traverse_chain.argtypes = [handle, ctypes.c_uint, VISIT, ctypes.c_void_p]
lib.tdb_check.argtypes = [handle, ctypes.c_void_p, ctypes.c_void_p]
for name in ("tdb_increment_seqnum_nonblock", "tdb_enable_seqnum"):
    getattr(lib, name).restype = None
    getattr(lib, name).argtypes = [handle]
for name in ("tdb_add_flags", "tdb_remove_flags"):
    getattr(lib, name).restype = None
    getattr(lib, name).argtypes = [handle, ctypes.c_uint]
for name in ("tdb_traverse", "tdb_traverse_read"):
    getattr(lib, name).argtypes = [handle, VISIT, ctypes.c_void_p]
lib.tdb_store.argtypes = [handle, Data, Data, ctypes.c_int]
lib.tdb_append.argtypes = [handle, Data, Data]
lib.tdb_storev.argtypes = [handle, Data, ctypes.POINTER(Data), ctypes.c_int, ctypes.c_int]
lib.tdb_fetch.restype = Data
lib.tdb_fetch.argtypes = [handle, Data]
lib.tdb_firstkey.restype = Data
lib.tdb_firstkey.argtypes = [handle]
lib.tdb_nextkey.restype = Data
lib.tdb_nextkey.argtypes = [handle, Data]
KEYED = ("delete exists chainlock chainlock_nonblock chainunlock chainlock_read chainlock_read_nonblock"
         " chainunlock_read chainlock_mark chainlock_unmark").split()
for name in KEYED:
    getattr(lib, "tdb_" + name).argtypes = [handle, Data]
PLAIN = ("close reopen lockall lockall_nonblock unlockall lockall_read lockall_read_nonblock unlockall_read"
         " lockall_mark lockall_unmark transaction_start transaction_start_nonblock transaction_prepare_commit"
         " transaction_commit transaction_cancel transaction_write_lock_mark transaction_write_lock_unmark"
         " wipe_all repack").split()
NUMBER = "get_seqnum hash_size get_flags freelist_size".split()
for name in PLAIN + NUMBER + ["error"]:
    getattr(lib, "tdb_" + name).argtypes = [handle]

handles = {}
kept = []


def unhex(word):
    return b"" if word == "-" else bytes.fromhex(word)


def data(word):
    value = unhex(word)
    buffer = ctypes.create_string_buffer(value, len(value) + 1)
    kept.append(buffer)
    return Data(ctypes.addressof(buffer), len(value))


def outcome(tdb, result):
    return "ok" if result == 0 else "error %d" % lib.tdb_error(tdb)


def answer_data(tdb, found):
    if not found.dptr:
        return "none %d" % lib.tdb_error(tdb)
    text = "v" + found.bytes().hex()
    libc.free(found.dptr)
    return text


def visited(call):
    """Runs a call that visits records; answers its result and the records as key=value in hex."""
    records = []
    result = call(records)
    return "%d %s" % (result, ",".join(k.hex() + "=" + v.hex() for k, v in records))


def traverse(function, tdb, *chain):
    def run(records):
        def visit(_, k, v, __):
            records.append((k.bytes(), v.bytes()))
            return 0
        return function(tdb, *chain, VISIT(visit), None)
    return visited(run)


def rescue(tdb):
    def run(records):
        def walk(k, v, _):
            records.append((k.bytes(), v.bytes()))
        return lib.tdb_rescue(tdb, WALK(walk), None)
    return visited(run)


def run(words):
    op, name = words[0], words[1]
    kept.clear()
    if op == "open":
        path = None if words[2] == "-" else words[2].encode()
        ctypes.set_errno(0)
        tdb = lib.tdb_open(path, int(words[3]), int(words[4], 0), int(words[5], 0), 0o600)
        if not tdb:
            return "errno %d" % ctypes.get_errno()
        handles[name] = tdb
        return "ok"
    tdb = handles[name]
    if op in KEYED:
        result = getattr(lib, "tdb_" + op)(tdb, data(words[2]))
        return str(result) if op == "exists" else outcome(tdb, result)
    if op in PLAIN:
        result = getattr(lib, "tdb_" + op)(tdb)
        if op == "close":
            del handles[name]
            return "ok" if result == 0 else "error"
        return outcome(tdb, result)
    if op in NUMBER:
        return str(getattr(lib, "tdb_" + op)(tdb))
    if op == "map_size":
        return str(lib.tdb_map_size(tdb))
    if op == "transaction_active":
        return str(lib.tdb_transaction_active(tdb)).lower()
    if op == "store":
        return outcome(tdb, lib.tdb_store(tdb, data(words[2]), data(words[3]), int(words[4])))
    if op == "storev":
        parts = (Data * len(words[4:]))(*[data(w) for w in words[4:]])
        return outcome(tdb, lib.tdb_storev(tdb, data(words[2]), parts, len(parts), int(words[3])))
    if op == "append":
        return outcome(tdb, lib.tdb_append(tdb, data(words[2]), data(words[3])))
    if op == "fetch":
        return answer_data(tdb, lib.tdb_fetch(tdb, data(words[2])))
    if op == "firstkey":
        return answer_data(tdb, lib.tdb_firstkey(tdb))
    if op == "nextkey":
        return answer_data(tdb, lib.tdb_nextkey(tdb, data(words[2])))
    if op == "traverse":
        return traverse(lib.tdb_traverse, tdb)
    if op == "traverse_read":
        return traverse(lib.tdb_traverse_read, tdb)
    if op == "traverse_chain":
        return traverse(lib.tdb_traverse_chain, tdb, int(words[2]))
    if op == "check":
        return outcome(tdb, lib.tdb_check(tdb, None, None))
    if op == "rescue":
        return rescue(tdb)
    if op == "summary":
        text = lib.tdb_summary(tdb)
        if not text:
            return "none %d" % lib.tdb_error(tdb)
        found = ctypes.string_at(text).hex()
        libc.free(text)
        return "v" + found
    if op in ("set_max_dead", "add_flags", "remove_flags"):
        getattr(lib, "tdb_" + op)(tdb, int(words[2], 0))
        return "ok"
    if op in ("increment_seqnum_nonblock", "enable_seqnum"):
        getattr(lib, "tdb_" + op)(tdb)
        return "ok"
    return "unknown operation " + op


print("ready", flush=True)
for line in sys.stdin:
    print(run(line.split()), flush=True)
