/* What the files of deliver/ share: the deliverer itself. For them alone. */
#ifndef WD_DELIVER_DELIVER_PARTS_H
#define WD_DELIVER_DELIVER_PARTS_H

#include "deliver/channels.h"
#include "deliver/deliver.h"
#include "deliver/waiting.h"

enum {
	DELIVER_RECENT = 1024,  /* ids of alerts that are done and gone: an echo of one is not sent again */
	DELIVER_ACKED = 64,     /* threads that were acknowledged of late: their alerts may still be in the spool */
	DELIVER_UNCONFIRMED_MAX = 64, /* alerts that are done and not confirmed, where there is no scribe */
	DELIVER_NO_SCRIBE_MS = 60000, /* its end takes nothing for so long: there is none */
};

/* An instant on both clocks. */
struct deliver_now {
	mono_ms mono;
	wall_ms wall;
};

struct deliver {
	struct deliver_with with;
	const struct config *config; /* NULL: none yet */
	struct channels channels;
	struct waiting waiting;
	uint64_t recent[DELIVER_RECENT];
	size_t recents;
	uint64_t acked[DELIVER_ACKED];
	size_t ackeds;
	bool acked_all;          /* all that waits in the spool and has not come yet */
	uint64_t last_delivery, last_number;
	/* The spool's backlog, asked for at the start: nothing is tried while it comes, as its rows may say that a
	 * channel has the alert. */
	mono_ms backlog_asked;   /* 0: not yet */
	uint64_t backlog_number; /* of that question */
	mono_ms backlog_began;   /* what came without a turn in between that tried something, since then; 0: nothing */
	mono_ms backlog_until;   /* not longer than that */
	bool backlog_over;
	mono_ms scribe_lost;     /* since when its end takes nothing; 0: it does */
	bool scribe_known;       /* it did once */
	char spool_why[160];     /* its word on why it can keep nothing now; "" it can */
	mono_ms wake;            /* of this turn: when there is more to do; UINT64_MAX: nothing waits */
};

/* There is something to do at that instant. */
static inline void deliver_wake(struct deliver *deliver, mono_ms at)
{
	if (at < deliver->wake)
		deliver->wake = at;
}

/* The row is over: counted, known of its thread, told to the scribe. */
void deliver_end_row(struct waiting_alert *alert, struct waiting_row *row, enum delivery_state state, const char *why);

/* A person's, or the config's: whatever is under way for it ends. */
void deliver_drop_row(struct deliver *deliver, struct waiting_alert *alert, struct waiting_row *row, const char *why);

#endif
