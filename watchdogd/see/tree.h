/* Whose each process is: of the unit whose cgroup it is in, of the `match` unit whose name it bears, and of
 * whatever unit its parent is of, though it was moved since or its parent is gone. */
#ifndef WD_SEE_TREE_H
#define WD_SEE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "see/procfs.h"

struct see;
struct unit;

/* A process as it is now; unit: the row of the unit in whose cgroup it was seen, UNIT_NONE: not asked. */
void tree_take(struct see *see, const struct procfs_stat *stat, uint16_t unit, mono_ms now);

/* Read it, and which cgroup it is in. */
void tree_look_at(struct see *see, int32_t pid, mono_ms now);

/* Whether a process is in the unit's cgroup, or in one below it, as its own file in /proc says. What that does not say,
 * and a unit without a cgroup, is no. */
bool tree_is_in(struct see *see, const struct unit *unit, int32_t pid);

/* What the connector tells. */
void tree_on_fork(struct see *see, int32_t pid, int32_t parent, mono_ms now);
void tree_on_exec(struct see *see, int32_t pid, mono_ms now);
void tree_on_comm(struct see *see, int32_t pid, const char comm[16]);
void tree_on_exit(struct see *see, int32_t pid, uint32_t status);

/* What the processes of a unit started is the unit's too: those whose parent became one of it later. */
void tree_spread(struct see *see, mono_ms now);

/* Another config: everything is to be judged anew. */
void tree_forget_names(struct see *see);

#endif
