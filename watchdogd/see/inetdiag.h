/* The kernel's list of TCP connections that are used, by sock_diag: of each the inode, as /proc/PID/fd names it, and the
 * cgroup (v2) that it was made in. Used is one over which data may still come or go (RFC 9293, 3.3.2; tcp(7)):
 * established, and half closed, by the peer (CLOSE_WAIT: it still reads the answer) or by a program that has it open
 * (FIN_WAIT1, FIN_WAIT2: it still reads). Of a FIN_WAIT that no program has, and of the states after it, the kernel alone
 * sees the end; one that is not made yet (SYN_SENT, SYN_RECV) has carried nothing. A program that never closes what its
 * peer has closed is taken for used: that is better than an answer that is lost. It is read piece by piece: the kernel
 * makes the next datagram when the last one was taken, so that who reads says how much is done at a time. */
#ifndef WD_SEE_INETDIAG_H
#define WD_SEE_INETDIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	INETDIAG_DATAGRAM_BYTES = 16384, /* the kernel fills no more than it was asked for the last time */
	INETDIAG_BATCH_MAX = 192,        /* of one datagram: each connection takes at least 88 bytes */
};

/* Whether a connection counts; state: TCP_ESTABLISHED and so on, inode: 0 where no program has it. */
bool inetdiag_counts(unsigned state, uint64_t inode);

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
