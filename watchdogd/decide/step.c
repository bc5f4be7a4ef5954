#include "decide/step.h"

#include <stddef.h>

#include "config/value.h"
#include "decide/select.h"

/* The unit that is named, or that the rule is about. */
static uint32_t step_unit(const struct ladder *l, const struct config_step *step)
{
	return step->unit == CONFIG_EACH ? l->unit : step->unit;
}

int64_t step_bytes(const struct config_step *step, const struct state_unit *unit)
{
	int64_t total = unit->readings[UNIT_MEMORY].total;

	if (!step->bytes_is_pct)
		return step->bytes;
	if (unit->readings[UNIT_MEMORY].known != STATE_KNOWN || total <= 0)
		return -1;
	return (int64_t)((double)total * (double)step->bytes / 100000.0);
}

/* We took it down in this firing, and it runs without our mark: a person has started it. */
static bool step_was_undone(const struct ladder *l, uint32_t i, uint32_t unit)
{
	uint32_t verb = ladder_step(l, i)->verb;
	const char *name = config_unit_at(l->config, unit)->name;

	return (verb == VERB_STOP || verb == VERB_FREEZE) && (l->at->acted >> i & 1) == 0 &&
	       l->at->asked[i] == ladder_unit_mark(l->config, unit) && !l->dry_run &&
	       l->state->unit[unit].status == STATE_UNIT_RUNNING &&
	       !ledger_is_marked(l->ledger, name, STATE_MARK_STOPPED) &&
	       !ledger_is_marked(l->ledger, name, STATE_MARK_FROZEN);
}

/* A unit that is down gives nothing back; one that is dead is restarted, one that we shed is not.
 */
static const char *step_why_not_restart(const struct ladder *l, uint32_t unit)
{
	const struct ledger_mark *mark =
		ledger_mark_find(l->ledger, config_unit_at(l->config, unit)->name);

	if (mark != NULL && mark->kind == STATE_MARK_STOPPED)
		return "it was stopped to free memory";
	if (!l->rule->is_event && l->state->unit[unit].status == STATE_UNIT_INACTIVE)
		return "it is stopped already";
	return NULL;
}

const char *step_why_not_cap(const struct ladder *l, const struct config_step *step, uint32_t unit)
{
	const struct ledger_mark *mark = ledger_mark_find(l->ledger, config_unit_at(l->config, unit)->name);
	uint64_t cap = mark != NULL ? mark->cap_bytes : 0;
	int64_t bytes = step_bytes(step, &l->state->unit[unit]);

	if (step->verb == VERB_UNCAP)
		return cap == 0 ? "is not capped" : NULL;
	/* As much as a page is lost where the bytes become pages. */
	return step->verb == VERB_CAP && cap != 0 && bytes >= 0 && cap <= (uint64_t)bytes ? "is capped already" : NULL;
}

/* Down on the way of a restart, or being started: a stop is what keeps it down. */
static bool step_is_on_its_way(const struct ladder *l, uint32_t unit)
{
	uint8_t busy = l->state->unit[unit].busy;

	return busy == 1 + VERB_RESTART || busy == 1 + VERB_START;
}

/* A stop since nobody uses it: it is looked at once more. */
static bool step_is_for_idle(const struct ladder *l, enum verb verb)
{
	return l->rule->is_event && l->rule->event == EVENT_IDLE && verb == VERB_STOP;
}

/* Why a unit leaves this step no work; NULL: there is some. */
static const char *step_why_not(const struct ladder *l, uint32_t i, uint32_t unit)
{
	enum verb verb = (enum verb)ladder_step(l, i)->verb;
	enum state_unit_status status = (enum state_unit_status)l->state->unit[unit].status;

	if (config_unit_at(l->config, unit)->protect)
		return "it is protected";
	if (step_was_undone(l, i, unit))
		return "it was started again, and this firing leaves it alone";
	if (step_is_for_idle(l, verb) && l->state->unit[unit].use != STATE_USE_UNUSED)
		return "it is in use again, or that is not known";
	if (verb == VERB_RESTART)
		return step_why_not_restart(l, unit);
	if (verb == VERB_START)
		return status == STATE_UNIT_RUNNING ? "it is running already" : NULL;
	if (verb == VERB_THAW)
		return status != STATE_UNIT_FROZEN ? "it is not frozen" : NULL;
	if (verb == VERB_UNCAP)
		return step_why_not_cap(l, ladder_step(l, i), unit) != NULL ? "it is not capped" : NULL;
	if (status == STATE_UNIT_INACTIVE && (verb == VERB_STOP || verb == VERB_KILL) && step_is_on_its_way(l, unit))
		return NULL;
	if (status == STATE_UNIT_INACTIVE)
		return verb == VERB_STOP ? "it is stopped already" : "it is not running";
	if (verb == VERB_FREEZE && status == STATE_UNIT_FROZEN)
		return "it is frozen already";
	if (step_why_not_cap(l, ladder_step(l, i), unit) != NULL)
		return "it is capped already";
	return NULL;
}

static bool step_takes_unit(const struct config_step *step)
{
	return verb_takes_unit((enum verb)step->verb);
}

/* What another switched off while it fires, this firing leaves off. In a dry run no file is made that could be ready. */
static bool step_swaps(const struct ladder *l, struct buffer *text)
{
	static const char *const why_not[STATE_SWAP_PHASES] = {
		[STATE_SWAP_NONE] = "there is no [swapfile]",
		[STATE_SWAP_WAITS] = "the swap file is not there yet",
		[STATE_SWAP_MAKING] = "the swap file is being made",
		[STATE_SWAP_REFUSED] = "there is no swap file to use: ",
	};
	const struct state_swap *swap = &l->state->swap;
	const char *why = swap->phase < STATE_SWAP_PHASES ? why_not[swap->phase] : why_not[STATE_SWAP_NONE];

	if (swap->on && !swap->going_off) {
		buffer_add(text, "it is on already");
		return false;
	}
	if (swap->undone > l->at->began) {
		buffer_add(text, "it was switched off again, and this firing leaves it off");
		return false;
	}
	if (l->dry_run || swap->on || why == NULL)
		return true;
	buffer_addf(text, "%s%s", why, swap->phase == STATE_SWAP_REFUSED ? swap->why : "");
	return false;
}

bool step_has_work(const struct ladder *l, uint32_t i, uint32_t *unit, struct buffer *text)
{
	const struct config_step *step = ladder_step(l, i);
	const char *why;

	*unit = CONFIG_NONE;
	if (step->verb == VERB_SWAP)
		return step_swaps(l, text);
	if (!step_takes_unit(step))
		return true;
	if (step->target != CONFIG_UNIT) {
		*unit = select_unit(l, step, text);
		return *unit != CONFIG_NONE;
	}
	*unit = step_unit(l, step);
	if (*unit >= l->config->units.count) {
		*unit = CONFIG_NONE;
		buffer_add(text, "it is about no watched unit");
		return false;
	}
	why = step_why_not(l, i, *unit);
	buffer_add(text, why != NULL ? why : "");
	return why == NULL;
}

/* What is to bring back a unit whose state (dead) goes on: that it died again within its grace is why it is
 * tried again; its back-off and `limit` are what bounds that. */
bool step_heals(const struct ladder *l, uint32_t i)
{
	uint32_t verb = ladder_step(l, i)->verb;

	return l->rule->is_event && event_words[l->rule->event].has_state &&
	       (verb == VERB_RESTART || verb == VERB_START);
}

bool step_is_fresh(const struct ladder *l, uint32_t i, uint32_t unit)
{
	const struct verb_word *word = &verb_words[ladder_step(l, i)->verb];

	if ((l->at->failed >> i & 1) != 0)
		return step_heals(l, i);
	if (!word->frees)
		return false;
	/* What it did not give back the first time it would give back at the cost of all. */
	if (ladder_step(l, i)->verb == VERB_RECLAIM && l->at->asked[i] != 0)
		return false;
	/* A unit that has just begun has nothing to give yet; a stop is meant for good. */
	return unit == CONFIG_NONE || word->unlimited || !select_is_in_grace(l, unit);
}

bool step_has_work_anew(const struct ladder *l, uint32_t i, bool limited)
{
	const struct config_step *step = ladder_step(l, i);
	/* As the next round will find it: none of its steps taken yet. */
	struct ledger_ladder next = *l->at;
	struct ladder probe = *l;
	char nothing[1];
	struct buffer text;
	uint32_t unit;

	if (!verb_words[step->verb].unlimited && !limited)
		return false;
	BUFFER_OVER(&text, nothing);
	next.acted = 0;
	probe.at = &next;
	return step_has_work(&probe, i, &unit, &text) && step_is_fresh(l, i, unit);
}

void step_format_bytes(const struct config_step *step, struct buffer *text)
{
	if (verb_words[step->verb].argument != VERB_TAKES_UNIT_BYTES)
		return;
	buffer_add_char(text, ' ');
	value_format(text, step->bytes_is_pct ? VALUE_PERCENT : VALUE_BYTES, step->bytes);
}

void step_format(const struct ladder *l, uint32_t i, struct buffer *text)
{
	const struct config_step *step = ladder_step(l, i);
	uint32_t unit = step_unit(l, step);

	buffer_add(text, verb_words[step->verb].name);
	if (step->verb == VERB_SNAPSHOT)
		return;
	buffer_add_char(text, ' ');
	if (!step_takes_unit(step))
		buffer_add(text, step->verb == VERB_RUN ? "a command" : "on");
	else if (step->target != CONFIG_UNIT)
		select_format(l, step, text);
	else
		buffer_add(text, unit < l->config->units.count
					 ? config_unit_at(l->config, unit)->name
					 : "unit");
	step_format_bytes(step, text);
}
