// SPDX-License-Identifier: GPL-3.0-or-later
// Reads lines "FLAGS PATH" and answers each with a word: what tdb_check says of that file. Each file
// has a process of its own, so that one in which libtdb crashes or never ends is an answer too.
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <tdb.h>
#include <unistd.h>

enum { GOOD, BAD, REFUSED };

static int check(int flags, const char *path) {
  struct rlimit memory = {1UL << 29, 1UL << 29};
  struct rlimit size = {1UL << 26, 1UL << 26};
  struct rlimit core = {0, 0};
  setrlimit(RLIMIT_AS, &memory);
  setrlimit(RLIMIT_FSIZE, &size);
  setrlimit(RLIMIT_CORE, &core);
  alarm(5);
  struct tdb_context *tdb = tdb_open(path, 0, flags, O_RDWR, 0);
  if (tdb == NULL) {
    return REFUSED;
  }
  return tdb_check(tdb, NULL, NULL) == 0 ? GOOD : BAD;
}

int main(void) {
  static const char *const words[] = {"good", "bad", "refused"};
  char line[4096];
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char *path;
    int flags = (int)strtol(line, &path, 10);
    pid_t child = fork();
    if (child == 0) {
      _exit(check(flags, path + 1));
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) {
      return 1;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) <= REFUSED) {
      puts(words[WEXITSTATUS(status)]);
    } else if (WIFSIGNALED(status)) {
      puts(WTERMSIG(status) == SIGALRM ? "hangs" : "crashes");
    } else {
      puts("unknown");
    }
    fflush(stdout);
  }
  return 0;
}
