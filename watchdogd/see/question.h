/* How systemd has a unit: the actor tells it when it changes, and is asked where it must be known now. An answer
 * that does not come in time is one too: systemd cannot be asked. */
#ifndef WD_SEE_QUESTION_H
#define WD_SEE_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "share/message.h"

struct see;
struct unit;

enum { QUESTION_ANSWER_MS = 2000 }; /* no answer for so long: systemd cannot be asked */

struct question {
	uint32_t bits;       /* enum message_unit, as last told; 0 before */
	int32_t pid;         /* its main process; 0: none */
	char text[80];       /* that in words; hostile, cut */
	mono_ms wanted_at;   /* since when a question waits to be handed out; 0: none does */
	mono_ms asked_at;    /* when one was last handed out; 0: never */
	mono_ms answered_at; /* what was asked until then is answered, or given up; 0: nothing was */
	bool open;           /* one is handed out and not answered: no other is, as two get one answer */
	bool told;           /* bits were ever told */
	bool mute_told;      /* that systemd cannot be asked was said */
};

/* At each look: a question without an answer is given up. */
void question_look(struct see *see, struct unit *unit, mono_ms now);

/* MESSAGE_UNIT. */
void question_report(struct see *see, struct unit *unit, const struct message *report, mono_ms now);

/* Was systemd asked at `since` or later, and has answered (or cannot: UNIT_NO_ANSWER)? Otherwise it is asked. */
bool question_is_answered(struct see *see, struct unit *unit, mono_ms since, mono_ms now);

/* The next unit whose question is to be handed out. */
bool question_next(struct see *see, uint64_t *id);

/* After a reload: how many questions wait. */
void question_config(struct see *see);

/* Of a systemd unit whose systemd has told of it. */
bool question_is_known(const struct unit *unit);

/* By its word: systemd has a job for it, or changes it; it failed, and nothing is pending. */
bool question_is_at_it(const struct unit *unit);
bool question_is_failed(const struct unit *unit);

#endif
