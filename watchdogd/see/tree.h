/* Whose each process is: of the unit whose cgroup it is in, of the `match` unit whose name it bears, and of
 * whatever unit its parent is of, though it was moved or its parent is gone. And which of them must be alive: in a
 * unit with `process` each that matches it, in a `match` unit without one each that matches that, in others the
 * root of the tree (the oldest process whose parent is not of the unit).
 *
 * A process is judged by the program it runs: at first sight, after each exec (by another name it is watched no
 * more, which is no death), and by a new comm alone if it was nothing before (who renames itself stays what it
 * was). One that a watched one started is not watched beside it, be it a worker or another program of that name:
 * its end is its parent's affair. Its arguments are read once for each program, and not while it sleeps
 * uninterruptibly: they lie in its own memory, and reading them takes its lock and its pages. */
#ifndef WD_SEE_TREE_H
#define WD_SEE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "see/procfs.h"

struct see;
struct process;
struct watched;

/* A process as it is now; unit: the row of the unit in whose cgroup it was seen, UNIT_NONE: not asked. */
void tree_take(struct see *see, const struct procfs_stat *stat, uint16_t unit, mono_ms now);

/* Read it, and which cgroup it is in. */
void tree_look_at(struct see *see, int32_t pid, mono_ms now);

/* What the connector tells. */
void tree_on_fork(struct see *see, int32_t pid, int32_t parent, mono_ms now);
void tree_on_exec(struct see *see, int32_t pid, mono_ms now);
void tree_on_comm(struct see *see, int32_t pid, const char comm[16]);
void tree_on_exit(struct see *see, int32_t pid, uint32_t status);

/* Decide anew what is to be watched, of those that changed. */
void tree_settle(struct see *see, mono_ms now);

/* One that ended by itself left its place to another: to a copy that it made without exec, or to the next root.
 * True: that is watched from now on. */
bool tree_hand_over(struct see *see, const struct watched *ended, mono_ms now);

/* Another config: everything is to be judged anew. */
void tree_forget_names(struct see *see);

#endif
