/* The processes that main starts: by exec, with their descriptors at fixed numbers (share/message.h), and
 * again whenever one ends. main keeps its own copies of the descriptors, so what was sent to a process
 * that died waits for its successor. */
#ifndef WD_START_CHILDREN_H
#define WD_START_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "share/message.h"

enum {
	CHILD_ARGS_MAX = 10,
	CHILD_AGAIN = 75, /* exit status of who wants to be started anew: its config wants other plugins */
};

struct child {
	const char *name;                /* "wd-sentinel": argv[0], and how `ps` shows it */
	char path[PATH_BYTES];           /* the program */
	const char *args[CHILD_ARGS_MAX];/* ends with NULL; borrowed */
	int fds[MESSAGE_FDS_END];        /* main's descriptor for each number, -1: none */
	bool wanted;                     /* false: there is no work for it yet, it is not started */
	pid_t pid;                       /* 0: not running */
	mono_ms started, start_at;       /* start_at: when it is to be started again */
	uint32_t failures;               /* ends in a row, each within CHILD_WELL_MS of its start */
};

/* Where the programs lie: beside ours where they are there (a build tree), else the directory that the
 * build named. name: "wd-sentinel" or "plugins". 0, or -ENOENT when it is in neither. */
int child_find_program(const char *name, char path[PATH_BYTES]);

/* Start it now. 0 or -errno. */
int child_start(struct child *child, mono_ms now);

/* It ended (status: of waitpid(2)): tell how, and set start_at: at once the first time, then later and
 * later up to 10 s while it keeps ending soon, whatever for. */
void child_ended(struct child *child, int status, mono_ms now);

#endif
