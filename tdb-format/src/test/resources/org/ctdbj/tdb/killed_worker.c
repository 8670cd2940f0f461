// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A process that uses libtdb until it is killed: the other half of KilledWorker.java, step by step
 * the same. The journal is laid out as KillJournal.java says.
 *
 * Arguments: TDB file, flags, journal, slot, seed, guard file, whether transactions need the guard.
 * With "check" in place of the slot: tdb_check, exit status 0 if it finds no fault.
 * With "mark": opens the file, prints the number of records, stores its process id, and waits.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <tdb.h>

enum { COUNTERS = 8, BLOBS = 32, ACCOUNTS = 8, AMOUNT = 1000, SLOTS = 256 };
enum { COUNTER = 1, BLOB = 2, TX = 3 };
enum { LOCKED = 1, STORED, READ_TRAVERSE, TRAVERSE, TX_OPEN, TX_INNER, TX_PREPARED, ALL_LOCKED,
       COMMITTING };
enum { ALLOCATES = 1, COMMITS = 2 };

struct slot {
    int64_t progress, kind, unused, seq, command, at, phase, unused2[9];
};

struct journal {
    int64_t transactions, torn, unused[6];
    int64_t counter[COUNTERS];
    int64_t blob[BLOBS];
    int64_t unused2[80];
    struct slot slot[SLOTS];
};

static struct journal *journal;
static struct slot *me;
static TDB_CONTEXT *tdb;
static int guard, guard_transactions;
static uint64_t state;

static int64_t get(int64_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static void set(int64_t *word, int64_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }

static unsigned below(unsigned n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned) (state >> 33) % n;
}

static void violated(const char *what, const char *key, long found, long expected) {
    fprintf(stderr, "libtdb worker %d: %s of %s: found %ld, expected %ld (%s)\n", (int) getpid(),
            what, key, found, expected, tdb_errorstr(tdb));
    exit(3);
}

static void must(int result, const char *what) {
    if (result != 0) {
        violated("failed call", what, result, 0);
    }
}

static void point(int number) {
    if (get(&me->command) == number) {
        set(&me->at, number);
        for (;;) {
            pause();
        }
    }
}

/* In one word, so that nobody reads one half of before and one of after. */
static int64_t doing(int kind, int key) { return kind | (int64_t) key << 8; }

static void in_flight(int kind, int key, int64_t seq) {
    set(&me->seq, seq);
    set(&me->kind, doing(kind, key));
}

/* Only if nobody has and its worker is not about something else by now. */
static void settled(struct slot *slot, int kind, int key) {
    int64_t known = doing(kind, key);
    __atomic_compare_exchange_n(&slot->kind, &known, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static struct slot *left_by_dead(int kind, int key) {
    for (int i = 0; i < SLOTS; i++) {
        struct slot *s = &journal->slot[i];
        if (s != me && get(&s->kind) == doing(kind, key)) {
            return s;
        }
    }
    return NULL;
}

static void guard_lock(short type) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    must(fcntl(guard, F_SETLKW, &lock), "guard");
}

static char name_buffer[16];
static TDB_DATA name(char kind, int number) {
    TDB_DATA key = {.dptr = (unsigned char *) name_buffer};
    key.dsize = (size_t) snprintf(name_buffer, sizeof name_buffer, "%c%d", kind, number);
    return key;
}

static int64_t number(TDB_DATA value) {
    int64_t result = -1;
    if (value.dptr != NULL && value.dsize >= 8) {
        memcpy(&result, value.dptr, 8);
    }
    return result;
}

static unsigned char pattern(int64_t seq, int key, size_t i) {
    return (unsigned char) ((seq >> 20) * 31 + key * 7 + (int64_t) i);
}

static bool matches(TDB_DATA value, int key, int64_t seq) {
    if (seq == 0 || value.dptr == NULL) {
        return seq == 0 && value.dptr == NULL;
    }
    if (value.dsize != (size_t) (seq & 0xfffff)) {
        return false;
    }
    for (size_t i = 0; i < value.dsize; i++) {
        if (value.dptr[i] != pattern(seq, key, i)) {
            return false;
        }
    }
    return true;
}

/* The counter's chain is locked. */
static int64_t check_counter(int k) {
    TDB_DATA value = tdb_fetch(tdb, name('c', k));
    int64_t found = number(value), expected = get(&journal->counter[k]);
    free(value.dptr);
    struct slot *dead = left_by_dead(COUNTER, k);
    if (found != expected && !(dead != NULL && found == expected + 1)) {
        violated("counter", name_buffer, found, expected);
    }
    set(&journal->counter[k], found);
    if (dead != NULL) {
        settled(dead, COUNTER, k);
    }
    return found;
}

/* The blob's chain is locked. */
static int64_t check_blob(int b) {
    TDB_DATA value = tdb_fetch(tdb, name('b', b));
    int64_t expected = get(&journal->blob[b]);
    struct slot *dead = left_by_dead(BLOB, b);
    if (!matches(value, b, expected)) {
        if (dead == NULL) {
            violated("blob", name_buffer, (long) value.dsize, expected & 0xfffff);
        }
        expected = get(&dead->seq);
        if (!matches(value, b, expected)) {
            __atomic_add_fetch(&journal->torn, 1, __ATOMIC_SEQ_CST);
            expected = 0;
            if (value.dptr != NULL) {
                set(&me->phase, ALLOCATES);
                must(tdb_delete(tdb, name('b', b)), "delete of a torn blob");
                set(&me->phase, 0);
            }
        }
        set(&journal->blob[b], expected);
    }
    free(value.dptr);
    if (dead != NULL) {
        settled(dead, BLOB, b);
    }
    return expected;
}

static int64_t amount(int a) {
    TDB_DATA value = tdb_fetch(tdb, name('a', a));
    int64_t result = number(value);
    if (value.dptr == NULL || value.dsize < 8) {
        violated("account", name_buffer, (long) value.dsize, 8);
    }
    for (size_t i = 8; i < value.dsize; i++) {
        if (value.dptr[i] != (unsigned char) (result + (int64_t) i)) {
            violated("account's padding", name_buffer, value.dptr[i], (long) i);
        }
    }
    free(value.dptr);
    return result;
}

static void put_amount(int a, int64_t value) {
    unsigned char bytes[608];
    size_t length = 8 + below(600);
    memcpy(bytes, &value, 8);
    for (size_t i = 8; i < length; i++) {
        bytes[i] = (unsigned char) (value + (int64_t) i);
    }
    TDB_DATA data = {.dptr = bytes, .dsize = length};
    must(tdb_store(tdb, name('a', a), data, 0), "store of an account");
}

/* Nobody else can commit now. */
static int64_t check_transactions(void) {
    TDB_DATA value = tdb_fetch(tdb, name('t', 0));
    int64_t found = number(value), expected = get(&journal->transactions), sum = 0;
    free(value.dptr);
    bool known = found == expected;
    for (int i = 0; i < SLOTS; i++) {
        struct slot *s = &journal->slot[i];
        if (s != me && get(&s->kind) == TX) {
            known |= get(&s->seq) == found && found == expected + 1;
            settled(s, TX, 0);
        }
    }
    if (!known && found != get(&journal->transactions)) {
        violated("transactions", name_buffer, found, expected);
    }
    set(&journal->transactions, found);
    for (int a = 0; a < ACCOUNTS; a++) {
        sum += amount(a);
    }
    if (sum != ACCOUNTS * AMOUNT) {
        violated("sum", "accounts", sum, ACCOUNTS * AMOUNT);
    }
    return found;
}

static void increment(void) {
    int k = (int) below(COUNTERS);
    must(tdb_chainlock(tdb, name('c', k)), "chainlock");
    int64_t count = check_counter(k) + 1;
    in_flight(COUNTER, k, count);
    point(LOCKED);
    TDB_DATA data = {.dptr = (unsigned char *) &count, .dsize = 8};
    must(tdb_store(tdb, name('c', k), data, TDB_MODIFY), "store of a counter");
    point(STORED);
    set(&journal->counter[k], count);
    set(&me->kind, 0);
    must(tdb_chainunlock(tdb, name('c', k)), "chainunlock");
}

static void change_blob(int b, bool only_delete) {
    static unsigned char bytes[4096];
    must(tdb_chainlock(tdb, name('b', b)), "chainlock");
    int64_t seq = check_blob(b), round = (seq >> 20) + 1 + below(1000);
    unsigned what = only_delete ? 0 : below(4);
    size_t old = (size_t) (seq & 0xfffff), length = 1 + below(900);
    if (what == 1 && seq != 0 && old + length < sizeof bytes) {
        in_flight(BLOB, b, seq + (int64_t) length);
        for (size_t i = 0; i < length; i++) {
            bytes[i] = pattern(seq, b, old + i);
        }
        TDB_DATA data = {.dptr = bytes, .dsize = length};
        set(&me->phase, ALLOCATES);
        must(tdb_append(tdb, name('b', b), data), "append");
    } else if (what == 0 && seq != 0) {
        in_flight(BLOB, b, 0);
        set(&me->phase, ALLOCATES);
        must(tdb_delete(tdb, name('b', b)), "delete");
    } else if (!only_delete) {
        in_flight(BLOB, b, round << 20 | (int64_t) length);
        for (size_t i = 0; i < length; i++) {
            bytes[i] = pattern(get(&me->seq), b, i);
        }
        TDB_DATA data = {.dptr = bytes, .dsize = length};
        set(&me->phase, ALLOCATES);
        if (what == 2 && seq != 0) {
            must(tdb_delete(tdb, name('b', b)), "delete before an insert");
            must(tdb_store(tdb, name('b', b), data, TDB_INSERT), "insert");
        } else {
            must(tdb_store(tdb, name('b', b), data, 0), "store of a blob");
        }
    }
    set(&me->phase, 0);
    if (get(&me->kind) != 0) {
        set(&journal->blob[b], get(&me->seq));
        set(&me->kind, 0);
    }
    must(tdb_chainunlock(tdb, name('b', b)), "chainunlock");
}

static int seen[COUNTERS];

static int visit(TDB_CONTEXT *t, TDB_DATA key, TDB_DATA value, void *deleting) {
    int n = 0;
    (void) t;
    (void) value;
    for (size_t i = 1; i < key.dsize; i++) {
        n = n * 10 + key.dptr[i] - '0';
    }
    if (key.dsize < 2 || strchr("abct", key.dptr[0]) == NULL || n < 0 || n >= BLOBS) {
        violated("name", "a key", (long) key.dsize, n);
    }
    if (key.dptr[0] == 'c') {
        seen[n]++;
    }
    if (deleting != NULL && key.dptr[0] == 'b' && below(6) == 0) {
        change_blob(n, true);
    }
    if (n == 3) {
        point(deleting == NULL ? READ_TRAVERSE : TRAVERSE);
    }
    return 0;
}

static bool is_committing(void) {
    for (int i = 0; i < SLOTS; i++) {
        if (get(&journal->slot[i].kind) == TX) {
            return true;
        }
    }
    return false;
}

static void walk(bool deleting) {
    guard_lock(F_RDLCK);
    int n = -1;
    for (int tries = 0; n < 0 && tries < 3; tries++) {
        memset(seen, 0, sizeof seen);
        n = deleting ? tdb_traverse(tdb, visit, &seen) : tdb_traverse_read(tdb, visit, NULL);
        if (n >= 0 || deleting || tdb_error(tdb) != TDB_ERR_RDONLY || !is_committing()) {
            break;
        }
        /* A read traverse of libtdb cannot roll back what a killed process has left, others can. */
        must(tdb_chainlock(tdb, name('c', 0)), "chainlock after a killed commit");
        must(tdb_chainunlock(tdb, name('c', 0)), "chainunlock");
    }
    guard_lock(F_UNLCK);
    if (n < COUNTERS) {
        violated("traverse", "all", n, COUNTERS);
    }
    for (int k = 0; k < COUNTERS; k++) {
        if (seen[k] != 1) {
            violated("traverse", name('c', k).dptr ? name_buffer : "", seen[k], 1);
        }
    }
}

static void check_all(void) {
    guard_lock(F_WRLCK);
    must(tdb_lockall(tdb), "lockall");
    point(ALL_LOCKED);
    for (int k = 0; k < COUNTERS; k++) {
        check_counter(k);
    }
    for (int b = 0; b < BLOBS; b++) {
        check_blob(b);
    }
    check_transactions();
    must(tdb_unlockall(tdb), "unlockall");
    guard_lock(F_UNLCK);
}

static void move(void) {
    int from = (int) below(ACCOUNTS), to = (int) below(ACCOUNTS);
    int64_t some = below(50);
    put_amount(from, amount(from) - some);
    put_amount(to, amount(to) + some);
}

static void transaction(void) {
    unsigned how = below(6);
    int64_t command = get(&me->command);
    if (guard_transactions) {
        guard_lock(F_WRLCK);
    }
    must(tdb_transaction_start(tdb), "transaction_start");
    int64_t count = check_transactions() + 1;
    move();
    point(TX_OPEN);
    if (how < 2 || command == TX_INNER) {
        must(tdb_transaction_start(tdb), "inner transaction_start");
        move();
        must(tdb_transaction_commit(tdb), "inner transaction_commit");
        point(TX_INNER);
    }
    if (how == 2 && command == 0) {
        must(tdb_transaction_cancel(tdb), "transaction_cancel");
    } else {
        TDB_DATA data = {.dptr = (unsigned char *) &count, .dsize = 8};
        must(tdb_store(tdb, name('t', 0), data, 0), "store of the count");
        in_flight(TX, 0, count);
        set(&me->phase, COMMITS);
        if (how == 3 || command == TX_PREPARED) {
            must(tdb_transaction_prepare_commit(tdb), "transaction_prepare_commit");
            point(TX_PREPARED);
        }
        must(tdb_transaction_commit(tdb), "transaction_commit");
        set(&me->phase, 0);
        int64_t known = get(&journal->transactions);
        while (known < count
               && !__atomic_compare_exchange_n(&journal->transactions, &known, count, false,
                                               __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        }
        set(&me->kind, 0);
    }
    if (guard_transactions) {
        guard_lock(F_UNLCK);
    }
}

static void step(void) {
    switch (get(&me->command)) {
    case LOCKED: case STORED: increment(); return;
    case READ_TRAVERSE: walk(false); return;
    case TRAVERSE: walk(true); return;
    case TX_OPEN: case TX_INNER: case TX_PREPARED: case COMMITTING: transaction(); return;
    case ALL_LOCKED: check_all(); return;
    }
    unsigned what = below(100);
    if (what < 40) {
        increment();
    } else if (what < 84) {
        change_blob((int) below(BLOBS), false);
    } else if (what < 88) {
        walk(false);
    } else if (what < 91) {
        walk(true);
    } else if (what < 94) {
        check_all();
    } else {
        transaction();
    }
}

static void logged(TDB_CONTEXT *t, enum tdb_debug_level level, const char *format, ...) {
    va_list arguments;
    (void) t;
    if (level <= TDB_DEBUG_ERROR) {
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
    }
}

static int no_check(TDB_DATA key, TDB_DATA data, void *nothing) {
    (void) key;
    (void) data;
    (void) nothing;
    return 0;
}

static void mark(void) {
    int pid = getpid();
    TDB_DATA key = {.dptr = (unsigned char *) &pid, .dsize = sizeof pid};
    printf("%d\n", tdb_traverse_read(tdb, NULL, NULL));
    must(tdb_store(tdb, key, key, TDB_INSERT), "store of the mark");
    printf("marked\n");
    fflush(stdout);
    for (;;) {
        pause();
    }
}

int main(int count, char **arguments) {
    struct tdb_logging_context log = {.log_fn = logged};
    if (count < 4) {
        return 2;
    }
    /* Not longer than the test. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        perror("prctl");
        return 2;
    }
    tdb = tdb_open_ex(arguments[1], 11, atoi(arguments[2]), O_RDWR | O_CREAT, 0600, &log, NULL);
    if (tdb == NULL) {
        perror("tdb_open");
        return 2;
    }
    if (strcmp(arguments[3], "check") == 0) {
        return tdb_check(tdb, no_check, NULL) == 0 ? 0 : 1;
    }
    if (strcmp(arguments[3], "mark") == 0) {
        mark();
    }
    int fd = open(arguments[3], O_RDWR);
    journal = mmap(NULL, sizeof *journal, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    guard = open(arguments[6], O_RDWR);
    if (fd < 0 || guard < 0 || journal == MAP_FAILED) {
        perror("journal or guard");
        return 2;
    }
    me = &journal->slot[atoi(arguments[4])];
    state = (uint64_t) atoll(arguments[5]);
    guard_transactions = atoi(arguments[7]);
    for (;;) {
        step();
        set(&me->progress, get(&me->progress) + 1);
    }
}
