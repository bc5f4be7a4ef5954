#include "do/restore.h"

#include <string.h>

#include "base/diag.h"
#include "decide/patience.h"
#include "do/action_gate.h"
#include "do/action_ledger.h"
#include "do/action_phase.h"
#include "do/backoff.h"
#include "do/cap.h"
#include "do/swap.h"

/* CONFIG_NONE: the swap file. */
static const char *restore_name(const struct actions *actions, uint32_t unit)
{
	return unit != CONFIG_NONE ? action_unit_name(actions, unit) : LEDGER_SWAP_MARK;
}

/* Of each verb that gives back: its first phase. */
static const enum action_phase restore_phases[VERBS] = {
	[VERB_START] = ACTION_START, /* without a wait for room: that was asked for with its peak */
	[VERB_THAW] = ACTION_THAW,
	[VERB_UNCAP] = ACTION_UNCAP,
};

/* ... and the mark that it ends. */
static const enum state_mark restore_marks[VERBS] = {
	[VERB_START] = STATE_MARK_STOPPED,
	[VERB_THAW] = STATE_MARK_FROZEN,
	[VERB_UNCAP] = STATE_MARK_CAPPED,
	[VERB_SWAP] = STATE_MARK_SWAP,
};

static struct ledger_unit *restore_row(const struct actions *actions, uint32_t unit)
{
	return ledger_unit(actions->ledger, restore_name(actions, unit));
}

static const struct ledger_mark *restore_mark(const struct actions *actions, uint32_t unit)
{
	return ledger_mark_find(actions->ledger, restore_name(actions, unit));
}

/* A start that was not asked counts as one: it waits longer and longer. */
static void restore_wait(struct actions *actions, uint32_t unit, mono_ms now)
{
	backoff_count(restore_row(actions, unit), now);
	backoff_publish(actions, unit);
}

/* It is not any more what its mark says: a person has started it, which ends the mark at the next look; or what we
 * froze has ended. */
static bool restore_is_over(struct actions *actions, const struct ledger_mark *mark, uint32_t unit, mono_ms now)
{
	enum state_unit_status status;

	see_unit_refresh(actions->see, unit, now);
	status = (enum state_unit_status)actions->state->unit[unit].status;
	if (mark->kind == STATE_MARK_FROZEN && status == STATE_UNIT_INACTIVE) {
		diag_event(SEVERITY_INFO, NULL, mark->unit, "it has ended: it is frozen by us no more");
		ledger_unmark(actions->ledger, action_unit_name(actions, unit));
		return true;
	}
	return status == STATE_UNIT_UNSEEN || (mark->kind == STATE_MARK_STOPPED && status == STATE_UNIT_RUNNING);
}

enum outcome restore_begin(struct actions *actions, const struct order *order, mono_ms now, char *why)
{
	const struct ledger_mark *mark = restore_mark(actions, order->unit);
	struct action like = {.verb = order->verb, .unit = order->unit, .gives_back = true,
			      .phase = restore_phases[order->verb],
			      .severity = order->severity, .thread = order->thread};
	const char *no_way = NULL;

	why[0] = '\0';
	if (order->verb == VERB_SWAP)
		return actions_open(actions) ? OUTCOME_BUSY : swap_off_begin(actions, order, now, why);
	if (mark == NULL || mark->kind != (char)restore_marks[order->verb] || actions_open(actions) ||
	    restore_is_over(actions, mark, order->unit, now))
		return OUTCOME_BUSY;
	if (order->verb == VERB_START)
		no_way = action_gate_why_not_start(config_unit_at(actions->config, order->unit));
	if (no_way != NULL) {
		restore_wait(actions, order->unit, now);
		action_copy(why, TEXT_BYTES, no_way);
		return OUTCOME_SKIPPED;
	}
	if (order->verb == VERB_UNCAP)
		cap_fill_uncap(actions, mark, &like);
	like.shed_at = mark->at;
	action_copy(like.rule, sizeof(like.rule), config_rule_at(actions->config, order->rule)->name);
	action_saw(&like, "%s", order->text);
	patience_note_given(restore_row(actions, order->unit), now);
	if (action_begin_alone(actions, &like, now) != NULL)
		return OUTCOME_BEGUN;
	restore_row(actions, order->unit)->given_s = 0;
	return OUTCOME_BUSY;
}

/* It came up all the same: what became of it then is no refusal. */
static bool restore_was_up(const struct actions *actions, const struct action *action)
{
	return !ledger_is_marked(actions->ledger, restore_name(actions, action->unit), (char)restore_marks[action->verb]);
}

bool restore_end(struct actions *actions, const struct action *action, mono_ms now)
{
	if (action->progress == ACTION_PROVED || restore_was_up(actions, action))
		return true;
	/* Slow, but ours: it is no person's start, and when it is shed again that was in vain. */
	if (action->verb == VERB_START && actions->state->unit[action->unit].status == STATE_UNIT_RUNNING) {
		ledger_unmark(actions->ledger, restore_name(actions, action->unit));
		return true;
	}
	if (action->verb == VERB_START && !action->worker_asked)
		restore_wait(actions, action->unit, now);
	return patience_note_not_given(restore_row(actions, action->unit), now);
}

/* ", after 12 min" */
static void restore_add_after(const struct action *action, struct buffer *b)
{
	wall_ms wall = clock_wall();
	char span[32];

	if (action->shed_at != 0 && wall > action->shed_at)
		buffer_addf(b, ", after %s", clock_format_span(wall - action->shed_at, span));
}

const char *restore_again(enum verb verb)
{
	return verb == VERB_UNCAP ? "" : " again";
}

void restore_title(const struct actions *actions, const struct action *action, struct buffer *title)
{
	const struct verb_word *verb = &verb_words[action->verb];
	const char *name = action_unit_name(actions, action->unit);

	if (action->left_alone)
		buffer_addf(title, "%s is capped by us no more", name);
	else if (action->progress == ACTION_PROVED)
		buffer_addf(title, "%s %s%s", verb->done, name, restore_again(action->verb));
	else
		buffer_addf(title, "%s %s%s not done", verb->name, name, restore_again(action->verb));
	restore_add_after(action, title);
}

void restore_format(const struct actions *actions, const struct action *action, mono_ms now, struct buffer *text)
{
	char span[32];

	restore_title(actions, action, text);
	buffer_addf(text, ", in %s", clock_format_span(now - action->began, span));
	if (action->saw[0] != '\0')
		buffer_addf(text, ": %s", action->saw);
}
