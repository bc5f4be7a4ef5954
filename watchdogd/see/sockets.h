/* Which of the units that are asked about have a TCP connection. A round takes two lists, each piece by piece: first the
 * sockets that the units' processes have open (sockets_unit.h), with the list of a network namespace of their own
 * (sockets_far.h), then the host's connections that count (inetdiag.c, else procnet.c). One of them is a unit's if a
 * process of it has it open, or if it was made in its cgroup: the second alone is not enough, as what is accepted on a
 * socket that systemd made is of systemd's cgroup; the first alone misses what nobody has accepted yet. Connections of
 * UNIX sockets do not count: each service of systemd has one to the journal. */
#ifndef WD_SEE_SOCKETS_H
#define WD_SEE_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "see/inetdiag.h"
#include "see/procnet.h"
#include "see/sockets_set.h"

struct see;

enum {
	SOCKETS_UNIT_FDS = 4096,  /* descriptors of one unit's processes that are looked at */
	SOCKETS_LOOK_FDS = 1024,  /* of one look, with the unit at hand to its end: a millisecond or two */
	SOCKETS_UNIT_PIDS = 256,
	SOCKETS_PIECES = 16,      /* datagrams or chunks of one look */
	SOCKETS_ROUND_MS = 10000, /* a round that is not over by then is given up */
};

enum sockets_seen {
	SOCKETS_NOT_ASKED,
	SOCKETS_NONE,
	SOCKETS_CONNECTED,
	/* We may not look at all of its processes, and it has no connection that was made in its cgroup. One that was handed
	 * to it would not be seen. */
	SOCKETS_UNREADABLE,
	SOCKETS_ELSEWHERE,  /* it has more than one network namespace of its own */
	SOCKETS_TOO_MANY,   /* processes, descriptors, cgroups or connections: at a bound */
	SOCKETS_SEEN,
};

struct sockets {
	struct inetdiag diag;
	struct procnet net;
	bool has_list;       /* one of them */
	bool open;           /* a round is under way */
	bool reading;        /* it reads the host's list */
	uint32_t next;       /* unit of the config that is looked at next */
	int family;          /* of inetdiag: which of its lists is read */
	mono_ms began;
	struct procnet far;  /* of the unit `next`, where it is in a network namespace of its own (sockets_far.h) */
	bool far_open;       /* ... which is being read */
	uint32_t fars;       /* how many such units the round had so far */
	char own_net[32];    /* our network namespace: "net:[4026531840]"; "": not known, or this kernel has none */
	uint8_t seen[UNITS_MAX]; /* of each row of units, enum sockets_seen; set by the caller to SOCKETS_NONE: asked */
	struct sockets_set inodes, cgroups;
};

/* What can be opened is. diag: sock_diag is wanted, whose first question may take a while: at start alone. */
void sockets_open(struct see *see, struct sockets *sockets, bool diag);

/* Begin a round about the rows whose `seen` is SOCKETS_NONE. */
void sockets_begin(struct sockets *sockets, mono_ms now);

/* Do a piece of it. True: it is over, `seen` says what was found. */
bool sockets_step(struct see *see, struct sockets *sockets, mono_ms now);

/* Leave a round where it is: what was not found is not known. */
void sockets_give_up(struct sockets *sockets);

/* Why it is not known, for a person: "its sockets cannot be read"; NULL: it is known. */
const char *sockets_why_unknown(enum sockets_seen seen);

#endif
