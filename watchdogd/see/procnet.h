/* The same list as inetdiag.h, as text: /proc/net/tcp and tcp6, for where sock_diag is not; and those of a process in another
 * network namespace, of which sock_diag tells nothing. It tells no cgroup. It is read piece by piece. */
#ifndef WD_SEE_PROCNET_H
#define WD_SEE_PROCNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROCNET_FILES = 2,
	PROCNET_LINE_BYTES = 512,   /* a line has some 180 */
	PROCNET_CHUNK_BYTES = 8192, /* read at a time; the kernel gives half of it at most */
	PROCNET_BATCH_MAX = 128,    /* of one piece: a line has more than 64 bytes */
};

/* Inodes of connections that count (inetdiag.h); 0: not accepted by a program yet. */
struct procnet_batch {
	uint32_t count;
	uint32_t inode[PROCNET_BATCH_MAX];
	bool ended; /* both files are read */
	int error;  /* 0, or the -errno with which it ends */
};

struct procnet {
	int file[PROCNET_FILES]; /* tcp6, tcp; -1: not there */
	int error;               /* one that should be there could not be opened: -errno, with which the list ends */
	int at;                  /* the one that is being read */
	int64_t offset;
	size_t kept;             /* bytes of a line whose end was not read yet, at the beginning of text */
	char text[PROCNET_LINE_BYTES + PROCNET_CHUNK_BYTES];
};

/* Of the network namespace of a process; process: its directory in /proc, borrowed. The files stay open until
 * procnet_close, and go on when it has ended. 0, or -errno: one of them cannot be read. Without IPv6 there is no tcp6, which
 * is no error. */
int procnet_open(struct procnet *net, int process);
void procnet_close(struct procnet *net);

/* From the beginning. */
void procnet_begin(struct procnet *net);

/* The next piece of them. */
void procnet_next(struct procnet *net, struct procnet_batch *batch);

/* A line of such a file, which may be anything: is it a connection that counts, and of what inode? */
bool procnet_parse(const char *line, uint32_t *inode);

#endif
