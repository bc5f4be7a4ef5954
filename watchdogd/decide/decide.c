/* One look: each instance is judged, then its ladder moves; what comes of it is asked for by
 * decide_next, one ladder after the other in the order of the config. */
#include "decide/decide.h"

#include <stddef.h>
#include <string.h>

#include "base/buffer.h"
#include "decide/decide_parts.h"
#include "decide/limit.h"
#include "decide/walk.h"

enum {
	DECIDE_CLEAR_MS = 10000, /* the default of `clear`: `when` false for so long, or `settle` */
	DECIDE_UNKNOWN_MS = 60000, /* a condition that stays unknown is told after that */
};

bool decide_ladder(struct decide *decide, uint32_t instance, bool make, mono_ms now,
		   struct ladder *ladder)
{
	const struct config_instance *row = config_instance_at(decide->config, instance);
	struct decide_instance *mine = &decide->memory->instance[instance];
	struct ledger_ladder *at =
		mine->ladder < LADDERS_MAX ? &decide->ledger->ladders[mine->ladder] : NULL;

	if (at == NULL || at->key != mine->key) /* none, or it gave way to another */
		at = make ? ledger_ladder(decide->ledger, mine->key) : NULL;
	mine->ladder = at != NULL ? (uint16_t)(at - decide->ledger->ladders) : LADDERS_MAX;
	*ladder = (struct ladder){.config = decide->config,
				  .rule = config_rule_at(decide->config, row->rule),
				  .instance = instance,
				  .unit = row->unit,
				  .state = decide->state,
				  .ledger = decide->ledger,
				  .at = at,
				  .dry_run = decide->dry_run,
				  .wall = decide->wall,
				  .now = now};
	return at != NULL;
}

const struct ledger_ladder *decide_firing(const struct decide *decide, uint32_t instance)
{
	const struct decide_instance *mine = &decide->memory->instance[instance];
	const struct ledger_ladder *at;

	if (mine->ladder >= LADDERS_MAX)
		return NULL;
	at = &decide->ledger->ladders[mine->ladder];
	return at->key == mine->key && at->firing != 0 ? at : NULL;
}

struct condition decide_condition(const struct decide *decide, uint32_t instance, mono_ms now)
{
	const struct config_instance *row = config_instance_at(decide->config, instance);
	const struct ledger_ladder *at = decide_firing(decide, instance);

	return (struct condition){.config = decide->config,
				  .state = decide->state,
				  .holds = &decide->memory->hold[row->first_hold],
				  .unit = row->unit,
				  .since = at != NULL ? at->proved : 0,
				  .now = now};
}

static const struct config_rule *decide_rule(const struct decide *decide, uint32_t instance)
{
	return config_rule_at(decide->config, config_instance_at(decide->config, instance)->rule);
}

/* Is `when` true? An event holds for its ladder, or as long as its state. */
static enum condition_truth decide_when(struct decide *decide, uint32_t instance, mono_ms now)
{
	const struct config_rule *rule = decide_rule(decide, instance);
	const struct ledger_ladder *at = decide_firing(decide, instance);
	struct decide_instance *mine = &decide->memory->instance[instance];
	struct condition condition = decide_condition(decide, instance, now);
	struct condition_seen seen;

	if (rule->is_event)
		return at != NULL && (!event_words[rule->event].has_state ||
				      (at->flags & LADDER_STATE) != 0)
			       ? CONDITION_TRUE
			       : CONDITION_FALSE;
	seen = condition_evaluate(&condition, rule->when);
	if (!condition_is_awaited(&condition, rule->when, seen)) {
		mine->unknown = 0;
		mine->unknown_told = false;
	} else if (mine->unknown == 0) {
		mine->unknown = now;
	}
	mine->unanswerable = condition_is_unanswerable(&condition, rule->when, seen);
	return seen.truth;
}

uint32_t decide_clear_ms(const struct config_rule *rule)
{
	return rule->settle_ms > DECIDE_CLEAR_MS ? rule->settle_ms : DECIDE_CLEAR_MS;
}

/* Who asks a unit that its own step stopped would wait for ever. */
bool decide_has_clear(const struct condition *condition, const struct config_rule *rule, enum condition_truth *truth)
{
	struct condition_seen seen = condition_evaluate(condition, rule->clear);

	*truth = seen.truth;
	return rule->clear.count > 0 && !condition_is_unanswerable(condition, rule->clear, seen);
}

/* Is `clear` true, or its default? Judged at every look, so that the holds know what was. The default too would wait
 * for ever for what nothing here will answer: then not true is false. */
static bool decide_clears(struct decide *decide, uint32_t instance, mono_ms now)
{
	static const enum condition_truth inverse[] = {[CONDITION_FALSE] = CONDITION_TRUE,
						       [CONDITION_TRUE] = CONDITION_FALSE,
						       [CONDITION_UNKNOWN] = CONDITION_UNKNOWN};
	const struct config_rule *rule = decide_rule(decide, instance);
	struct decide_instance *mine = &decide->memory->instance[instance];
	struct condition condition = decide_condition(decide, instance, now);
	enum condition_truth clear;

	if (decide_has_clear(&condition, rule, &clear)) {
		mine->clear = (struct condition_hold){0};
		return clear == CONDITION_TRUE;
	}
	return condition_hold_step(&mine->clear, mine->unanswerable ? CONDITION_TRUE : inverse[mine->when],
				   decide_clear_ms(rule), now) == CONDITION_TRUE;
}

void decide_begin(struct decide *decide, struct ladder *ladder, unsigned flags)
{
	ladder_begin(ladder, flags);
	decide->memory->instance[ladder->instance].fired++;
	decide->state->firings = ladder->at->firing;
}

/* Drop the event of a firing that has ended. */
static void decide_drop_event(struct decide *decide, uint32_t instance)
{
	struct decide_event *e = decide_event_firing(decide, instance);

	if (e != NULL)
		decide_event_drop(decide, e);
	decide->memory->instance[instance].event = 0;
}

/* A quiet rule with an event that waits fires for it. One from before the last proof of this ladder
 * was answered by that step: it is told only. */
static void decide_begin_event(struct decide *decide, uint32_t instance, mono_ms now)
{
	struct decide_event *e = decide_event_next(decide, instance);
	struct ladder ladder;
	unsigned flags = 0;

	decide_drop_event(decide, instance);
	if (e == NULL || !decide_ladder(decide, instance, true, now, &ladder))
		return;
	if (e->event.before_start || e->event.at <= ladder.at->proved)
		flags |= LADDER_TELL_ONLY;
	if (event_words[e->event.kind].has_state)
		flags |= LADDER_STATE;
	e->role = DECIDE_FIRES;
	decide->memory->instance[instance].event = (uint8_t)(1 + (e - decide->event));
	decide_begin(decide, &ladder, flags);
}

/* Held back by its limit, its time is over and it still holds: that is a new firing. */
static bool decide_is_released(const struct ladder *l)
{
	return ladder_has(l, LADDER_HELD) &&
	       (l->at->phase == LADDER_SPENT || l->at->phase == LADDER_STANDING) &&
	       !limit_is_reached(l->at, l->rule, l->now);
}

static void decide_look_at(struct decide *decide, uint32_t instance, mono_ms now)
{
	struct decide_instance *mine = &decide->memory->instance[instance];
	const struct config_rule *rule = decide_rule(decide, instance);
	struct ladder ladder;
	bool clears, holds;

	mine->when = (uint8_t)decide_when(decide, instance, now);
	clears = decide_clears(decide, instance, now);
	holds = mine->when == CONDITION_TRUE;
	mine->waits = mine->rounded = false;
	if (decide_firing(decide, instance) == NULL) {
		if (rule->is_event)
			decide_begin_event(decide, instance, now);
		else if (holds && decide_ladder(decide, instance, true, now, &ladder))
			decide_begin(decide, &ladder, 0);
		return;
	}
	(void)decide_ladder(decide, instance, false, now, &ladder);
	decide_look_repeat(&ladder);
	if (ladder_is_settled(&ladder))
		decide_effect_settle(decide, &ladder);
	if (holds && decide_is_released(&ladder))
		decide_begin(decide, &ladder, ladder.at->flags & LADDER_HANDED_ON);
	else
		ladder_look(&ladder, holds    ? LADDER_HOLDS
				     : clears ? LADDER_CLEARS
					      : LADDER_HOLDS_NOT);
}

void decide_acknowledge(struct decide *decide, mono_ms now)
{
	struct ladder ladder;

	if (decide->handed != CONFIG_NONE &&
	    decide_ladder(decide, decide->handed, false, now, &ladder)) {
		decide_effect_told(decide, &ladder);
		walk_acknowledge(&ladder, decide->handed_repeat ? WALK_REPEAT : walk_told(&ladder));
	}
	decide->handed = CONFIG_NONE;
	decide->handed_repeat = false;
	decide_acknowledge_reply(decide, now);
	decide_tell_end(decide);
}

void decide_look(struct decide *decide, mono_ms now)
{
	decide_acknowledge(decide, now);
	for (uint32_t i = 0; i < decide->config->instances.count; i++) {
		decide_look_at(decide, i, now);
		decide_row(decide, i, now);
	}
	decide_restore_look(decide, now);
	decide->turn = 0;
}

/* A condition that stays unknown though its source should answer is told, once. */
static bool decide_tell_unknown(struct decide *decide, uint32_t instance, mono_ms now,
				struct order *order)
{
	struct decide_instance *mine = &decide->memory->instance[instance];
	const struct config_instance *row = config_instance_at(decide->config, instance);
	struct buffer text;

	if (mine->unknown == 0 || mine->unknown_told || now - mine->unknown < DECIDE_UNKNOWN_MS)
		return false;
	mine->unknown_told = true;
	*order = (struct order){.kind = ORDER_TELL,
				.severity = SEVERITY_WARNING,
				.instance = instance,
				.rule = row->rule,
				.unit = row->unit};
	BUFFER_OVER(&text, order->text);
	buffer_add(&text, "neither fires nor clears: for a minute ");
	decide_format_seen(decide, instance, now, &text);
	return true;
}

/* An order of an event: when that was. A state goes on, so it is as new as its firing or as the last
 * proof of its ladder. The first alert of an oom-kill or death names its process, where it says
 * nothing but that. */
static void decide_add_event(struct decide *decide, const struct ladder *l, struct order *order)
{
	const struct decide_event *e = decide_event_firing(decide, l->instance);
	bool more = l->at->alerted != 0 || l->at->held_back > 0 || l->rule->after_n > 1 ||
		    ladder_has(l, LADDER_GIVE_UP);

	if (!l->rule->is_event)
		return;
	if (e == NULL || !ladder_is_momentary(l))
		order->event_at = l->at->proved > l->at->began ? l->at->proved : l->at->began;
	else
		order->event_at = e->event.at;
	if (e != NULL && order->kind == ORDER_ALERT && !more &&
	    (e->event.kind == EVENT_OOM_KILL || e->event.kind == EVENT_DEATH))
		order->pid = e->event.pid;
}

/* The next order of one instance. */
static bool decide_next_of(struct decide *decide, uint32_t instance, mono_ms now,
			   struct order *order)
{
	struct decide_instance *mine = &decide->memory->instance[instance];
	char seen[TEXT_BYTES], title[TITLE_BYTES], effects[TEXT_BYTES];
	struct ladder ladder;
	struct buffer text;

	if (decide_tell_unknown(decide, instance, now, order) ||
	    decide_next_effect(decide, instance, order) ||
	    decide_next_repeat(decide, instance, now, order))
		return true;
	for (;;) {
		if (decide_firing(decide, instance) == NULL || mine->waits ||
		    !decide_ladder(decide, instance, false, now, &ladder))
			return false;
		if (ladder.at->phase != LADDER_TAKING && ladder.at->phase != LADDER_CLEARING &&
		    !(ladder.at->phase == LADDER_SPENT && mine->when == CONDITION_TRUE))
			return false;
		BUFFER_OVER(&text, seen);
		decide_format_seen(decide, instance, now, &text);
		decide_format_title(decide, instance, now, title);
		BUFFER_OVER(&text, effects);
		decide_effect_format(decide, &ladder, &text);
		if (walk_next(&ladder, &(struct walk_seen){seen, title, effects}, &mine->rounded, order)) {
			decide_add_event(decide, &ladder, order);
			return true;
		}
		if (ladder.at->firing != 0 || decide_event_next(decide, instance) == NULL)
			return false;
		decide_begin_event(decide, instance, now); /* the next of several */
	}
}

bool decide_next(struct decide *decide, struct order *order, mono_ms now)
{
	decide_acknowledge(decide, now);
	if (decide_next_note(decide, order))
		return true;
	for (; decide->turn < decide->config->instances.count; decide->turn++) {
		bool found = decide_next_of(decide, decide->turn, now, order);

		decide_row(decide, decide->turn, now);
		if (!found)
			continue;
		if (order->kind == ORDER_STEP)
			decide->memory->instance[decide->turn].waits = true;
		else if (order->kind != ORDER_TELL && order->kind != ORDER_EFFECT)
			decide->handed = decide->turn;
		decide->handed_repeat = order->kind == ORDER_REPEAT;
		return true;
	}
	return decide_next_reply(decide, order, now) || decide_restore_next(decide, order, now);
}

/* Readings from before the proof count no more: what was held until then begins anew. */
static void decide_prove(struct decide *decide, struct ladder *ladder)
{
	const struct config_instance *row = config_instance_at(decide->config, ladder->instance);

	memset(&decide->memory->hold[row->first_hold], 0,
	       ladder->rule->holds * sizeof(decide->memory->hold[0]));
	memset(&decide->memory->instance[ladder->instance].clear, 0, sizeof(struct condition_hold));
	ladder_prove(ladder);
}

/* Why a cap or a reclaim has no work is seen by who does it alone (a kernel without it, too little to take): asked
 * again in this firing it would say the same at each look. */
static bool decide_stays_so(const struct ladder *ladder)
{
	uint32_t verb = ladder_step(ladder, ladder->at->step)->verb;

	return verb == VERB_CAP || verb == VERB_RECLAIM;
}

/* The step that the ladder is at came to its end. */
static void decide_end_step(struct decide *decide, struct ladder *ladder, uint32_t unit,
			    enum outcome outcome)
{
	if (outcome == OUTCOME_DONE || outcome == OUTCOME_SKIPPED)
		walk_reach(ladder, unit);
	if (outcome == OUTCOME_DONE) {
		decide_effect_prove(decide, ladder, unit);
		decide_prove(decide, ladder);
		return;
	}
	decide_effect_leave(decide, ladder);
	ladder_leave(ladder, outcome == OUTCOME_FAILED || (outcome == OUTCOME_SKIPPED && decide_stays_so(ladder)));
}

void decide_answer(struct decide *decide, const struct order *order, enum outcome outcome,
		   mono_ms now)
{
	struct ladder ladder;

	if (order->kind != ORDER_STEP || outcome == OUTCOME_BUSY ||
	    !decide_ladder(decide, order->instance, false, now, &ladder) ||
	    ladder.at->firing != order->firing || ladder.at->phase != LADDER_TAKING ||
	    ladder.at->step != order->step)
		return;
	decide->memory->instance[order->instance].waits = false;
	if (outcome == OUTCOME_BEGUN || outcome == OUTCOME_DONE) {
		decide_effect_ask(decide, &ladder, order->unit);
		ladder_ask(&ladder, order->unit);
	}
	if (outcome != OUTCOME_BEGUN &&
	    (outcome != OUTCOME_DONE || ladder.at->phase == LADDER_ASKED))
		decide_end_step(decide, &ladder, order->unit, outcome);
	decide_row(decide, order->instance, now);
}

void decide_outcome(struct decide *decide, uint32_t instance, uint32_t unit, enum outcome outcome,
		    mono_ms now)
{
	struct ladder ladder;

	if (instance >= decide->config->instances.count || outcome == OUTCOME_BEGUN ||
	    outcome == OUTCOME_BUSY || !decide_ladder(decide, instance, false, now, &ladder) ||
	    ladder.at->phase != LADDER_ASKED ||
	    ladder.at->asked[ladder.at->step] != ladder_unit_mark(decide->config, unit))
		return;
	decide_end_step(decide, &ladder, unit, outcome);
}
