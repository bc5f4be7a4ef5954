/* taskstats: what a process used in its life, told by the kernel when it ends, over generic netlink (libmnl;
 * Documentation/accounting/taskstats.rst). Of processes whose last thread ended (the aggregate of the thread
 * group) and of single-threaded ones. Only in the initial pid and user namespace; needs CAP_NET_ADMIN. */
#ifndef WD_SEE_TASKSTATS_H
#define WD_SEE_TASKSTATS_H

#include <stdbool.h>
#include <stdint.h>

struct taskstats_life {
	int32_t pid;
	uint64_t peak_rss_bytes;  /* hiwater_rss; 0: not told */
	uint64_t major_faults;
	uint64_t memory_delay_us; /* waiting for memory: reclaim, swap-in, thrashing, compaction; 0 where
				     kernel.task_delayacct is off (the default since 5.14) */
	uint64_t lived_ms;        /* elapsed; 0: not told */
};

struct taskstats {
	int fd;            /* -1: there is none */
	bool lost;         /* ENOBUFS: some lives are not known */
	uint16_t family;
	uint32_t buffer_bytes;
};

/* Open and register for all possible CPUs. 0 or -errno (-EPERM, -EINVAL: another namespace, -ENOENT: a kernel
 * without it, -ENOTSUP: a made-up host); fd is -1 then. */
int taskstats_open(struct taskstats *taskstats);

/* The next life that ended; never waits. False: none is there. */
bool taskstats_next(struct taskstats *taskstats, struct taskstats_life *life);

void taskstats_close(struct taskstats *taskstats);

#endif
