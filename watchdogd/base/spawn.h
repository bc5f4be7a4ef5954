/* Start a program from a process that is locked in memory and must not wait: clone(2) with
 * CLONE_VFORK copies no page tables and no pages, so it works when there is no memory for a copy,
 * and the child's error comes back in shared memory. For processes of one thread (the workers);
 * never the sentinel. */
#ifndef WD_BASE_SPAWN_H
#define WD_BASE_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

struct spawn {
	char *const *argv;        /* argv[0]: an absolute path; NULL at the end */
	char *const *environment; /* NULL at the end; nothing else is handed on */
	int input;                /* becomes descriptor 0; stays the caller's */
	int output;               /* becomes 1 and 2; stays the caller's */
	bool drops;               /* becomes uid and gid, without groups, and no_new_privs is set */
	uid_t uid;
	gid_t gid;
	const int *cgroup;        /* cgroup.procs open for writing: it is put there first; stay the caller's */
	int cgroups;              /* so many */
};

/* Start it: session and process group of its own, in "/", umask 022, signals as a fresh program has
 * them, all other descriptors closed, oom_score_adj 0 (it is inherited: a protected parent would
 * make its children unkillable). pidfd: gets a descriptor of the child (pidfd_open(2)), the
 * caller's. The pid, to be reaped by the caller; or -errno of what failed up to execve(2), nothing
 * to reap. */
pid_t spawn_start(const struct spawn *spawn, int *pidfd);

#endif
