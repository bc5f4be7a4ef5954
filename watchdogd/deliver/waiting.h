/* The alerts that a deliverer has in memory, in order of their ids, each with its rows: how far each channel is
 * with it. An alert stays until no channel wants it any more and the scribe has confirmed the reports of that. */
#ifndef WD_DELIVER_WAITING_H
#define WD_DELIVER_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "share/delivery.h"

struct channel;

/* Why a row is not sent yet. In this order one follows the other. */
enum waiting_hold {
	HOLD_NEW,    /* not looked at yet */
	HOLD_AFTER,  /* `after`: someone may acknowledge it */
	HOLD_FOLD,   /* goes with others of its rule and unit at the end of the window */
	HOLD_QUIET,  /* quiet hours */
	HOLD_THREAD, /* its thread's alert is held itself */
	HOLD_NONE,   /* goes as soon as those before it have gone */
};

/* What is told to the scribe: again and again until it is confirmed. */
struct waiting_report {
	bool due;         /* something changed since the last one */
	uint64_t number;  /* of the last one, not confirmed yet; 0: none */
	mono_ms told;
};

/* One alert at one channel. */
struct waiting_row {
	struct channel *channel; /* NULL: gone from the config */
	char name[NAME_BYTES];   /* the channel's */
	uint8_t state;           /* enum delivery_state */
	uint8_t hold;            /* enum waiting_hold */
	bool folds;              /* was held: becomes one message with others that were */
	bool touched;            /* tried or ended here: what the spool says of it is older */
	bool untold;             /* dead, and people were not told of that yet (refused.h) */
	uint32_t attempts;
	uint32_t count;          /* alerts folded into it; 1: itself alone */
	uint64_t within_ms;      /* of count: from the first to this one */
	mono_ms due;             /* not before */
	wall_ms next_at;         /* the same for people and for who comes after us; 0: at once */
	uint64_t thread;         /* that its message names */
	char why[160];
	struct waiting_report report;
};

struct waiting_alert {
	struct waiting_alert *previous, *next;
	struct delivery_alert alert;
	bool spooled;          /* came from the spool */
	bool done;             /* no channel wants it any more, and that was told */
	mono_ms came;
	uint64_t age_ms;       /* when it came */
	struct waiting_report report; /* that it is done */
	size_t rows, rows_max;
	struct waiting_row row[]; /* rows_max of them */
};

struct waiting {
	struct waiting_alert *first, *last;
	size_t open, done; /* how many are not done, how many are */
};

/* A copy of the alert in its place, without rows yet but with room for rows_max. NULL: no memory. */
struct waiting_alert *waiting_add(struct waiting *waiting, const struct delivery_alert *alert, size_t rows_max);
void waiting_remove(struct waiting *waiting, struct waiting_alert *alert);

/* The alert of that id, or NULL. */
struct waiting_alert *waiting_find(const struct waiting *waiting, uint64_t id);

/* A row for a channel of that name, waiting, HOLD_NEW. NULL: no room. */
struct waiting_row *waiting_add_row(struct waiting_alert *alert, struct channel *channel, const char *name);

/* The row of the channel of that name, or NULL. */
struct waiting_row *waiting_row(struct waiting_alert *alert, const char *name);

/* Some channel still wants it. */
bool waiting_is_open(const struct waiting_alert *alert);

/* The row changes: its state, and why. The scribe is to know. */
void waiting_set(struct waiting_row *row, enum delivery_state state, const char *why);
void waiting_hold(struct waiting_row *row, enum waiting_hold hold, mono_ms due, wall_ms next_at, const char *why);

#endif
