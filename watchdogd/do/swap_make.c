/* The swap file is made before it is needed: when it is needed there is neither time nor memory for it. The rule:
 * at the start the actor looks whether it is there; where it is not, it is made once no rule on a condition has
 * fired, host.available was SWAP_QUIET_PCT % at least, and no action was under way, for SWAP_QUIET_MS. What cannot be
 * made is told once, and tried again in an hour. In a dry run nothing is asked. (swap_look of swap.h is here.) */
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "decide/patience.h"
#include "do/action_ledger.h"
#include "do/action_phase.h"
#include "do/swap.h"

enum {
	SWAP_QUIET_MS = 30000,
	SWAP_QUIET_PCT = 15,
	SWAP_SOON_MS = 10000,          /* the actor was not there, or had its hands full */
	SWAP_LATER_MS = 60 * 60 * 1000,
	SWAP_LATE_MS = 15 * 60 * 1000, /* the kernel's swapon does not take longer */
};

static bool making_rule_fires(const struct actions *actions)
{
	const struct config *config = actions->config;

	for (uint32_t i = 0; i < config->instances.count; i++)
		if (actions->state->rule[i].phase >= STATE_RULE_FIRING &&
		    !config_rule_at(config, config_instance_at(config, i)->rule)->is_event)
			return true;
	return false;
}

static bool making_is_quiet(const struct actions *actions)
{
	const struct state_reading *available = &actions->state->host[HOST_AVAILABLE];

	return available->known == STATE_KNOWN && available->value >= available->total / 100 * SWAP_QUIET_PCT &&
	       !making_rule_fires(actions) && !actions_open(actions);
}

/* Other than for the sake of the moment: told when it is not what was told last. */
static void making_refuse(struct actions *actions, const struct action *action, mono_ms now)
{
	struct state_swap *swap = &actions->state->swap;
	char why[sizeof(swap->why)];
	struct buffer b;

	BUFFER_OVER(&b, why);
	buffer_add(&b, action->saw);
	if (strcmp(why, swap->why) != 0)
		diag_warning("there is no swap file to switch on: %s", action->saw);
	memcpy(swap->why, why, sizeof(why));
	swap->phase = STATE_SWAP_REFUSED;
	actions->making = (struct swap_making){.again = now + SWAP_LATER_MS};
}

/* Nobody was there to ask: it is asked again. */
static bool making_was_not_asked(const struct action *action)
{
	int result = action->worker_result;

	return !action->worker_done || result == -EAGAIN || result == -ECANCELED || result == -ENODEV;
}

static void making_finish(struct actions *actions, struct action *action, mono_ms now)
{
	struct state_swap *swap = &actions->state->swap;

	if (action->progress == ACTION_PROVED) {
		swap->phase = STATE_SWAP_READY;
		swap->why[0] = '\0';
		diag_info("the swap file is ready: %s", action->saw);
	} else if (making_was_not_asked(action)) {
		swap->phase = STATE_SWAP_WAITS;
		actions->making.again = now + SWAP_SOON_MS;
	} else if (action->phase == ACTION_SWAP_LOOK && action->worker_result == -ENOENT) {
		swap->phase = STATE_SWAP_WAITS;
		actions->making.looked = true;
	} else {
		making_refuse(actions, action, now);
	}
	action_end_entry(actions, action);
	action->used = false;
}

/* True: it is under way. */
static bool making_look(struct actions *actions, mono_ms now)
{
	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];

		if (!action->used || !swap_prepares(action))
			continue;
		if (action->progress == ACTION_WAITS)
			return true;
		making_finish(actions, action, now);
	}
	return false;
}

static void making_note_quiet(struct actions *actions, mono_ms now)
{
	if (!making_is_quiet(actions))
		actions->making.quiet_since = 0;
	else if (actions->making.quiet_since == 0)
		actions->making.quiet_since = now;
}

static void making_next(struct actions *actions, mono_ms now)
{
	struct swap_making *making = &actions->making;
	struct state_swap *swap = &actions->state->swap;

	if (swap->phase == STATE_SWAP_READY || actions->state->dry_run || now < making->again)
		return;
	if (swap->on) {
		swap->phase = STATE_SWAP_READY;
	} else if (!making->looked) {
		(void)swap_begin(actions, ACTION_SWAP_LOOK, now);
	} else if (making->quiet_since != 0 && now - making->quiet_since >= SWAP_QUIET_MS &&
		   swap_begin(actions, ACTION_SWAP_MAKE, now) != NULL) {
		swap->phase = STATE_SWAP_MAKING;
		diag_info("the swap file %s is being made", config_string(actions->config, actions->config->swapfile.path));
	}
}

static bool swap_is_off_unasked(struct actions *actions)
{
	const struct state_swap *swap = &actions->state->swap;

	for (int i = 0; i < ACTIONS_MAX; i++)
		if (actions->action[i].used && actions->action[i].verb == VERB_SWAP && !swap_prepares(&actions->action[i]))
			return false;
	return swap->known && !swap->on;
}

/* From now on its end is another's doing. A `swap on` that was given up may come true long after. */
static void swap_note_on(struct actions *actions, struct ledger_unit *row)
{
	const char *path = config_string(actions->config, actions->config->swapfile.path);

	if ((row->flags & LEDGER_UNIT_RAN) != 0)
		return;
	row->flags |= LEDGER_UNIT_RAN;
	if (!actions_open(actions))
		diag_info("the swap file %s is on after all: it is ours", path);
}

/* What has not come on for so long does not come any more: the next swapon is a person's, and none of ours. */
static bool swap_never_came(const struct actions *actions, const struct ledger_mark *mark, const struct ledger_unit *row)
{
	return (row->flags & LEDGER_UNIT_RAN) == 0 && !actions->state->swap.on && !actions_open(actions) &&
	       clock_wall() - mark->at > SWAP_LATE_MS;
}

/* A person's swapoff ends our mark, and the firing leaves it off. Of one that was never on, nobody has switched it off. */
static void swap_check_mark(struct actions *actions, mono_ms now)
{
	const struct ledger_mark *mark = ledger_mark_find(actions->ledger, LEDGER_SWAP_MARK);
	struct ledger_unit *row;

	if (mark == NULL)
		return;
	row = ledger_unit(actions->ledger, LEDGER_SWAP_MARK);
	if (actions->state->swap.on)
		swap_note_on(actions, row);
	if (swap_never_came(actions, mark, row))
		ledger_unmark(actions->ledger, LEDGER_SWAP_MARK);
	if ((row->flags & LEDGER_UNIT_RAN) == 0 || !swap_is_off_unasked(actions))
		return;
	see_swap_refresh(actions->see, now);
	if (!swap_is_off_unasked(actions))
		return;
	diag_info("the swap file %s is off, and not by our doing: it is switched on by us no more",
		  config_string(actions->config, actions->config->swapfile.path));
	patience_end(row);
	ledger_unmark(actions->ledger, LEDGER_SWAP_MARK);
	actions->state->swap.undone = now;
}

void swap_look(struct actions *actions, mono_ms now)
{
	struct state_swap *swap = &actions->state->swap;

	if (actions->config->swapfile.path == 0) {
		swap->phase = STATE_SWAP_NONE;
		swap->ours = false;
		if (ledger_mark_find(actions->ledger, LEDGER_SWAP_MARK) != NULL) { /* from before the start */
			diag_warning("a swap file that watchdogd switched on is not in the config any more: it is left as it is");
			ledger_unmark(actions->ledger, LEDGER_SWAP_MARK);
		}
		return;
	}
	if (swap->phase == STATE_SWAP_NONE)
		swap->phase = STATE_SWAP_WAITS;
	swap_check_mark(actions, now);
	making_note_quiet(actions, now);
	if (!making_look(actions, now))
		making_next(actions, now);
	swap->ours = swap->on && ledger_mark_find(actions->ledger, LEDGER_SWAP_MARK) != NULL;
	swap->going_off = false;
	for (int i = 0; i < ACTIONS_MAX; i++) {
		const struct action *action = &actions->action[i];

		if (action->used && action->phase == ACTION_SWAP_OFF && action->progress == ACTION_WAITS)
			swap->going_off = true;
	}
}
