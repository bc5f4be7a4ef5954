/* The kernel's list of established TCP connections, by sock_diag: of each the inode, as /proc/PID/fd names it, and
 * the cgroup (v2) that it was made in. It is read piece by piece: the kernel makes the next datagram when the last one
 * was taken, so that who reads says how much is done at a time. */
#ifndef WD_SEE_INETDIAG_H
#define WD_SEE_INETDIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	INETDIAG_DATAGRAM_BYTES = 16384, /* the kernel fills no more than it was asked for the last time */
	INETDIAG_BATCH_MAX = 192,        /* of one datagram: each connection takes at least 88 bytes */
};

struct inetdiag_socket {
	uint32_t inode;     /* 0: not accepted by a program yet */
	uint64_t cgroup_id; /* of who made it, or made the socket that listens; 0: not told (before 5.8) */
};

/* What is in one datagram. */
struct inetdiag_batch {
	uint32_t count;
	struct inetdiag_socket socket[INETDIAG_BATCH_MAX];
	bool ended; /* the list ends here */
	int error;  /* 0, or the -errno with which it ends */
};

struct inetdiag {
	int fd;            /* -1: not there */
	uint32_t sequence; /* of the question under way */
	bool asked;        /* it has no end yet */
};

/* The first question makes the kernel load its part of it, which may take a while: at start only. 0 or -errno. */
int inetdiag_open(struct inetdiag *diag);
void inetdiag_close(struct inetdiag *diag);

/* Ask for all of AF_INET or AF_INET6; an answer under way is given up. 0 or -errno. */
int inetdiag_ask(struct inetdiag *diag, uint8_t family);

/* The next datagram; never waits. False: none is there now. */
bool inetdiag_next(struct inetdiag *diag, struct inetdiag_batch *batch);

/* The bytes of a datagram (aligned as struct nlmsghdr), as answers to that question; others are passed over. What is
 * not whole is the end, with an error. */
void inetdiag_parse(const void *bytes, size_t len, uint32_t sequence, struct inetdiag_batch *batch);

#endif
