/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another process in a TDB file: executes commands from its standard input, one per line, and answers each with one. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>
#include <tdb.h>

static int value_of(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static TDB_DATA unhex(const char *text)
{
	TDB_DATA data;
	size_t length = strlen(text) / 2, i;

	data.dptr = malloc(length + 1);
	data.dsize = length;
	for (i = 0; i < length; i++) {
		data.dptr[i] = (unsigned char)(value_of(text[2 * i]) << 4 | value_of(text[2 * i + 1]));
	}
	return data;
}

static int count(struct tdb_context *tdb, TDB_DATA key, TDB_DATA value, void *state)
{
	(void)tdb;
	(void)key;
	(void)value;
	++*(int *)state;
	return 0;
}

/* Locks and unlocks a chain as fast as it goes, as a busy smbd does. */
static long hammer(struct tdb_context *tdb, TDB_DATA key, int millis)
{
	struct timeval start, now;
	long rounds = 0;

	gettimeofday(&start, NULL);
	do {
		if (tdb_chainlock(tdb, key) != 0) {
			return -1;
		}
		usleep(200);
		tdb_chainunlock(tdb, key);
		rounds++;
		gettimeofday(&now, NULL);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_usec - start.tv_usec) / 1000 < millis);
	return rounds;
}

int main(int argc, char **argv)
{
	struct tdb_context *tdb;
	static char line[1 << 20];

	if (argc != 3) {
		return 2;
	}
	tdb = tdb_open(argv[1], 0, (int)strtol(argv[2], NULL, 0), O_RDWR, 0);
	printf(tdb != NULL ? "open\n" : "failed %s\n", strerror(errno));
	fflush(stdout);
	if (tdb == NULL) {
		return 1;
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		char *command = strtok(line, " \n");
		char *first = strtok(NULL, " \n");
		char *second = strtok(NULL, " \n");
		TDB_DATA key = unhex(first == NULL ? "" : first);
		long result = 0;

		if (strcmp(command, "lock") == 0) {
			result = tdb_chainlock(tdb, key);
		} else if (strcmp(command, "unlock") == 0) {
			result = tdb_chainunlock(tdb, key);
		} else if (strcmp(command, "lockall") == 0) {
			result = tdb_lockall(tdb);
		} else if (strcmp(command, "unlockall") == 0) {
			result = tdb_unlockall(tdb);
		} else if (strcmp(command, "store") == 0) {
			result = tdb_store(tdb, key, unhex(second == NULL ? "" : second), TDB_REPLACE);
		} else if (strcmp(command, "hammer") == 0) {
			result = hammer(tdb, key, atoi(second));
		} else if (strcmp(command, "count") == 0) {
			int found = 0;
			tdb_traverse_read(tdb, count, &found);
			result = found;
		} else if (strcmp(command, "seqnum") == 0) {
			result = tdb_get_seqnum(tdb);
		} else if (strcmp(command, "fetch") == 0) {
			TDB_DATA value = tdb_fetch(tdb, key);
			size_t i;
			if (value.dptr == NULL) {
				printf("none\n");
			} else {
				for (i = 0; i < value.dsize; i++) {
					printf("%02x", value.dptr[i]);
				}
				printf("\n");
			}
			fflush(stdout);
			continue;
		} else {
			return 3;
		}
		printf("%ld\n", result);
		fflush(stdout);
	}
	tdb_close(tdb);
	return 0;
}
