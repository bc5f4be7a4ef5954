/* Which cgroup hierarchies this host has: v2 alone, memory v1 alone, or both (hybrid: memory on v1,
 * and a v2 mount without it that has memory.pressure, cgroup.kill and cgroup.freeze). */
#ifndef WD_SEE_CGROUP_LAYOUT_H
#define WD_SEE_CGROUP_LAYOUT_H

#include <stdbool.h>

enum cgroup_kind { CGROUP_NONE, CGROUP_V1, CGROUP_V2, CGROUP_KINDS };

/* Descriptors of mount points, open for reading as long as the process lives; -1: not there. */
struct cgroup_layout {
	enum cgroup_kind kind;
	int root;    /* where units are: v2, or v1's memory */
	int unified; /* v2 beside v1; -1 on v2 */
	int freezer; /* v1's */
};

/* Look for them below the root prefix. */
void cgroup_layout_open(struct cgroup_layout *layout);

/* For the log: "cgroup v2", "memory v1 with cgroup v2 beside it", ... */
const char *cgroup_layout_name(const struct cgroup_layout *layout);

#endif
