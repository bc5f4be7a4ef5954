/* Nothing here remembers: what was taken, sent or tried is in the ledger, so that the walk begins
 * again at any place, after a crash too, and passes over what is done. */
#include "decide/walk.h"

#include "base/buffer.h"
#include "base/title.h"
#include "decide/limit.h"
#include "decide/step.h"
#include "decide/undo.h"

static bool walk_is_alert(const struct ladder *l, uint32_t i)
{
	return ladder_step(l, i)->verb == VERB_ALERT;
}

static uint16_t walk_bit(const struct ladder *l)
{
	return (uint16_t)(1u << l->at->step);
}

/* Taken or sent already, or held back. */
static bool walk_passes_over(const struct ladder *l)
{
	const struct config_step *step = ladder_step(l, l->at->step);
	const struct verb_word *word = &verb_words[step->verb];

	if ((l->at->acted & walk_bit(l)) != 0)
		return true;
	if (walk_is_alert(l, l->at->step))
		return (l->at->alerted & walk_bit(l)) != 0 || ladder_has(l, LADDER_HELD);
	if (ladder_has(l, LADDER_TELL_ONLY))
		return true;
	return !word->unlimited && (ladder_has(l, LADDER_HELD) || ladder_has(l, LADDER_SHORT));
}

static void walk_order(const struct ladder *l, enum order_kind kind, struct order *order,
		       struct buffer *text)
{
	*order = (struct order){.kind = kind,
				.severity = (enum severity)l->rule->severity,
				.instance = l->instance,
				.rule = (uint32_t)config_instance_at(l->config, l->instance)->rule,
				.unit = l->unit,
				.step = l->at->step,
				.firing = l->at->firing,
				.thread = ladder_thread(l)};
	BUFFER_OVER(text, order->text);
}

static void walk_title(struct order *order, const char *before, const char *title)
{
	struct buffer b;

	BUFFER_OVER(&b, order->title);
	buffer_addf(&b, "%s%s", before, title);
	title_bound(order->title);
}

static void walk_alert(const struct ladder *l, const struct walk_seen *seen, struct order *order)
{
	struct buffer text;

	walk_order(l, ORDER_ALERT, order, &text);
	order->verb = VERB_ALERT;
	order->severity = (enum severity)ladder_step(l, l->at->step)->severity;
	if (l->at->alerted != 0)
		buffer_add(&text, "still: ");
	if (l->at->held_back > 0)
		buffer_addf(&text, "(%u more before, held back by `limit`) ", l->at->held_back);
	buffer_add(&text, seen->text);
	buffer_add(&text, seen->effects);
	walk_title(order, l->at->alerted != 0 ? "still: " : "", seen->title);
}

/* "18:38 UTC". */
static void walk_format_hour(struct buffer *text, wall_ms wall)
{
	char at[21];

	clock_format(wall, at);
	buffer_add_bytes(text, at + 11, 5);
	buffer_add(text, " UTC");
}

static void walk_give_up(const struct ladder *l, const struct walk_seen *seen, struct order *order)
{
	uint32_t over_ms = limit_next_ms(l->at, l->rule, l->now);
	struct buffer text;
	char span[32];

	walk_order(l, ORDER_ALERT, order, &text);
	order->verb = VERB_ALERT;
	order->severity = SEVERITY_CRITICAL;
	if (over_ms == 0) {
		buffer_add(&text, "given up, as what was tried was not done");
		if (l->unit != CONFIG_NONE)
			buffer_addf(&text, "; `watchdogctl retry %s` tries again",
				    config_unit_at(l->config, l->unit)->name);
		buffer_addf(&text, ": %s%s", seen->text, seen->effects);
		walk_title(order, "given up: ", "what was tried was not done");
		return;
	}
	buffer_add(&text, l->wall != 0 ? "given up until " : "given up for ");
	if (l->wall != 0)
		walk_format_hour(&text, l->wall + over_ms);
	else
		buffer_add(&text, clock_format_span(over_ms, span));
	walk_title(order, "", order->text);
	if (l->unit != CONFIG_NONE)
		buffer_addf(&text, ", or `watchdogctl retry %s`",
			    config_unit_at(l->config, l->unit)->name);
	buffer_addf(&text, " (limit of %u per %s): ", l->rule->limit_n,
		    clock_format_span(l->rule->limit_for_ms, span));
	buffer_addf(&text, "%s%s", seen->text, seen->effects);
}

void walk_reach(struct ladder *l, uint32_t unit)
{
	const char *name;
	struct ledger_mark *mark;
	uint32_t verb = ladder_step(l, l->at->step)->verb;

	if (verb == VERB_SWAP)
		name = LEDGER_SWAP_MARK;
	else if (unit >= l->config->units.count || !verb_words[verb].frees)
		return;
	else
		name = config_unit_at(l->config, unit)->name;
	mark = ledger_mark_find(l->ledger, name);
	if (mark == NULL)
		return;
	(void)ledger_mark(l->ledger, name, mark->kind, l->rule->name);
	if (mark->thread == 0)
		mark->thread = ladder_thread(l);
}

/* A step of a group that finds nobody has reached those that are shed already. */
static void walk_reach_group(struct ladder *l)
{
	const struct config_step *step = ladder_step(l, l->at->step);
	const struct config_group *group;

	if (step->target == CONFIG_UNIT || step->group >= l->config->groups.count)
		return;
	group = config_group_at(l->config, step->group);
	for (uint32_t i = 0; i < group->units.count; i++)
		walk_reach(l, config_group_unit(l->config, group, i));
}

/* "stop xtts skipped: it is stopped already". */
static void walk_skip(struct ladder *l, uint32_t unit, const char *why, struct order *order)
{
	struct buffer text;

	walk_order(l, ORDER_TELL, order, &text);
	order->severity = SEVERITY_INFO;
	order->verb = (enum verb)ladder_step(l, l->at->step)->verb;
	order->unit = unit != CONFIG_NONE ? unit : l->unit;
	step_format(l, l->at->step, &text);
	buffer_addf(&text, " skipped: %s", why);
	if (unit == CONFIG_NONE)
		walk_reach_group(l);
	walk_reach(l, unit);
	ladder_leave(l, false);
}

/* The order of the step that the ladder is at; false when it is to be passed over. */
static bool walk_step(struct ladder *l, const struct walk_seen *seen, struct order *order)
{
	char found[TEXT_BYTES];
	struct buffer why, text;
	uint32_t unit;
	bool work;

	if (walk_passes_over(l))
		return false;
	if (walk_is_alert(l, l->at->step)) {
		walk_alert(l, seen, order);
		return true;
	}
	BUFFER_OVER(&why, found);
	work = step_has_work(l, l->at->step, &unit, &why);
	if (ladder_has(l, LADDER_ROUND) && !(work && step_is_fresh(l, l->at->step, unit)))
		return false;
	if (!work) {
		walk_skip(l, unit, found, order);
		return true;
	}
	walk_order(l, ORDER_STEP, order, &text);
	order->verb = (enum verb)ladder_step(l, l->at->step)->verb;
	order->unit = unit;
	buffer_addf(&text, "%s%s%s", seen->text, found[0] != '\0' ? "; " : "", found);
	return true;
}

/* Go round again, if some step has work to do anew, within `limit`. */
static bool walk_round(struct ladder *l, bool *rounded)
{
	bool within = !ladder_has(l, LADDER_HELD) && !limit_is_reached(l->at, l->rule, l->now);
	bool some = false, limited = false;

	if (*rounded || l->dry_run || ladder_is_momentary(l) || ladder_has(l, LADDER_TELL_ONLY))
		return false;
	for (uint32_t i = 0; i < l->rule->steps.count; i++)
		if (step_has_work_anew(l, i, within)) {
			some = true;
			limited = limited || !verb_words[ladder_step(l, i)->verb].unlimited;
		}
	if (!some)
		return false;
	if (limited)
		limit_count(l->at, l->now);
	*rounded = true;
	l->at->flags = (uint16_t)((l->at->flags & ~LADDER_SHORT) | LADDER_ROUND |
				  (within ? 0 : LADDER_SHORT));
	l->at->acted = 0;
	l->at->step = 0;
	ladder_move(l, LADDER_TAKING);
	return true;
}

static bool walk_has_limited_work(const struct ladder *l)
{
	for (uint32_t i = 0; i < l->rule->steps.count; i++)
		if (!verb_words[ladder_step(l, i)->verb].unlimited && step_has_work_anew(l, i, true))
			return true;
	return false;
}

/* A state that goes on though its steps were taken is given up, as a firing beyond the limit is: for
 * the time of the limit; or, when a step was tried in vain, until a person says so. */
static bool walk_gives_up(struct ladder *l)
{
	bool limited = limit_is_reached(l->at, l->rule, l->now);

	if (!l->rule->is_event || l->dry_run || ladder_has(l, LADDER_HELD) ||
	    ladder_has(l, LADDER_TELL_ONLY) || ladder_has(l, LADDER_GAVE_UP) ||
	    (l->at->failed == 0 && !(limited && walk_has_limited_work(l))))
		return false;
	l->at->flags |= (uint16_t)(LADDER_GIVE_UP | LADDER_GAVE_UP | (limited ? LADDER_HELD : 0));
	return true;
}

/* Below the last step. An event without a state ends with its ladder. */
static bool walk_below_last(struct ladder *l, const struct walk_seen *seen, struct order *order)
{
	struct buffer text;

	if (ladder_is_momentary(l)) {
		ladder_end(l);
		return false;
	}
	ladder_move(l, LADDER_SPENT);
	if (walk_gives_up(l)) {
		walk_give_up(l, seen, order);
		return true;
	}
	if (!ladder_has_action(l) || l->dry_run || ladder_has(l, LADDER_SPENT_TOLD) ||
	    ladder_has(l, LADDER_GAVE_UP) || ladder_has(l, LADDER_HELD) || ladder_has(l, LADDER_TELL_ONLY))
		return false;
	walk_order(l, ORDER_TELL, order, &text);
	order->severity = SEVERITY_WARNING;
	buffer_addf(&text, "nothing is left to shed%s: %s",
		    limit_is_reached(l->at, l->rule, l->now) ? " within `limit`" : "", seen->text);
	l->at->flags |= LADDER_SPENT_TOLD;
	return true;
}

/* Who hears that they are still down, as the last, hears when they are back. */
static void walk_thread_marks(const struct ladder *l)
{
	for (uint32_t i = 0; i < MARKS_MAX; i++) {
		struct ledger_mark *mark = &l->ledger->marks[i];

		if (ledger_mark_has(mark, l->rule->name))
			mark->thread = ladder_thread(l);
	}
}

/* "resolved, after 4 min 2 s (tight); xtts is still stopped": a phone shows it apart from the alert, so it says of
 * which rule it is. */
static void walk_title_clear(const struct ladder *l, struct order *order)
{
	struct buffer b;

	BUFFER_OVER(&b, order->title);
	buffer_addf(&b, "%s (%s)", order->text, l->rule->name);
	undo_format(l, false, &b);
	title_bound(order->title);
}

/* To whoever got an alert of this firing; where nobody did, for the log alone. */
static bool walk_clear(struct ladder *l, const struct walk_seen *seen, struct order *order)
{
	bool silence = l->rule->is_event && l->rule->event == EVENT_SILENCE;
	bool said = ladder_has(l, LADDER_SAID) && !silence;
	struct buffer text;
	char span[32];

	walk_order(l, said ? ORDER_CLEAR : ORDER_TELL, order, &text);
	if (!said)
		order->severity = SEVERITY_INFO;
	else if (ladder_has(l, LADDER_CRITICAL))
		order->severity = SEVERITY_CRITICAL; /* as "given up" was */
	buffer_addf(&text, "%s, after %s",
		    ladder_has(l, LADDER_CHANGED) ? "no longer watched so (the rule was changed)"
						  : "resolved",
		    clock_format_span(l->now - l->at->began, span));
	walk_title_clear(l, order);
	buffer_add(&text, said ? seen->effects : ""); /* the log has them */
	undo_format(l, true, &text);
	if (said)
		walk_thread_marks(l);
	else
		ladder_end(l);
	return true;
}

/* Somebody knows of it now: a state owes an all-clear, a death a reply. */
static void walk_said(struct ladder *l)
{
	bool death = l->rule->is_event && l->rule->event == EVENT_DEATH;

	l->at->flags |= (uint16_t)(LADDER_SAID | (death ? LADDER_REPLY : 0));
}

enum walk_told walk_told(const struct ladder *l)
{
	if (l->at->phase == LADDER_CLEARING)
		return WALK_CLEAR;
	return ladder_has(l, LADDER_GIVE_UP) ? WALK_GIVE_UP : WALK_ALERT;
}

static void walk_acknowledge_alert(struct ladder *l, bool give_up)
{
	walk_said(l);
	l->at->repeat_s = 0; /* counted anew from here; and what is critical now may be told more often */
	if (give_up) {
		l->at->flags = (uint16_t)((l->at->flags & ~LADDER_GIVE_UP) | LADDER_CRITICAL);
		return;
	}
	l->at->held_back = 0;
	l->at->alerted |= walk_bit(l);
}

void walk_acknowledge(struct ladder *l, enum walk_told told)
{
	if (told == WALK_CLEAR)
		ladder_end(l);
	else if (told == WALK_REPEAT)
		l->at->repeat_s = 0; /* the next look counts anew */
	else if (told == WALK_REPLY)
		l->at->flags &= (uint16_t) ~(LADDER_REPLY | LADDER_CRITICAL);
	else
		walk_acknowledge_alert(l, told == WALK_GIVE_UP);
}

bool walk_next(struct ladder *l, const struct walk_seen *seen, bool *rounded, struct order *order)
{
	if (l->at->phase == LADDER_CLEARING)
		return walk_clear(l, seen, order);
	if (ladder_has(l, LADDER_GIVE_UP)) {
		walk_give_up(l, seen, order);
		return true;
	}
	do
		for (; l->at->step < l->rule->steps.count; l->at->step++)
			if (walk_step(l, seen, order))
				return true;
	while (walk_round(l, rounded));
	return walk_below_last(l, seen, order);
}
