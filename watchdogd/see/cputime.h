/* The CPU time that a unit has used, from the best that this host has: cpu.stat of its cgroup (v2, which counts
 * without the cpu controller too), cpuacct.usage (v1), or the sum of its processes (`match`; a host with neither).
 * The file stays open. */
#ifndef WD_SEE_CPUTIME_H
#define WD_SEE_CPUTIME_H

#include <stdbool.h>
#include <stdint.h>

struct see;
struct unit;

enum cputime_kind { CPUTIME_NONE, CPUTIME_V2, CPUTIME_V1, CPUTIME_PROCESSES };

struct cputime {
	enum cputime_kind kind; /* of what was read last */
	int fd;                 /* -1: none is open */
	uint64_t cgroup_id;     /* of the unit when it was opened */
};

void cputime_init(struct cputime *time);
void cputime_close(struct cputime *time);

/* Read it. cpuacct: a kept descriptor of v1's hierarchy, or -1. us: microseconds, comparable with what was read before
 * where kind and cgroup are the same. False: not known. */
bool cputime_read(struct see *see, const struct unit *unit, int cpuacct, struct cputime *time, uint64_t *us);

#endif
