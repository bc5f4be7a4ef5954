/* The largest processes of the host, for a message: from /proc alone, by a descriptor kept from before the worker
 * gave up its privileges, and never from what a process itself must page in (no cmdline). Bounded in number and
 * time, as it is done when memory is short. */
#ifndef WD_DELIVER_REPORT_PROCESSES_H
#define WD_DELIVER_REPORT_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

enum { REPORT_PROCESSES_LOOKED_MAX = 4096, REPORT_PROCESSES_MS = 100 };

struct report_process {
	int32_t pid;
	uint64_t rss_bytes;
	char comm[16]; /* hostile */
};

/* Keep /proc below the root prefix: once, at start. Without it messages have no processes. 0 or -errno. */
int report_processes_open(void);
void report_processes_close(void);

/* That descriptor; -1: none. */
int report_processes_proc(void);

/* The largest by resident memory, at most max of them, the largest first. all: every process was looked at. */
size_t report_processes_largest(struct report_process *rows, size_t max, bool *all);

/* The unit whose cgroup it is in, by what the config says of units; NULL: none, or one of processes that match. */
const struct config_unit *report_process_unit(const struct config *config, int32_t pid);

#endif
