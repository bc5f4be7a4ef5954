/* The processes of this host as they are now, for a person who asks: one plain scan of /proc below the root
 * prefix. Zombies and threads of the kernel's are left out. On the heap: not for the sentinel. */
#ifndef WD_ASK_PROCESSES_H
#define WD_ASK_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "see/match.h"
#include "see/procfs.h"

struct process_now {
	struct procfs_stat stat;
	char *exe, *cwd;      /* "" not known */
	char *cmdline;        /* arguments, each ended by a NUL, and one NUL more */
	size_t cmdline_len;
	char *cgroups;        /* text of /proc/PID/cgroup; "" not known */
};

struct processes_now {
	struct process_now *row; /* own, as are the texts; in order of pid */
	size_t count;
	size_t hidden;           /* so many whose executable may not be seen */
	int64_t up_ms;           /* since the boot; 0: not known */
};

/* 0 or -errno: /proc cannot be read. To be given to processes_fini in any case. */
int processes_init(struct processes_now *processes);
void processes_fini(struct processes_now *processes);

/* It as match_holds takes it. */
struct match_process processes_match(const struct process_now *process);

/* Its age; below 0: not known. */
int64_t processes_age_ms(const struct processes_now *processes, const struct process_now *process);

/* The index of its parent, or count. */
size_t processes_parent(const struct processes_now *processes, const struct process_now *process);

#endif
