/* The kernel's proc connector: every fork, exec, change of comm, exit and core dump of the host, over netlink
 * (libmnl; include/uapi/linux/cn_proc.h). It knows no units: it tells what happened to which process, in the
 * order it happened. Threads are left out in the kernel, by a socket filter; since 6.6 an event mask leaves out
 * the rest. Only in the initial network namespace (ECONNREFUSED elsewhere), and silent in another pid
 * namespace; before 6.6 needs CAP_NET_ADMIN.
 *
 * What it does not tell: the end of a process whose main thread ended before its other threads did. EXIT comes
 * with the main thread (see procfs_is_alive); a pidfd is readable at the true end. Nor what the kernel had no
 * memory to tell: it then leaves an event out without a word, so that what must not be missed has a pidfd, and
 * the rest is looked at now and then, lost or not. */
#ifndef WD_SEE_CONNECTOR_H
#define WD_SEE_CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum connector_what { CONNECTOR_FORK, CONNECTOR_EXEC, CONNECTOR_COMM, CONNECTOR_COREDUMP, CONNECTOR_EXIT };

struct connector_event {
	enum connector_what what;
	int32_t pid;
	int32_t parent;  /* FORK: its parent (not the forker, with CLONE_PARENT); COREDUMP, EXIT: its parent then;
			    0: not told (COREDUMP and EXIT before 4.18) */
	uint32_t status; /* EXIT: as of wait(2), of the main thread; where another thread crashed, its core bit (0x80)
			    may be missing: COREDUMP came before. A core was asked for then, not always written. */
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

/* Open and subscribe. 0, or -errno where there is none: -EPERM (no CAP_NET_ADMIN before 6.6), -ECONNREFUSED (a
 * network namespace), -ENOTSUP (it does not answer: another pid or user namespace, a kernel without
 * CONFIG_PROC_EVENTS; or a made-up host), -EPROTONOSUPPORT (a kernel without any connector). fd is -1 then. The
 * buffer is made as large as allowed, for a storm of forks between two looks. What happened before it returned is
 * not told: look at /proc after it. No allocation, neither in it nor after it. */
int connector_open(struct connector *connector);

/* The next event; never waits. False: none is there. Where lost is set, some are missing before this one: take
 * what is there, then rescan. In a storm there may always be a next one: the caller bounds how many it takes. */
bool connector_next(struct connector *connector, struct connector_event *event);

void connector_close(struct connector *connector);

/* The events of one datagram of the kernel's (aligned as struct nlmsghdr), threads left out, what is unknown
 * passed over. False: it is cut or has more than fit; out holds what could be read. */
bool connector_parse(const void *bytes, size_t len, struct connector_events *out);

#endif
