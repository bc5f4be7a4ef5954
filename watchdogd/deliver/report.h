/* What the person reads: the message of an alert, with the numbers now. Everything fits a phone's screen
 * first: subject, what happened, numbers, what watchdogd is doing, what to do.
 * All its texts are one line each (todo: lines) of visible characters: names of processes and words of others
 * are escaped as in the log (base/escape.h). A channel escapes them once more for its own format, and has no
 * line end, control character, bidi mark or broken UTF-8 to fear.
 * facts, in order: "host"; "numbers" (they are old), "blind", "dry run" where it is so; the units, the alert's
 * first, then what is dead, then the largest; "other units" (how many more); the largest processes, "claude
 * (pid 21285)". */
#ifndef WD_DELIVER_REPORT_H
#define WD_DELIVER_REPORT_H

#include <stdint.h>

#include "base/clock.h"
#include "config/config.h"
#include "share/delivery.h"
#include "share/plugin.h"
#include "share/state.h"

struct report_of {
	const struct delivery_alert *alert;
	const struct config *config; /* for what the rule's steps will do; NULL: none */
	const struct state *state;   /* a copy of the page, or the page; NULL: no numbers */
	uint32_t attempt;
	uint32_t count;              /* alerts folded into it; 1: itself alone */
	const char *lost;            /* what the next alert has to say of losses and the spool; "" nothing */
	wall_ms wall;
	uint64_t within_ms;          /* of count: from the first of them to this one; 0: not known */
};

struct report; /* a message and all its texts, in one allocation */

/* NULL: no memory. The message lives as long as the report. */
struct report *report_new(const struct report_of *of);
const struct plugin_message *report_message(const struct report *report);
void report_free(struct report *report);

#endif
