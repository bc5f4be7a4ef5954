/* What a channel knows of the threads of late: which of their alerts it got, and under which thread it shows
 * them. From it follows who gets the rest of a thread, and what `fold` makes one message. In memory alone, of
 * fixed number: the longest forgotten gives way, and what is not known is chosen by the filters alone. */
#ifndef WD_DELIVER_THREADS_H
#define WD_DELIVER_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "share/delivery.h"

enum { THREADS_KNOWN = 256 };

/* The best state of a thread's alerts is the thread's: in this order. */
enum thread_state {
	THREAD_UNWANTED, /* the channel's filters leave it out */
	THREAD_DROPPED,  /* it never went: acknowledged, resolved before it was due, dead */
	THREAD_HELD,     /* waits for `fold`, `after` or the end of quiet hours */
	THREAD_QUEUED,   /* is to be sent, before all that follows */
	THREAD_WENT,
};

/* One alert (TOLD_ALERT) of a thread, or the first that came of an unknown thread. */
struct thread_known {
	uint64_t id, thread;  /* id 0: the row is free */
	uint64_t as;          /* the thread that the channel's messages of it name */
	uint64_t matter;      /* threads_matter: its rule and unit */
	uint32_t severity;
	uint8_t state;        /* enum thread_state */
	bool opens;           /* a window of `fold` began with it */
	bool replied;         /* something of the thread went before the alert itself */
	mono_ms opened;       /* when that was */
	mono_ms last;         /* the channel's last message of the thread; 0: none */
	wall_ms at;
};

struct threads {
	struct thread_known row[THREADS_KNOWN]; /* a ring */
	uint32_t next;
};

/* Alerts of the same rule and unit have the same. */
uint64_t threads_matter(const struct delivery_alert *alert);

/* Take it in; the row, which stays until many others came. */
struct thread_known *threads_add(struct threads *threads, const struct delivery_alert *alert,
				 enum thread_state state);

/* The row of the alert itself, or NULL. */
struct thread_known *threads_of(struct threads *threads, uint64_t id);

/* The row of the thread, that of its alert with the best state; NULL: nothing is known of it. */
struct thread_known *threads_find(struct threads *threads, uint64_t thread);

/* The last window of `fold` (fold_ms, not 0) that an alert belongs to: of the same rule and unit, of no less
 * severity. NULL: none, it is the first. */
struct thread_known *threads_window(struct threads *threads, const struct delivery_alert *alert, uint32_t fold_ms,
				    mono_ms now);

#endif
