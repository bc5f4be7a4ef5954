/* Memory that stays: locked, so that a process of ours is not swapped out or read back from a disk when
 * the host thrashes. MCL_ONFAULT: plain locking would pin all of libc and every reserved page; so what
 * is needed must have been touched (a warm-up) before. */
#ifndef WD_START_MEMORY_H
#define WD_START_MEMORY_H

#include <stddef.h>

/* No huge pages: the tables are reserved for the most there can be, and one touched row would bring two
 * megabytes with it. First of all, before anything is touched. */
void memory_small_pages(void);

/* Let go of what only the start needed (a third of a small program's resident size), and touch all code
 * of the program and the functions that it imports. Before memory_lock; a warm-up goes between. */
void memory_trim(void);

/* Write to each page of what is there already: a table that stays empty until something happens. */
void memory_fill(void *from, size_t bytes);

/* Touch the stack below here, then lock what is there and what will come. who: for the message
 * that tells a failure once (an ordinary user has a small RLIMIT_MEMLOCK). */
void memory_lock(const char *who);

/* Be the last that the kernel's OOM killer takes: oom_score_adj -999, where we may (CAP_SYS_RESOURCE);
 * what exec starts for the user is set back to 0. */
void memory_protect(void);

#endif
