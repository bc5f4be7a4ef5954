/* The protocol between the processes: one fixed-size struct over SOCK_SEQPACKET pairs that main makes
 * and keeps, so that no message is lost when one end is restarted. Messages carry ledger ids and
 * results; what is to be done stands in the ledger. What a peer sends never ends the receiver. */
#ifndef WD_SHARE_MESSAGE_H
#define WD_SHARE_MESSAGE_H

#include <stdint.h>

#include "base/bounds.h"

#define MESSAGE_VERSION 1u

enum message_type {
	MESSAGE_CONFIG,      /* main -> sentinel: a sealed config block comes along (fd); id: generation */
	MESSAGE_TAKEN,       /* sentinel -> main: generation id is in force; text: what is to be told */
	MESSAGE_WORKER_UP,   /* main -> sentinel: the actor was started (again): open steps are to be looked into */
	MESSAGE_WORKER_HUNG, /* sentinel -> main: the actor did not answer in time; kill and restart it */
	MESSAGE_STOP,        /* main -> sentinel: SIGTERM: thaw what is frozen, then exit 0 */
	MESSAGE_ASK,         /* sentinel -> worker: carry out entry id */
	MESSAGE_DONE,        /* worker -> sentinel: entry id is done, and seen to be; text: what was seen */
	MESSAGE_FAILED,      /* worker -> sentinel: entry id is not done; result: -errno; text: why */
	MESSAGE_LOOK,        /* sentinel -> worker: how is it with what entry id acts on? Nothing is changed */
	MESSAGE_SEEN,        /* worker -> sentinel: answers LOOK; text: "key=value ..." or, with -errno, why not */
	MESSAGE_TYPES,
};

struct message {
	uint32_t version;
	uint32_t type;     /* enum message_type */
	uint64_t id;       /* ledger entry, or as above */
	int32_t result;    /* 0 or -errno */
	char text[256];    /* ends with a NUL; may be hostile */
};

/* Fixed numbers of the descriptors that main hands to the processes it starts. */
enum message_fd {
	MESSAGE_FD_MAIN = 3,   /* sentinel <-> main, worker <-> main (the worker only sees it close) */
	MESSAGE_FD_LEDGER = 4,
	MESSAGE_FD_STATE = 5,
	MESSAGE_FD_ACTOR = 6,  /* sentinel <-> actor; in the actor its own end has this number too */
	MESSAGE_FD_CONFIG = 7, /* the first config block */
	MESSAGE_FDS_END,
};

/* Send without waiting; fd_along: passed with it, stays the caller's; -1: none. 0, -EAGAIN when the
 * peer does not read, or -errno. */
int message_send(int fd, const struct message *message, int fd_along);

/* Receive one without waiting, checked: size, version, type, text's end. fd_along: gets a descriptor
 * that came along (the caller's) or -1; NULL: one that comes is closed. 1: got one; 0: the other end
 * is closed; -EAGAIN: nothing there; -EPROTO: a message that breaks the rules (dropped); -errno. */
int message_receive(int fd, struct message *message, int *fd_along);

/* A message of that type, text formatted ("" is fine). */
void message_make(struct message *message, enum message_type type, uint64_t id, int result, const char *text);

/* "ask", ... for the log. */
const char *message_name(uint32_t type);

#endif
