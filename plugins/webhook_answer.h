/* What a server's answer means for the delivery: taken, later, never. Pure. */
#ifndef WD_WEBHOOK_ANSWER_H
#define WD_WEBHOOK_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounds.h"
#include "share/plugin.h"

enum {
	WEBHOOK_PATH_MAX = 64,     /* bytes of "parameters.retry_after" */
	WEBHOOK_CODES_MAX = 16,
	WEBHOOK_AGAIN_MAX_MS = 24 * 3600 * 1000, /* a server asks for no more than a day */
	WEBHOOK_SAID_MAX = 160,    /* bytes of the answer that are told */
};

/* Of a template. */
struct webhook_rules {
	uint16_t never[WEBHOOK_CODES_MAX], later[WEBHOOK_CODES_MAX]; /* status codes, ended by 0 where not full */
	char retry_path[WEBHOOK_PATH_MAX + 1];  /* where the JSON says when to come again; "": nowhere */
	uint32_t retry_unit_ms;
	char expect_path[WEBHOOK_PATH_MAX + 1]; /* what the JSON of a 2xx must say; "": anything */
	char expect[WEBHOOK_PATH_MAX + 1];
};

struct webhook_answer {
	long status;              /* of HTTP; 0: none came */
	const char *text;         /* of the answer, len bytes, hostile; for its JSON */
	size_t len;
	bool whole;               /* all of the answer is there: none of it was lost or left out */
	const char *said;         /* the same for people: one line, escaped, without secrets */
	uint32_t retry_after_ms;  /* of the header; 0: none */
	const char *elsewhere;    /* of a redirect: the host that it names, likewise escaped; "" none */
	const char *error;        /* the transfer's own word where it failed, likewise; otherwise NULL */
	bool hopeless;            /* of such an error: it can't get better */
};

struct webhook_verdict {
	enum plugin_sent result;
	uint32_t again_ms;      /* 0: no word on it */
	char text[TEXT_BYTES];  /* one line, for people */
};

void webhook_answer_judge(const struct webhook_rules *rules, const struct webhook_answer *answer,
			  struct webhook_verdict *verdict);

#endif
