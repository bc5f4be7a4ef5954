#include "do/action_mark.h"

#include "base/clock.h"
#include "base/diag.h"
#include "decide/patience.h"
#include "do/action_ledger.h"
#include "do/cap.h"
#include "do/direct.h"
#include "do/swap.h"

static const struct {
	enum state_mark mark; /* put on the unit before it is done */
	bool ends;            /* taken off when it is done */
} action_marks[VERBS] = { /* of a cap: do/cap.h */
	[VERB_STOP] = {STATE_MARK_STOPPED, false},
	[VERB_START] = {STATE_MARK_NONE, true},
	[VERB_RESTART] = {STATE_MARK_NONE, true},
	[VERB_FREEZE] = {STATE_MARK_FROZEN, false},
	[VERB_THAW] = {STATE_MARK_NONE, true},
};

uint32_t action_target(const struct actions *actions, uint32_t unit)
{
	return (uint32_t)see_unit_key(actions->config, unit) | 1;
}

void action_put_mark(struct actions *actions, struct action *action, mono_ms now)
{
	enum state_mark mark = action->verb == VERB_CAP ? STATE_MARK_CAPPED : action_marks[action->verb].mark;
	const char *name = action_unit_name(actions, action->unit);
	struct ledger_mark *is;

	if (action->verb == VERB_SWAP)
		swap_put_mark(actions, action, now);
	if (mark == STATE_MARK_NONE || action->phase == ACTION_OWED)
		return;
	if (!ledger_is_marked(actions->ledger, name, (char)mark))
		patience_note_shed(ledger_unit(actions->ledger, name), now);
	is = mark == STATE_MARK_CAPPED ? cap_put_mark(actions, action)
				       : ledger_mark(actions->ledger, name, (char)mark, action->rule);
	if (is == NULL) {
		diag_warning("no room in the ledger to remember that %s is %s", name, ledger_mark_word((char)mark));
		return;
	}
	is->target = action_target(actions, action->unit);
	if (is->thread == 0)
		is->thread = action->thread;
}

void action_end_mark(struct actions *actions, const struct action *action)
{
	bool done = action->progress == ACTION_PROVED;
	const struct ledger_mark *mark;

	if (action->verb == VERB_SWAP)
		swap_end_mark(actions, action, clock_mono());
	cap_end_mark(actions, action);
	if (action->unit == CONFIG_NONE)
		return;
	mark = ledger_mark_find(actions->ledger, action_unit_name(actions, action->unit));
	/* A kill puts none of its own; one that took over a restart has put it. */
	if (done ? action_marks[action->verb].ends
		 : action_marks[action->verb].mark != STATE_MARK_NONE ||
		   (action->verb == VERB_KILL && mark != NULL && mark->kind == STATE_MARK_STOPPED))
		ledger_unmark(actions->ledger, action_unit_name(actions, action->unit));
	actions->state->unit[action->unit].busy = 0;
}

static bool action_runs_unasked(const struct actions *actions, uint32_t unit)
{
	const struct state_unit *at = &actions->state->unit[unit];

	return at->status == STATE_UNIT_RUNNING && at->busy == 0;
}

/* The config was changed while no sentinel ran, and what has the name now is not what was marked. A reload has
 * actions_forget for that. */
static bool action_mark_is_anothers(const struct actions *actions, struct ledger_mark *mark, uint32_t unit)
{
	uint32_t target = action_target(actions, unit);

	if (mark->target == 0)
		mark->target = target;
	return mark->target != target;
}

static void action_drop_anothers(struct actions *actions, const struct ledger_mark *mark, uint32_t unit)
{
	diag_event(SEVERITY_WARNING, NULL, mark->unit,
		   "it is another unit since watchdogd was started anew: the one before was %s by watchdogd and stays so",
		   ledger_mark_word(mark->kind));
	actions_forget(actions, unit);
}

void actions_check_marks(struct actions *actions, mono_ms now)
{
	cap_check_marks(actions);
	for (int i = 0; i < MARKS_MAX; i++) {
		struct ledger_mark *mark = &actions->ledger->marks[i];
		uint32_t unit = mark->unit[0] != '\0' ? config_find_unit(actions->config, mark->unit) : CONFIG_NONE;

		if (unit == CONFIG_NONE)
			continue;
		if (action_mark_is_anothers(actions, mark, unit)) {
			action_drop_anothers(actions, mark, unit);
			continue;
		}
		if (mark->kind == STATE_MARK_CAPPED || /* it runs as before */
		    !action_runs_unasked(actions, unit))
			continue;
		/* A mark that is lost is a unit that nobody thaws or starts again: read it anew. */
		see_unit_refresh(actions->see, unit, now);
		if (!action_runs_unasked(actions, unit))
			continue;
		diag_event(SEVERITY_INFO, NULL, mark->unit, "it runs again, and not by our doing: it is %s",
			   mark->kind == STATE_MARK_FROZEN ? "frozen by us no more" : "stopped by us no more");
		patience_end(ledger_unit(actions->ledger, mark->unit));
		see_forget_peak(actions->see, unit);
		ledger_unmark(actions->ledger, config_unit_at(actions->config, unit)->name);
	}
}

void actions_thaw(struct actions *actions, uint32_t unit)
{
	const char *name = config_unit_at(actions->config, unit)->name;
	const struct ledger_mark *mark = ledger_mark_find(actions->ledger, name);
	struct action *action = action_of_unit(actions, unit);
	int error;

	if (mark == NULL || mark->kind != STATE_MARK_FROZEN)
		return;
	if (action != NULL && action->phase == ACTION_FREEZE) { /* or the next sentinel would go on with it */
		action_end_entry(actions, action);
		action->used = false;
		actions->state->unit[unit].busy = 0;
	}
	error = direct_freeze(actions->see, unit, false);
	if (error < 0) {
		diag_event(SEVERITY_WARNING, NULL, name, "cannot be thawed: %s", diag_errno(error));
		return;
	}
	ledger_unmark(actions->ledger, name);
	diag_event(SEVERITY_INFO, NULL, name, "thawed: watchdogd lets go of it");
}

void actions_forget(struct actions *actions, uint32_t unit)
{
	const char *name = config_unit_at(actions->config, unit)->name;
	struct ledger_unit *row = ledger_unit(actions->ledger, name);

	ledger_unmark(actions->ledger, name);
	ledger_uncap(actions->ledger, name);
	*row = (struct ledger_unit){.hash = row->hash, .seen_s = row->seen_s};
}

void actions_thaw_all(struct actions *actions)
{
	for (uint32_t i = 0; i < actions->config->units.count; i++)
		actions_thaw(actions, i);
}
