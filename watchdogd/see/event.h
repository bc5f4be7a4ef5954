/* Something happened: what a source tells besides readings. A queue of fixed size within one look. */
#ifndef WD_SEE_EVENT_H
#define WD_SEE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "words/event.h"

struct event {
	enum event_kind kind;
	uint32_t unit;          /* index of the watched unit, or CONFIG_NONE */
	mono_ms at;
	bool ended;             /* of an event with a state (dead, silence): the state is over */
	bool before_start;      /* it happened while watchdogd was not running: told, no step is taken */
	bool reply;             /* of a death told before: what became of it; no firing of its own */
	uint32_t count;         /* so many at once (lines of a log); 0 and 1: one */
	int32_t pid;
	char comm[COMM_BYTES];  /* hostile text */
	char title[TITLE_BYTES]; /* the same in short, without the unit; "": text up to its first "; " */
	char text[TEXT_BYTES];  /* what was seen, as a sentence: "the kernel's OOM killer killed claude
				   (pid 21285), 5.1 GiB, for want of memory on the host" */
};

struct event_queue {
	struct event event[EVENTS_MAX];
	uint32_t count;
	uint32_t lost;          /* came when the queue was full */
};

/* A zeroed event at the end of the queue to be filled in, or NULL (lost counts it). */
struct event *event_add(struct event_queue *queue, enum event_kind kind, uint32_t unit, mono_ms at);

/* Empty the queue after a look. */
void event_clear(struct event_queue *queue);

#endif
