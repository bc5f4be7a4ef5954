/* The kernel's proc connector: every fork, exec, change of comm, exit and core dump of the host, over netlink
 * (libmnl; include/uapi/linux/cn_proc.h). It knows no units: it tells what happened to which process, in the
 * order it happened. Threads are left out in the kernel, by a socket filter; since 6.6 an event mask leaves out
 * the rest. Only in the initial network namespace (ECONNREFUSED elsewhere), and silent in another pid
 * namespace; needs CAP_NET_ADMIN. */
#ifndef WD_SEE_CONNECTOR_H
#define WD_SEE_CONNECTOR_H

#include <stdbool.h>
#include <stdint.h>

enum connector_what { CONNECTOR_FORK, CONNECTOR_EXEC, CONNECTOR_COMM, CONNECTOR_COREDUMP, CONNECTOR_EXIT };

struct connector_event {
	enum connector_what what;
	int32_t pid;
	int32_t parent;  /* FORK: who forked it; EXIT: its parent then; 0: not told (before 4.18) */
	uint32_t status; /* EXIT: as of wait(2) */
	bool thread;     /* EXIT of one that is not the main thread: the process may have ended with it, or not */
	char comm[16];   /* COMM; hostile */
};

struct connector {
	int fd;            /* -1: there is none */
	bool lost;         /* ENOBUFS since it was last asked: rescan; cleared by who does */
	uint64_t events, lost_times; /* since open */
	struct connector_events {
		uint32_t at, count; /* those of the last datagram, not handed out yet */
		struct connector_event event[8];
	} ready;
	uint32_t buffer_bytes; /* of the socket, as the kernel has it */
};

/* Open and subscribe. 0, or -errno where there is none: -EPERM (no CAP_NET_ADMIN), -ECONNREFUSED (a network
 * namespace), -ENOTSUP (another pid or user namespace, a made-up host: it would be silent), -EPROTONOSUPPORT
 * (a kernel without it). fd is -1 then. The buffer is made as large as allowed, for a storm of forks between two
 * looks. No allocation after it. */
int connector_open(struct connector *connector);

/* The next event; never waits. False: none is there (or lost is set anew, and none follows). */
bool connector_next(struct connector *connector, struct connector_event *event);

void connector_close(struct connector *connector);

#endif
