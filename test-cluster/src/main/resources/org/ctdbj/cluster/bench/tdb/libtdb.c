/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The libtdb side of the comparison of TDB implementations. It reads one
 * command per line from standard input and answers each with a line "ok
 * NANOSECONDS", the time the command took. It ends at the end of its input;
 * anything that fails ends it with a message and exit status 1.
 *
 * open SLOT FLAGS HASHSIZE PATH   replaces what was open in the slot
 * fill SLOT RECORDS LENGTH        wipes and stores so many values
 * run SLOT OPERATION COUNT RECORDS LENGTH
 *
 * Keys, values and the order of the operations are those of OurSide.java.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <tdb.h>

#define SLOTS 64
#define KEY_LENGTH 24
#define STRIDE 7919
#define MAX_VALUE 4096

static const int GROWTH[] = {100, 160, 250, 400, 640, 1000};

static struct tdb_context *slots[SLOTS];
static uint8_t *keys;
static long key_count;
static uint8_t value[MAX_VALUE];
static uint64_t changes;
static uint64_t sum;

static void fail(const char *what)
{
	fprintf(stderr, "libtdb: %s failed\n", what);
	exit(1);
}

static void check(int result, struct tdb_context *tdb, const char *what)
{
	if (result != 0) {
		fprintf(stderr, "libtdb: %s: %s\n", what, tdb_errorstr(tdb));
		exit(1);
	}
}

static int64_t now_nanos(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void make_keys(long count)
{
	if (count <= key_count) {
		return;
	}
	keys = realloc(keys, count * KEY_LENGTH);
	if (keys == NULL) {
		fail("realloc");
	}
	for (long i = key_count; i < count; i++) {
		uint64_t word[3];

		word[0] = (uint64_t)(i + 1) * UINT64_C(0x9E3779B97F4A7C15);
		word[1] = word[0] ^ (word[0] >> 29);
		word[2] = word[1] * UINT64_C(0xBF58476D1CE4E5B9);
		memcpy(keys + i * KEY_LENGTH, word, KEY_LENGTH);
	}
	key_count = count;
}

static inline TDB_DATA key(long i)
{
	return (TDB_DATA){.dptr = keys + i * KEY_LENGTH, .dsize = KEY_LENGTH};
}

/* A value that differs from the one before. */
static inline TDB_DATA changed(size_t length)
{
	changes++;
	memcpy(value, &changes, sizeof(changes));
	return (TDB_DATA){.dptr = value, .dsize = length};
}

static int parser(TDB_DATA k, TDB_DATA data, void *private_data)
{
	uint64_t word;

	(void)k;
	(void)private_data;
	memcpy(&word, data.dptr, sizeof(word));
	sum += word + data.dsize;
	return 0;
}

static int visitor(struct tdb_context *tdb, TDB_DATA k, TDB_DATA data, void *private_data)
{
	(void)tdb;
	(void)private_data;
	sum += k.dsize + data.dsize;
	return 0;
}

static void fetch(struct tdb_context *tdb, long i)
{
	TDB_DATA data = tdb_fetch(tdb, key(i));

	if (data.dptr == NULL) {
		fail("tdb_fetch");
	}
	sum += data.dsize;
	free(data.dptr);
}

static void store(struct tdb_context *tdb, long i, size_t length)
{
	check(tdb_store(tdb, key(i), changed(length), TDB_REPLACE), tdb, "tdb_store");
}

static void commits(struct tdb_context *tdb, long count, long each, long records, size_t length)
{
	for (long j = 0; j < count; j++) {
		check(tdb_transaction_start(tdb), tdb, "tdb_transaction_start");
		for (long i = 0; i < each; i++) {
			store(tdb, (j * each + i) * STRIDE % records, length);
		}
		check(tdb_transaction_commit(tdb), tdb, "tdb_transaction_commit");
	}
}

static void run(struct tdb_context *tdb, const char *operation, long count, long records, size_t length)
{
	if (strcmp(operation, "fetch") == 0) {
		for (long j = 0; j < count; j++) {
			fetch(tdb, j * STRIDE % records);
		}
	} else if (strcmp(operation, "parse") == 0) {
		for (long j = 0; j < count; j++) {
			check(tdb_parse_record(tdb, key(j * STRIDE % records), parser, NULL), tdb, "tdb_parse_record");
		}
	} else if (strcmp(operation, "store") == 0) {
		for (long j = 0; j < count; j++) {
			store(tdb, j * STRIDE % records, length);
		}
	} else if (strcmp(operation, "grow") == 0) {
		for (long j = 0; j < count; j++) {
			store(tdb, j * STRIDE % records, GROWTH[j / records]);
		}
	} else if (strcmp(operation, "reinsert") == 0) {
		for (long j = 0; j < count; j++) {
			long i = j * STRIDE % records;

			check(tdb_delete(tdb, key(i)), tdb, "tdb_delete");
			store(tdb, i, length);
		}
	} else if (strcmp(operation, "lock") == 0) {
		for (long j = 0; j < count; j++) {
			TDB_DATA k = key(j * STRIDE % records);

			check(tdb_chainlock(tdb, k), tdb, "tdb_chainlock");
			check(tdb_chainunlock(tdb, k), tdb, "tdb_chainunlock");
		}
	} else if (strcmp(operation, "update") == 0) {
		for (long j = 0; j < count; j++) {
			long i = j * STRIDE % records;

			check(tdb_chainlock(tdb, key(i)), tdb, "tdb_chainlock");
			fetch(tdb, i);
			store(tdb, i, length);
			check(tdb_chainunlock(tdb, key(i)), tdb, "tdb_chainunlock");
		}
	} else if (strcmp(operation, "traverse") == 0) {
		for (long j = 0; j < count; j += records) {
			if (tdb_traverse_read(tdb, visitor, NULL) != records) {
				fail("tdb_traverse_read");
			}
		}
	} else if (strcmp(operation, "load") == 0) {
		check(tdb_lockall(tdb), tdb, "tdb_lockall");
		for (long j = 0; j < count; j++) {
			store(tdb, j, length);
		}
		check(tdb_unlockall(tdb), tdb, "tdb_unlockall");
	} else if (strcmp(operation, "commit1") == 0) {
		commits(tdb, count, 1, records, length);
	} else if (strcmp(operation, "commit10") == 0) {
		commits(tdb, count, 10, records, length);
	} else if (strcmp(operation, "commit1000") == 0) {
		commits(tdb, count, 1000, records, length);
	} else {
		fail(operation);
	}
}

static void fill(struct tdb_context *tdb, long records, size_t length)
{
	check(tdb_wipe_all(tdb), tdb, "tdb_wipe_all");
	for (long i = 0; i < records; i++) {
		store(tdb, i, length);
	}
}

int main(void)
{
	char line[4096];
	char path[4096];
	char operation[32];
	int slot, flags, hash_size;
	long count, records;
	size_t length;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		int64_t start = 0;

		if (sscanf(line, "open %d %d %d %4095[^\n]", &slot, &flags, &hash_size, path) == 4 && slot < SLOTS) {
			if (slots[slot] != NULL) {
				tdb_close(slots[slot]);
			}
			start = now_nanos();
			slots[slot] = tdb_open(path, hash_size, flags, O_RDWR | O_CREAT, 0600);
			if (slots[slot] == NULL) {
				fail("tdb_open");
			}
		} else if (sscanf(line, "fill %d %ld %zu", &slot, &records, &length) == 3) {
			make_keys(records);
			start = now_nanos();
			fill(slots[slot], records, length);
		} else if (sscanf(line, "run %d %31s %ld %ld %zu", &slot, operation, &count, &records, &length) == 5) {
			make_keys(records);
			start = now_nanos();
			run(slots[slot], operation, count, records, length);
		} else {
			fail(line);
		}
		printf("ok %" PRId64 "\n", now_nanos() - start);
		fflush(stdout);
	}
	return 0;
}
