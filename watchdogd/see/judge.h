/* What a process is, by its names: the `match` unit that it is of, and whether it is what must be alive in a unit.
 * In a unit with `process` each that matches it is, in a `match` unit without one each that matches that.
 *
 * It is judged by the program it runs: at first sight, after each exec, and by a new comm alone if it was nothing
 * before (who renames itself stays what it was). Its arguments are read once for each program, and not while it
 * sleeps uninterruptibly: they lie in its own memory, and reading them takes its lock and its pages. */
#ifndef WD_SEE_JUDGE_H
#define WD_SEE_JUDGE_H

#include "see/process.h"

/* Judge it as the program it is now; who cannot be asked yet stays to be examined (processes->waiting). */
void judge_examine(struct see *see, struct process *process, const struct procfs_stat *stat);

/* It was forked and has called no exec since: it is what its parent is. */
void judge_note_copy(struct process *process, const struct process *parent);
void judge_take_copy(struct see *see, struct process *process, const struct process *parent);

/* Another comm of the same program: what it was it stays; what was nothing may be something now. */
void judge_rename(struct see *see, struct process *process, const char comm[16]);

#endif
