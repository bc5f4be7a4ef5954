#include "do/swap.h"

#include <errno.h>
#include <string.h>

#include "base/diag.h"
#include "decide/patience.h"
#include "do/action_ledger.h"
#include "do/action_phase.h"

#define SWAP_MIB ((uint64_t)1 << 20)

enum {
	SWAP_LOOK_MS = 30000,
	SWAP_ON_MS = 30000,
	SWAP_MAKE_MS = 60000,         /* and ... */
	SWAP_OFF_MS = 60000,
	SWAP_MS_PER_MIB = 250,        /* ... as long as a slow disk takes for each MiB */
	SWAP_AGAIN_MS = 10000,        /* a file that could not be switched on is looked at anew */
};
#define SWAP_LONGEST_MS ((uint64_t)12 * 3600 * 1000)

/* The pressure is back before it was off: that was in vain, and for the log alone, as nothing was given back. */
static void swap_give_up_off(struct actions *actions, struct action *action, mono_ms now)
{
	action_saw(action, "swap is wanted again");
	action->progress = ACTION_NOT_DONE;
	action->thread = 0;
	patience_note_shed(ledger_unit(actions->ledger, LEDGER_SWAP_MARK), now);
}

struct action *swap_under_way(struct actions *actions, mono_ms now)
{
	struct action *on = NULL;

	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];

		if (!action->used || action->verb != VERB_SWAP)
			continue;
		if (action->phase == ACTION_SWAP_ON)
			on = action;
		if (action->phase == ACTION_SWAP_OFF && action->progress == ACTION_WAITS)
			swap_give_up_off(actions, action, now);
	}
	return on;
}

static bool swap_is_at(const struct actions *actions, enum action_phase phase)
{
	for (int i = 0; i < ACTIONS_MAX; i++)
		if (actions->action[i].used && actions->action[i].phase == phase)
			return true;
	return false;
}

bool swap_prepares(const struct action *action)
{
	return action->phase == ACTION_SWAP_LOOK || action->phase == ACTION_SWAP_MAKE;
}

/* "make 536870912 1073741824 -1 /swap": what the plugin needs to know; the size in whole MiB. */
static void swap_format_target(const struct config *config, enum action_phase phase, struct buffer *target)
{
	static const char *const words[ACTION_PHASES] = {[ACTION_SWAP_LOOK] = "look", [ACTION_SWAP_MAKE] = "make",
							 [ACTION_SWAP_ON] = "on", [ACTION_SWAP_OFF] = "off"};
	const struct config_swapfile *file = &config->swapfile;
	unsigned long long size = file->size_bytes / SWAP_MIB * SWAP_MIB, left = file->free_bytes;

	buffer_addf(target, "%s %llu %llu %d %s", words[phase] != NULL ? words[phase] : "", size, left, file->priority,
		    config_string(config, file->path));
}

static uint32_t swap_timeout_ms(const struct actions *actions, enum action_phase phase)
{
	uint64_t mib = phase == ACTION_SWAP_MAKE  ? actions->config->swapfile.size_bytes / SWAP_MIB
		       : phase == ACTION_SWAP_OFF ? actions->state->swap.used_bytes / SWAP_MIB
						  : 0;
	uint64_t ms = phase == ACTION_SWAP_LOOK	 ? SWAP_LOOK_MS
		      : phase == ACTION_SWAP_ON	 ? SWAP_ON_MS
		      : phase == ACTION_SWAP_OFF ? SWAP_OFF_MS
						 : SWAP_MAKE_MS;

	ms += mib * SWAP_MS_PER_MIB;
	return (uint32_t)(ms < SWAP_LONGEST_MS ? ms : SWAP_LONGEST_MS);
}

void swap_fill_entry(const struct actions *actions, const struct action *action, struct ledger_entry *entry)
{
	struct buffer target;

	BUFFER_OVER(&target, entry->target);
	swap_format_target(actions->config, action->phase, &target);
	action_copy(entry->plugin, sizeof(entry->plugin), "swapfile");
	entry->timeout_ms = swap_timeout_ms(actions, action->phase);
}

/* The path in such a target: behind the fourth blank. */
static const char *swap_target_path(const char *target)
{
	for (int i = 0; i < 4 && target != NULL; i++) {
		target = strchr(target, ' ');
		target = target != NULL ? target + 1 : NULL;
	}
	return target != NULL ? target : "";
}

bool swap_is_stale(const struct actions *actions, const struct ledger_entry *entry)
{
	const struct config *config = actions->config;

	return entry->step_verb == VERB_SWAP &&
	       (entry->phase == ACTION_SWAP_LOOK || entry->phase == ACTION_SWAP_MAKE ||
		strcmp(swap_target_path(entry->target), config_string(config, config->swapfile.path)) != 0);
}

void swap_config(struct actions *actions, const struct config *config)
{
	const struct config_swapfile *old = &actions->config->swapfile, *file = &config->swapfile;
	bool same_path = strcmp(config_string(actions->config, old->path), config_string(config, file->path)) == 0;
	struct state_swap *swap = &actions->state->swap;

	if (same_path && old->size_bytes == file->size_bytes && old->free_bytes == file->free_bytes &&
	    old->priority == file->priority)
		return;
	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];

		if (!action->used || action->verb != VERB_SWAP || (same_path && !swap_prepares(action)))
			continue;
		if (action->phase == ACTION_SWAP_ON) { /* its ladder waits for it */
			action_saw(action, "the config names another swap file now");
			action->progress = ACTION_NOT_DONE;
			continue;
		}
		action_end_entry(actions, action);
		action->used = false;
	}
	actions->making = (struct swap_making){0};
	if (!same_path)
		memset(swap, 0, sizeof(*swap));
	swap->phase = STATE_SWAP_NONE;
	swap->why[0] = '\0';
}

void swap_put_mark(struct actions *actions, const struct action *action, mono_ms now)
{
	struct ledger_unit *row = ledger_unit(actions->ledger, LEDGER_SWAP_MARK);
	struct ledger_mark *mark;

	if (action->phase != ACTION_SWAP_ON)
		return;
	if (ledger_mark_find(actions->ledger, LEDGER_SWAP_MARK) == NULL) {
		patience_note_shed(row, now);
		row->flags &= (uint16_t)~LEDGER_UNIT_RAN;
	}
	mark = ledger_mark(actions->ledger, LEDGER_SWAP_MARK, STATE_MARK_SWAP, action->rule);
	if (mark == NULL)
		diag_warning("no room in the ledger to remember that the swap file is on: it stays on");
	else if (mark->thread == 0)
		mark->thread = action->thread;
}

/* The kernel has said no. Of who did not answer, or was killed at it, nobody knows whether it comes true yet. */
static bool swap_was_refused(const struct action *action)
{
	int result = action->worker_result;

	return action->worker_done && result != -ETIMEDOUT && result != -ECANCELED && result != -EAGAIN;
}

/* What was to be switched off and is wanted again keeps its mark; as what may be on later, and is ours then. */
void swap_end_mark(struct actions *actions, const struct action *action, mono_ms now)
{
	bool done = action->progress == ACTION_PROVED;
	struct state_swap *swap = &actions->state->swap;

	if (action->phase == ACTION_SWAP_OFF && done && !swap_is_at(actions, ACTION_SWAP_ON))
		ledger_unmark(actions->ledger, LEDGER_SWAP_MARK);
	if (action->phase != ACTION_SWAP_ON || done)
		return;
	if (!swap->on)
		ledger_unit(actions->ledger, LEDGER_SWAP_MARK)->flags &= (uint16_t)~LEDGER_UNIT_RAN;
	if (swap->known && !swap->on && swap_was_refused(action))
		ledger_unmark(actions->ledger, LEDGER_SWAP_MARK);
	swap->phase = STATE_SWAP_WAITS;
	actions->making = (struct swap_making){.again = now + SWAP_AGAIN_MS};
}

struct action *swap_begin(struct actions *actions, enum action_phase phase, mono_ms now)
{
	const struct action like = {.verb = VERB_SWAP, .phase = phase, .unit = CONFIG_NONE, .swap_before = -1};

	return action_begin_alone(actions, &like, now);
}

enum outcome swap_gate(struct actions *actions, mono_ms now, char *why)
{
	const struct state_swap *swap = &actions->state->swap;

	see_swap_refresh(actions->see, now);
	if (!swap->on || swap->going_off)
		return OUTCOME_BEGUN;
	action_copy(why, TEXT_BYTES, "it is on already");
	return OUTCOME_SKIPPED;
}

enum outcome swap_off_begin(struct actions *actions, const struct order *order, mono_ms now, char *why)
{
	const struct ledger_mark *mark = ledger_mark_find(actions->ledger, LEDGER_SWAP_MARK);
	const struct state_swap *swap = &actions->state->swap;
	struct action like = {.verb = VERB_SWAP, .phase = ACTION_SWAP_OFF, .unit = CONFIG_NONE, .swap_before = -1,
			      .gives_back = true, .severity = order->severity, .thread = order->thread};

	see_swap_refresh(actions->see, now);
	if (mark == NULL || !swap->on) {
		action_copy(why, TEXT_BYTES, "it is not on by our doing");
		return swap->known ? OUTCOME_SKIPPED : OUTCOME_BUSY;
	}
	if (swap_is_at(actions, ACTION_SWAP_ON) || swap_is_at(actions, ACTION_SWAP_OFF)) {
		action_copy(why, TEXT_BYTES, "it is being switched on or off");
		return OUTCOME_BUSY;
	}
	like.shed_at = mark->at;
	action_copy(like.rule, sizeof(like.rule), config_rule_at(actions->config, order->rule)->name);
	patience_note_given(ledger_unit(actions->ledger, LEDGER_SWAP_MARK), now);
	if (action_begin_alone(actions, &like, now) != NULL)
		return OUTCOME_BEGUN;
	ledger_unit(actions->ledger, LEDGER_SWAP_MARK)->given_s = 0;
	return OUTCOME_BUSY;
}

void swap_let_go(struct actions *actions, const struct config *config, struct buffer *said)
{
	const struct config *old = actions->config;
	const char *path = config_string(old, old->swapfile.path);

	if (strcmp(path, config_string(config, config->swapfile.path)) == 0 ||
	    ledger_mark_find(actions->ledger, LEDGER_SWAP_MARK) == NULL)
		return;
	buffer_addf(said, "the swap file %s was switched on by watchdogd and stays on; ", path);
	ledger_unmark(actions->ledger, LEDGER_SWAP_MARK);
}
