/* taskstats: what a process used in its life, told by the kernel when it ends, over generic netlink (libmnl;
 * Documentation/accounting/taskstats.rst). One life for each process, when its last thread has ended. Only in the
 * initial pid, user and network namespace; needs CAP_NET_ADMIN.
 *
 * The kernel tells of each thread, and adds only the delays of them up itself. Peak and time are the process's in
 * each record; major faults are added up here, of as many processes as fit. Before 5.19 a record does not say
 * whether the process ended with the thread: every thread's is handed on then, under its own number, and for the
 * process the one with the last thread's delays, perhaps a second one: who asks looks for his pid, and takes the
 * last. 6.14.0 to .8 and 6.15.0 have the fields in an order of their own: nothing is told there. */
#ifndef WD_SEE_TASKSTATS_H
#define WD_SEE_TASKSTATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct taskstats_life {
	int32_t pid;
	uint64_t peak_rss_bytes;  /* hiwater_rss; 0: not told */
	uint64_t major_faults;    /* of threads that ended before as well, at least: see struct taskstats_faults */
	uint64_t memory_delay_us; /* waiting for memory: reclaim, swap-in, thrashing, compaction, added up over its
				     threads; 0 where kernel.task_delayacct is off (the default since 5.14) */
	uint64_t lived_ms;        /* elapsed; 0: not told */
};

struct taskstats {
	int fd;            /* -1: there is none */
	bool lost;         /* ENOBUFS: some lives are not known; cleared by who asks */
	uint16_t family;
	uint32_t buffer_bytes;
	/* Major faults of threads whose process lives on; at the bound the oldest row gives way. */
	struct taskstats_faults {
		int32_t pid[32];
		uint64_t count[32];
		uint32_t next;
	} faults;
};

/* Open and register for all possible CPUs. 0 or -errno (-EPERM, -EINVAL: another namespace, -ENOENT: a kernel
 * without it, or another network namespace; -ENOTSUP: a made-up host); fd is -1 then. No allocation, neither in it
 * nor after it. */
int taskstats_open(struct taskstats *taskstats);

/* The next life that ended; never waits. False: none is there. */
bool taskstats_next(struct taskstats *taskstats, struct taskstats_life *life);

void taskstats_close(struct taskstats *taskstats);

/* One datagram of the kernel's (aligned as struct nlmsghdr) of this family. True: a process has ended, *life is
 * its. faults: threads' are kept there, and taken from there with the process. */
bool taskstats_parse(const void *bytes, size_t len, uint16_t family, struct taskstats_faults *faults,
		     struct taskstats_life *life);

#endif
