/* What watchdogd itself costs: its processes as /proc tells of them. A worker may open little after its
 * start, so all is opened below a kept descriptor of /proc. */
#ifndef WD_SHARE_METRICS_COST_H
#define WD_SHARE_METRICS_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { METRICS_PROCESSES_MAX = 8 }; /* main, the sentinel, three workers, and some to come */

struct metrics_process {
	char name[16];      /* comm: "wd-sentinel" */
	uint64_t cpu_ms;    /* user and system */
	uint64_t rss_bytes;
};

/* The text of /proc/PID/stat: ticks a second and bytes a page as of this kernel. False: not of that form. */
bool metrics_cost_parse(const char *text, struct metrics_process *out);

/* A main process and its children, as far as they can be read, each name once: what is between fork and exec
 * has its parent's. Where the kernel does not tell children (CONFIG_PROC_CHILDREN), main and who asks.
 * proc: a kept descriptor of /proc. How many. */
size_t metrics_cost_read(int proc, pid_t main_pid, struct metrics_process *out, size_t max);

#endif
