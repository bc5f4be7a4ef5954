/* What is told of an action that came to its end (actions_next of action.h). */
#include <string.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/title.h"
#include "do/action_ledger.h"
#include "do/action_mark.h"
#include "do/restore.h"
#include "do/swap.h"

static void action_add_size(struct buffer *b, const char *before, int64_t bytes)
{
	if (bytes >= 0)
		buffer_addf(b, "%s%lld MiB", before, (long long)(bytes / (1024 * 1024)));
}

/* What was done, or not: "stopped", "stop". The swap file can be switched on and off. */
static const char *action_word(const struct action *action, bool done)
{
	const struct verb_word *verb = &verb_words[action->verb];

	if (action->phase == ACTION_SWAP_OFF)
		return done ? "switched off swap" : "swap off";
	if (action->phase == ACTION_SWAP_ON && !done)
		return "swap on";
	return done ? verb->done : verb->name;
}

static const char *action_object(struct actions *actions, const struct action *action)
{
	const struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);

	if (action->verb == VERB_SWAP)
		return config_string(actions->config, actions->config->swapfile.path);
	if (action->unit != CONFIG_NONE)
		return action_unit_name(actions, action->unit);
	if (entry != NULL && verb_takes_unit(action->verb))
		return entry->unit;
	return entry != NULL ? entry->target : "a command";
}

/* " xtts", " xtts at 1.50 GiB"; of what acts on nothing: nothing. */
static void action_add_object(struct buffer *b, struct actions *actions, const struct action *action)
{
	const char *object = action_object(actions, action);

	buffer_addf(b, "%s%s", object[0] != '\0' ? " " : "", object);
	if (action->verb != VERB_CAP)
		return;
	buffer_add(b, " at ");
	bytes_format(b, (int64_t)action->bytes);
}

/* "stopped xtts in 1.1 s", "restart nodira not done" */
static void action_title(struct actions *actions, const struct action *action, mono_ms now, char *title)
{
	char span[32];
	struct buffer b;

	buffer_init(&b, title, TITLE_BYTES);
	if (action->gives_back && action->verb != VERB_SWAP) {
		restore_title(actions, action, &b);
		title_bound(title);
		return;
	}
	buffer_add(&b, action_word(action, action->progress == ACTION_PROVED));
	action_add_object(&b, actions, action);
	if (action->progress == ACTION_PROVED)
		buffer_addf(&b, " in %s", clock_format_span(now - action->began, span));
	else
		buffer_add(&b, " not done");
	title_bound(title);
}

/* "stopped xtts in 1.2 s: inactive (dead)" */
static void action_format_done(struct actions *actions, const struct action *action, mono_ms now, struct buffer *b)
{
	char span[32];

	if (action->progress == ACTION_PROVED)
		buffer_addf(b, "%s", action_word(action, true));
	else
		buffer_addf(b, "%s not done:", action_word(action, false));
	action_add_object(b, actions, action);
	buffer_addf(b, " %s %s", action->progress == ACTION_PROVED ? "in" : "after",
		    clock_format_span(now - action->began, span));
	if (action->saw[0] != '\0')
		buffer_addf(b, ": %s", action->saw);
}

/* "...; it held 232 MiB; host.available 84 MiB -> 310 MiB" */
static void action_format(struct actions *actions, const struct action *action, mono_ms now, char *text)
{
	const struct verb_word *verb = &verb_words[action->verb];
	struct buffer b;

	buffer_init(&b, text, TEXT_BYTES);
	if (action->gives_back && action->verb != VERB_SWAP)
		restore_format(actions, action, now, &b);
	else
		action_format_done(actions, action, now, &b);
	if (verb->frees && action->unit != CONFIG_NONE)
		action_add_size(&b, "; it held ", action->anon_before);
	action_add_size(&b, "; host.available ", action->available_before);
	action_add_size(&b, " -> ", action_available(actions));
}

/* What gives back is told where its shedding was, and what could not be given back once. */
static void action_result_given(struct actions *actions, const struct action *action, struct action_result *result,
				mono_ms now)
{
	bool told = restore_end(actions, action, now);

	result->severity = action->severity;
	result->thread = told ? action->thread : 0;
}

static void action_result(struct actions *actions, struct action *action, struct action_result *result, mono_ms now)
{
	bool done = action->progress == ACTION_PROVED;

	result->gives_back = action->gives_back;
	result->outcome = done ? OUTCOME_DONE : OUTCOME_FAILED;
	result->severity = done || action->by_another ? SEVERITY_WARNING : SEVERITY_CRITICAL;
	if (action->gives_back)
		action_result_given(actions, action, result, now);
	result->unit = action->unit;
	result->instances = action->instances;
	memcpy(result->instance, action->instance, sizeof(result->instance));
	action_copy(result->rule, sizeof(result->rule), action->rule);
	result->verb = action->verb;
	action_title(actions, action, now, result->title);
	action_format(actions, action, now, result->text);
}

/* Told, and over for its ladders: so that none hears of it again after a crash, the entry names none. */
static void action_owe(struct actions *actions, struct action *action)
{
	struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);

	if (entry != NULL) {
		entry->ladder_key = 0;
		entry->phase = ACTION_OWED;
	}
	action->phase = ACTION_OWED;
	action->progress = ACTION_WAITS;
}

bool actions_next(struct actions *actions, struct action_result *result, mono_ms now)
{
	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];
		bool owed;

		if (!action->used || action->progress == ACTION_WAITS || swap_prepares(action))
			continue;
		if (action->phase == ACTION_OWED) {
			action_end_entry(actions, action);
			action->used = false;
			continue;
		}
		action_result(actions, action, result, now);
		action_end_mark(actions, action);
		owed = action->phase == ACTION_STOP && action->worker_asked && !action->worker_done;
		if (owed) {
			action_owe(actions, action);
		} else {
			action_end_entry(actions, action);
			action->used = false;
		}
		return true;
	}
	return false;
}
