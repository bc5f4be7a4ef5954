/* How a process ended, in words. Pure. */
#ifndef WD_SEE_DEATHTEXT_H
#define WD_SEE_DEATHTEXT_H

#include "base/buffer.h"
#include "see/death.h"
#include "share/state.h"

/* "exited with status 1", "was terminated by SIGTERM", "crashed with SIGSEGV (core dumped)". status: as of
 * wait(2). */
void deathtext_add_status(struct buffer *out, uint32_t status);

/* For those who count; STATE_DEATHS: it is not known. */
enum state_death deathtext_cause(const struct death *death);

/* All of it, without the unit's name: "claude (pid 21285) was killed by the kernel's OOM killer at 5.1 GiB, 41 min
 * 3 s after its start; claudir (pid 21200) is still running". */
void deathtext_add(struct buffer *out, const struct death *death);

/* Its first part alone: up to "41 min 3 s after its start". */
void deathtext_add_end(struct buffer *out, const struct death *death);

/* In short, for a title: "claude killed by the OOM killer (5.1 GiB); claudir lives on". */
void deathtext_add_title(struct buffer *out, const struct death *death);

/* Its parts: who was killed by the kernel for want of memory (bytes 0: not told), and the parent. */
void deathtext_add_oom_title(struct buffer *out, const char *name, uint64_t bytes);
void deathtext_add_parent_title(struct buffer *out, const struct watched *watched, bool lives);

/* "; claudir (pid 21200) is still running", if the parent is of the unit. */
void deathtext_add_parent(struct buffer *out, const struct watched *watched, bool lives);

#endif
