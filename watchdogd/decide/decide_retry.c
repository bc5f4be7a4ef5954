/* A person says: try again. What was given up begins anew at once, where its cause still holds. */
#include <errno.h>
#include <string.h>

#include "base/escape.h"
#include "decide/decide_parts.h"
#include "decide/limit.h"
#include "decide/patience.h"

static void decide_retry_add(const struct decide *decide, uint32_t instance, const char *what,
			     struct buffer *said, bool first)
{
	const struct config_instance *row = config_instance_at(decide->config, instance);

	if (first)
		buffer_addf(said, "%s: ", config_unit_at(decide->config, row->unit)->name);
	buffer_addf(said, "%srule %s %s", first ? "" : "; ",
		    config_rule_at(decide->config, row->rule)->name, what);
}

/* Held back by its limit, or below its last step with nothing left that it may do. */
static bool decide_is_given_up(const struct ladder *l)
{
	return l->at->firing != 0 && (ladder_has(l, LADDER_HELD) ||
				      (l->at->phase == LADDER_SPENT && ladder_has_action(l)));
}

/* As the last look saw it; a state, as it was told. */
static bool decide_holds_still(const struct decide *decide, const struct ladder *l)
{
	return l->rule->is_event ? ladder_has(l, LADDER_STATE)
				 : decide->memory->instance[l->instance].when == CONDITION_TRUE;
}

/* One instance of the unit; true: it had given up. */
static bool decide_retry_of(struct decide *decide, uint32_t instance, struct buffer *said,
			    bool first, mono_ms now)
{
	struct ladder ladder;
	bool given_up, limited;

	if (!decide_ladder(decide, instance, false, now, &ladder))
		return false;
	given_up = decide_is_given_up(&ladder);
	limited = ladder.at->firing == 0 && limit_is_reached(ladder.at, ladder.rule, now);
	if (!given_up && !limited)
		return false;
	limit_clear(ladder.at);
	ladder.at->flags &= (uint16_t)~LADDER_GIVE_UP; /* no more */
	ladder.at->failed = 0;
	if (!given_up ||
	    (ladder.at->phase != LADDER_SPENT && ladder.at->phase != LADDER_STANDING)) {
		decide_retry_add(decide, instance, "may fire again", said, first);
	} else if (decide_holds_still(decide, &ladder)) {
		decide_begin(decide, &ladder, ladder.at->flags & LADDER_HANDED_ON);
		decide_retry_add(decide, instance, "begins anew", said, first);
	} else {
		decide_retry_add(decide, instance, "begins anew when it holds again", said, first);
	}
	decide_row(decide, instance, now);
	return true;
}

static void decide_retry_back_off(struct decide *decide, const char *name)
{
	struct ledger_unit *row = ledger_unit(decide->ledger, name);

	row->restarts = 0;
	row->restarted_s = 0;
	row->flags |= LEDGER_UNIT_RESET;
	patience_end(row);
}

int decide_retry(struct decide *decide, const char *unit, struct buffer *said, mono_ms now)
{
	uint32_t index = config_find_unit(decide->config, unit);
	bool some = false;

	if (index == CONFIG_NONE) {
		buffer_add(said, "there is no unit \"");
		escape_line(said, unit, strlen(unit));
		buffer_add(said, "\"");
		return -ENOENT;
	}
	decide_retry_back_off(decide, unit);
	for (uint32_t i = 0; i < decide->config->instances.count; i++)
		if (config_instance_at(decide->config, i)->unit == index &&
		    decide_retry_of(decide, i, said, !some, now))
			some = true;
	if (!some)
		buffer_addf(said, "nothing was given up for %s; its back-off is cleared, its peak forgotten", unit);
	return 0;
}
