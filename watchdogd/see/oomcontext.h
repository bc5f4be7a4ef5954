/* Whose limit was hit: the oom-kill: line (5.0 and later) and "Task in A killed as a result of
 * limit of B" (before). The names of cgroups in them may hold anything but "/" and newline, so also
 * ",task_memcg=" and the like; a path that could be read in two ways is not read. The kernel prints
 * them in several pieces (pr_cont), which /dev/kmsg gives as several records when they are long. */
#ifndef WD_SEE_OOMCONTEXT_H
#define WD_SEE_OOMCONTEXT_H

#include "see/oomrecord.h"
#include "see/oomtext.h"

/* Does a line begin such text? */
bool oomcontext_begins(struct oomtext text);

/* Is text the next piece after sofar? sure: /dev/kmsg says that it is a piece of something. */
bool oomcontext_continues(struct oomtext sofar, struct oomtext text, bool sure);

/* Add what it says of the process in out: constraint, oom_memcg, task_memcg, cpuset, uid, scope.
 * out has pid, and comm where known, which says where in the line the name begins. Nothing is added
 * from an oom-kill: line of another pid. */
void oomcontext_read(struct oomtext text, struct oomrecord *out);

/* The pid of an oom-kill: line; 0: none. */
int32_t oomcontext_pid(struct oomtext text);

/* "Tasks in A are going to be killed due to memory.oom.group set" (4.19 and later): A, which may be
 * too long or missing; false for any other line. */
bool oomcontext_group(struct oomtext text, struct oomtext *memcg);

#endif
