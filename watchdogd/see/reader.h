/* Whether who reads the logs (wd-scribe) is at work. That a log has no new line is known only where it was
 * read: one that is stopped, hangs, or was started again has not seen what came meanwhile. */
#ifndef WD_SEE_READER_H
#define WD_SEE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct see;

struct reader {
	bool used;         /* some unit has a log */
	bool hangs;        /* to be said to main, once */
	uint64_t number;   /* of the last question */
	bool open, wanted; /* it has no answer yet; one is wanted now */
	mono_ms asked_at;
	mono_ms read_at;   /* what the logs had then is told; 0: not known */
	mono_ms looked_at;
	uint32_t waited_ms; /* for the open one, as far as we were at work ourselves */
};

/* What the logs had at `at` is told. If that is not known, it is asked at once. */
bool reader_has_read(struct see *see, mono_ms at);

/* Once a look: asks once a minute, so that one that hangs is noticed. */
void reader_look(struct see *see, mono_ms now);

/* The question to be sent now (MESSAGE_READ). False: none. */
bool reader_next_question(struct see *see, uint64_t *number);

/* It has not answered for long, by our own time: main is to start it again. Once. */
bool reader_hangs(struct see *see);

/* MESSAGE_READ came back. */
void reader_answer(struct see *see, uint64_t number);

/* It was started again: each silence that is not told yet is counted anew. */
void reader_up(struct see *see, mono_ms now);

void reader_config(struct see *see);

#endif
