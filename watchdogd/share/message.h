/* The protocol between the processes: one fixed-size struct over SOCK_SEQPACKET pairs that main makes
 * and keeps, so that no message is lost when one end is restarted. Messages carry ledger ids and
 * results; what is to be done stands in the ledger. What a peer sends never ends the receiver. */
#ifndef WD_SHARE_MESSAGE_H
#define WD_SHARE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"

#define MESSAGE_VERSION 4u

enum message_type {
	MESSAGE_CONFIG,      /* main -> sentinel: a sealed config block comes along (fd); id: generation */
	MESSAGE_TAKEN,       /* sentinel -> main: generation id is in force; text: what is to be told */
	MESSAGE_WORKER_UP,   /* main -> sentinel: a worker (id: enum message_worker) was started again */
	MESSAGE_WORKER_HUNG, /* sentinel -> main: that worker did not answer in time; kill and restart it */
	MESSAGE_STOP,        /* main -> sentinel: SIGTERM: thaw what is frozen, then exit 0 */
	MESSAGE_ASK,         /* sentinel -> worker: carry out entry id */
	MESSAGE_DONE,        /* worker -> sentinel: entry id is done, and seen to be; text: what was seen */
	MESSAGE_FAILED,      /* worker -> sentinel: entry id is not done; result: -errno; text: why */
	MESSAGE_LOOK,        /* sentinel -> actor: how is it with unit id? MESSAGE_UNIT comes back, always */
	/* What a worker sees of a watched unit, unasked; id: message_unit_id of its name. */
	MESSAGE_UNIT,        /* actor -> sentinel: how systemd has it; result: enum message_unit; pid: its main process */
	MESSAGE_ALIVE,       /* actor -> sentinel: its `alive` command; result: 0 or -errno; text: why not */
	MESSAGE_LINES,       /* scribe -> sentinel: result new lines in its log since the last of these */
	MESSAGE_MATCH,       /* scribe -> sentinel: result lines that match; text: the last one, cut */
	MESSAGE_RETRY,       /* main -> sentinel: a person's retry of the unit named by text; id: who asks */
	MESSAGE_RETRIED,     /* sentinel -> main: answers it; result: 0 or -errno; text: what was done, or why not */
	MESSAGE_READ,        /* sentinel -> scribe: question id; the same comes back when what the logs had is told */
	MESSAGE_HAVE,        /* worker -> sentinel: alert id is copied: the ledger may let go of it once it is spooled */
	MESSAGE_ACK,         /* main -> sentinel (pid: who asks), sentinel -> worker: thread id (0: all) is acknowledged;
				sentinel -> main, the answer: pid as asked; result: 0, or -ENOENT: nothing is known of that
				id; text: what was done */
	MESSAGE_TEST,        /* main -> sentinel: a person's test of the channel named by text; id: who asks, result: severity */
	MESSAGE_TESTED,      /* worker -> sentinel -> main: a line of the conversation; result 1: the last one, taken;
				negative: the last one, not taken; 0: more follows; to main, pid: who asked */
	MESSAGE_SPOOL,       /* main -> scribe: a person's; id: who asks; text: "retry all", "drop ID", ...; answered by */
	MESSAGE_SPOOLED,     /* scribe -> main: result 0 or -errno; text: what was done */
	MESSAGE_VAULT,       /* main -> messenger: what it may not read itself comes along (fd); before MESSAGE_CONFIG */
	MESSAGE_REFUSED,     /* worker -> sentinel: alert id is a dead letter of a channel; result: its severity; text: the
				channel's name, a blank, why. Again and again until the same comes back, text: the name:
				the other channels are told, or were within the hour */
	MESSAGE_KEEP,        /* sentinel -> scribe: what is to outlive the host's restart has changed in the ledger */
	MESSAGE_LASTING,     /* scribe -> sentinel: row id of what outlived it, in text (share/lasting.h); result 0: there
				are no more. The ledger says how many were taken; one that is not the next is passed over */
	MESSAGE_TYPES,
};

enum message_worker { MESSAGE_OF_ACTOR, MESSAGE_OF_SCRIBE, MESSAGE_OF_MESSENGER };

/* How systemd has a unit: bits of MESSAGE_UNIT's result. */
enum message_unit {
	UNIT_ACTIVE = 1,      /* active, or reloading */
	UNIT_FAILED = 2,
	UNIT_AT_IT = 4,       /* a job is open; or activating, deactivating, reloading, waiting to auto-restart */
	UNIT_STOP_JOB = 8,    /* a stop job was seen for it since its last start: stopped on purpose, by whomever */
	UNIT_NONE_SUCH = 16,  /* systemd has no unit of that name */
	UNIT_START_LIMIT = 32, /* failed for its start limit */
	UNIT_NO_ANSWER = 64,  /* systemd cannot be asked; nothing else is known */
	UNIT_LOOKED = 128,    /* this answers MESSAGE_LOOK */
	UNIT_RESTART_JOB = 256, /* a restart job is open, or ended within the last second */
	UNIT_STOP_DOWN = 512, /* a stop job, none of ours, ended within the last second of a unit that was down before it */
};

struct message {
	uint32_t version;
	uint32_t type;     /* enum message_type */
	uint64_t id;       /* ledger entry, or as above */
	int32_t result;    /* 0 or -errno, or as above */
	int32_t pid;
	uint32_t pad;
	char text[256];    /* ends with a NUL; may be hostile */
};

/* Fixed numbers of the descriptors that main hands to the processes it starts. */
enum message_fd {
	MESSAGE_FD_MAIN = 3,   /* sentinel <-> main, worker <-> main (the worker only sees it close) */
	MESSAGE_FD_LEDGER = 4,
	MESSAGE_FD_STATE = 5,
	MESSAGE_FD_ACTOR = 6,  /* sentinel <-> actor; in the actor its own end has this number too */
	MESSAGE_FD_CONFIG = 7, /* the config block at the start; later ones come from main by message */
	MESSAGE_FD_SCRIBE = 8, /* sentinel <-> scribe, the sentinel's end; a worker's own has ACTOR's number */
	MESSAGE_FD_MESSENGER = 9, /* sentinel <-> messenger, the sentinel's end */
	MESSAGE_FD_SPOOL = 10, /* scribe <-> messenger (share/delivery.h); also the actor's end of the next */
	MESSAGE_FD_SPOOL_ACTOR = 11, /* scribe <-> actor, the scribe's end */
	MESSAGE_FD_VAULT = 12, /* secrets and files, read by main (share/vault.h): the messenger's */
	MESSAGE_FDS_END,
};

/* Send without waiting; fd_along: passed with it, stays the caller's; -1: none. 0, -EAGAIN when the
 * peer does not read, or -errno. */
int message_send(int fd, const struct message *message, int fd_along);

/* Receive one without waiting, checked: size, version, type, text's end. fd_along: gets a descriptor
 * that came along (the caller's) or -1; NULL: one that comes is closed. 1: got one; 0: the other end
 * is closed; -EAGAIN: nothing there; -EPROTO: a message that breaks the rules (dropped); -errno. */
int message_receive(int fd, struct message *message, int *fd_along);

/* Of a socket of whole messages that gave no bytes: it has ended. False: a message of none was sent. */
bool message_is_end(int fd);

/* A message of that type, text formatted ("" is fine). */
void message_make(struct message *message, enum message_type type, uint64_t id, int result, const char *text);

/* What names a unit in messages: the same in every generation of the config. */
uint64_t message_unit_id(const char *name);

/* "ask", ... for the log. */
const char *message_name(uint32_t type);

#endif
