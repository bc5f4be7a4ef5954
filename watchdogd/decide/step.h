/* One step of a ladder: what it acts on, and whether its work is done already. */
#ifndef WD_DECIDE_STEP_H
#define WD_DECIDE_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "decide/ladder.h"
#include "share/state.h"

/* Is there work for step i? unit: gets what it acts on (CONFIG_NONE for a command, or when nothing
 * is found). text: gets the candidates of a group; when there is no work, why: "it is stopped
 * already". */
bool step_has_work(const struct ladder *ladder, uint32_t i, uint32_t *unit, struct buffer *text);

/* Of `cap` and `uncap`: "is capped already", "is not capped"; NULL: it has work on that unit, or is another verb. */
const char *step_why_not_cap(const struct ladder *ladder, const struct config_step *step, uint32_t unit);

/* A further round may take step i on that unit: it frees something, was not tried in vain, and the
 * unit has not just begun. */
bool step_is_fresh(const struct ladder *ladder, uint32_t i, uint32_t unit);

/* Would a further round find work for step i? Steps that the limit holds back count only when
 * `limited`. */
bool step_has_work_anew(const struct ladder *ladder, uint32_t i, bool limited);

/* Step i brings back a unit whose state (dead) goes on: it frees nothing, and is tried again and again. */
bool step_heals(const struct ladder *ladder, uint32_t i);

/* The bytes of `cap` and `reclaim`: on that unit, a percentage of what 100 % of it is. -1: that is not known. */
int64_t step_bytes(const struct config_step *step, const struct state_unit *unit);

/* " 1536M", " 12%" behind `cap` and `reclaim`, as it is written in the config; nothing of other verbs. */
void step_format_bytes(const struct config_step *step, struct buffer *text);

/* "stop xtts", "restart largest of bots", "cap xtts 1G", "run a command". */
void step_format(const struct ladder *ladder, uint32_t i, struct buffer *text);

#endif
