/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One client of one node that works in a volatile database as smbd does: it
 * locks a record's hash chain in the shared file, looks whether its node is
 * the data master, asks the daemon to migrate the record if not, and adds 1
 * to its node's counter in the record while it holds the chain. A record
 * holds one counter for each node, so that each node's increments can be
 * checked by themselves when another node has died with its own.
 *
 * hammer SOCKET NAME KEYS COUNT SEED
 *
 * Ends after COUNT increments (0: never), on SIGTERM, or when the daemon
 * closes the connection. Then it prints, for each key it has incremented, a
 * line "key NUMBER INCREMENTS", and last
 * "done PNN INCREMENTS MIGRATIONS SECONDS LONGEST-SECONDS".
 * Exit status: 0 done, 3 the daemon closed the connection, 1 anything else.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <tdb.h>

enum { HEADER = 32, RECORD_HEADER = 24, DELEGATIONS = 0x01000000, NODES = 8 };

static int daemon_fd;
static uint32_t last_reqid;
static unsigned char packet[1 << 20];

static volatile sig_atomic_t stop;
static unsigned keys;
static unsigned long *increments;
static long done, migrations;
static double start, longest;
static int32_t pnn;

static void on_stop(int signal_number)
{
	(void)signal_number;
	stop = 1;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void report(void)
{
	for (unsigned i = 0; i < keys; i++) {
		if (increments[i] > 0)
			printf("key %u %lu\n", i, increments[i]);
	}
	printf("done %d %ld %ld %.3f %.4f\n", pnn, done, migrations, now() - start, longest);
	fflush(stdout);
}

static void fail(const char *what)
{
	fprintf(stderr, "hammer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void gone(void)
{
	report();
	_exit(3);
}

static void put32(unsigned char *at, uint32_t value) { memcpy(at, &value, 4); }
static uint32_t get32(const unsigned char *at) { uint32_t value; memcpy(&value, at, 4); return value; }

static void send_all(const unsigned char *data, size_t size)
{
	while (size > 0) {
		ssize_t sent = write(daemon_fd, data, size);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			gone();
		data += sent;
		size -= (size_t)sent;
	}
}

static void read_all(unsigned char *data, size_t size)
{
	while (size > 0) {
		ssize_t got = read(daemon_fd, data, size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			gone();
		data += got;
		size -= (size_t)got;
	}
}

static void header(unsigned char *at, uint32_t length, uint32_t operation, uint32_t destination)
{
	memset(at, 0, HEADER);
	put32(at, length);
	put32(at + 4, 0x43544442);
	put32(at + 8, 1);
	put32(at + 16, operation);
	put32(at + 20, destination);
	put32(at + 28, ++last_reqid);
}

/* Reads packets until the reply to the last request; it stays in packet[]. */
static void await_reply(uint32_t operation)
{
	for (;;) {
		read_all(packet, 4);
		uint32_t length = get32(packet);
		if (length < HEADER || length > sizeof(packet)) {
			errno = EPROTO;
			fail("length of a packet from the daemon");
		}
		read_all(packet + 4, length - 4);
		if (get32(packet + 16) == operation && get32(packet + 28) == last_reqid)
			return;
	}
}

static int32_t control(uint32_t opcode, const void *data, uint32_t size)
{
	unsigned char request[60 + 256];
	header(request, 60 + size, 7, 0xF0000001);
	memset(request + HEADER, 0, 28);
	put32(request + 32, opcode);
	put32(request + 56, size);
	memcpy(request + 60, data, size);
	send_all(request, 60 + size);
	await_reply(8);
	return (int32_t)get32(packet + 32);
}

static void migrate(uint32_t db_id, TDB_DATA key)
{
	unsigned char request[56 + 64];
	header(request, 56 + (uint32_t)key.dsize, 0, 0);
	put32(request + 32, 1);
	put32(request + 36, db_id);
	put32(request + 40, 0xFF000001);
	put32(request + 44, 0);
	put32(request + 48, (uint32_t)key.dsize);
	put32(request + 52, 0);
	memcpy(request + 56, key.dptr, key.dsize);
	send_all(request, 56 + key.dsize);
	await_reply(1);
}

/* A node that has all records never asks its daemon, and would not notice its end. */
static void check_daemon(void)
{
	unsigned char byte;
	if (recv(daemon_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		gone();
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "usage: hammer SOCKET NAME KEYS COUNT SEED\n");
		return 1;
	}
	const char *name = argv[2];
	keys = (unsigned)atoi(argv[3]);
	long count = atol(argv[4]);
	unsigned seed = (unsigned)atoi(argv[5]);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (keys == 0 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fprintf(stderr, "hammer: KEYS must be positive, SOCKET shorter than 108 bytes\n");
		return 1;
	}
	strcpy(address.sun_path, argv[1]);
	increments = calloc(keys, sizeof(*increments));
	if (increments == NULL)
		fail("memory");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, on_stop);
	daemon_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (daemon_fd < 0 || connect(daemon_fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		fail(argv[1]);

	if (control(18, name, (uint32_t)strlen(name) + 1) != 0)
		fail("attach");
	uint32_t db_id = get32(packet + 44);
	if (control(4, &db_id, 4) != 0)
		fail("path");
	char path[1024];
	snprintf(path, sizeof(path), "%.1023s", (const char *)packet + 44);
	if (control(149, &db_id, 4) != 0)
		fail("open flags");
	int flags = (int)get32(packet + 44);
	pnn = control(35, "", 0);
	if (pnn < 0 || pnn >= NODES) {
		fprintf(stderr, "hammer: node number %d\n", pnn);
		return 1;
	}

	struct tdb_context *tdb = tdb_open(path, 0, flags, O_RDWR, 0);
	if (tdb == NULL)
		fail(path);

	start = now();
	while (!stop && (count == 0 || done < count)) {
		if (done % 64 == 0)
			check_daemon();
		char text[32];
		seed = seed * 1103515245u + 12345u;
		unsigned number = (seed >> 8) % keys;
		snprintf(text, sizeof(text), "counter%u", number);
		TDB_DATA key = { (unsigned char *)text, strlen(text) };
		double asked = now();
		for (;;) {
			if (tdb_chainlock(tdb, key) != 0) {
				fprintf(stderr, "hammer: chain lock: %s\n", tdb_errorstr(tdb));
				return 1;
			}
			TDB_DATA value = tdb_fetch(tdb, key);
			if (value.dptr != NULL && value.dsize >= RECORD_HEADER &&
			    get32(value.dptr + 8) == (uint32_t)pnn &&
			    !(get32(value.dptr + 16) & DELEGATIONS)) {
				unsigned char updated[RECORD_HEADER + 8 * NODES] = { 0 };
				uint64_t counter;
				memcpy(updated, value.dptr,
				       value.dsize < sizeof(updated) ? value.dsize : sizeof(updated));
				memcpy(&counter, updated + RECORD_HEADER + 8 * pnn, 8);
				counter++;
				memcpy(updated + RECORD_HEADER + 8 * pnn, &counter, 8);
				TDB_DATA next = { updated, sizeof(updated) };
				if (tdb_store(tdb, key, next, TDB_REPLACE) != 0) {
					fprintf(stderr, "hammer: store: %s\n", tdb_errorstr(tdb));
					return 1;
				}
				tdb_chainunlock(tdb, key);
				free(value.dptr);
				increments[number]++;
				break;
			}
			tdb_chainunlock(tdb, key);
			free(value.dptr);
			migrations++;
			migrate(db_id, key);
		}
		double took = now() - asked;
		if (took > longest)
			longest = took;
		done++;
	}
	report();
	tdb_close(tdb);
	return 0;
}
