/* One piece of work at a time, in a child of the actor: what it does may wait in the kernel, and the actor must not.
 * The child ends with the actor, whatever ends that. */
#ifndef WD_SWAPFILE_JOB_H
#define WD_SWAPFILE_JOB_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "swapfile_order.h"

enum swapfile_job_state { JOB_FREE, JOB_RUNS, JOB_KILLED, JOB_ABANDONED };

struct swapfile_job {
	enum swapfile_job_state state;
	struct swapfile_order order;
	mono_ms until;      /* RUNS: its limit; KILLED: when we stop waiting for its end */
	int pid, pidfd, said; /* said: our end of the pipe */
};

/* What came of it. */
struct swapfile_end {
	int result;
	char text[TEXT_BYTES];
};

/* Start. 0 or -errno. limit_ms: then it is killed. */
int swapfile_job_start(struct swapfile_job *job, const struct swapfile_order *order, uint32_t limit_ms);

/* Kill it; swapfile_job_step says when it has ended. */
void swapfile_job_kill(struct swapfile_job *job);

/* A row to wait for, and the time; the number of rows. */
int swapfile_job_prepare(const struct swapfile_job *job, struct pollfd *fds, int max, int *timeout_ms);

/* True: it has ended (FREE again), or does not end though it was killed (ABANDONED): `end` is filled in, once. */
bool swapfile_job_step(struct swapfile_job *job, struct swapfile_end *end);

#endif
