/* A worker's answers to the sentinel, kept until they are sent, and a while longer for who asks
 * again. */
#ifndef WD_START_WORKER_ANSWERS_H
#define WD_START_WORKER_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "share/message.h"

enum {
	WORKER_ANSWERS_MAX = 256
}; /* twice what can be open, and all that the ledger can hold: none is pushed out before it was sent */

struct worker_answers {
	struct worker_answer {
		struct message message;
		bool waits;           /* the sentinel's end was full */
	} answer[WORKER_ANSWERS_MAX]; /* a ring */
	unsigned next;
};

/* Keep an answer and send it on link (-1: nobody hears). text: cut to a message; may be hostile. */
void worker_answers_add(struct worker_answers *answers, int link, enum message_type type,
			uint64_t id, int result, const char *text);

/* Some could not be sent: wait for POLLOUT, and call worker_answers_send. */
bool worker_answers_wait(const struct worker_answers *answers);
void worker_answers_send(struct worker_answers *answers, int link);

/* Send the kept DONE or FAILED of that entry once more; false: none is kept. */
bool worker_answers_repeat(struct worker_answers *answers, int link, uint64_t id);

#endif
