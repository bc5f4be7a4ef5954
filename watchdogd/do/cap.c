#include "do/cap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/file.h"
#include "decide/step.h"
#include "do/action_ledger.h"
#include "do/action_mark.h"
#include "do/action_phase.h"
#include "do/direct.h"

enum {
	CAP_LEAST = 16 * 1024 * 1024, /* below, a program does nothing any more but wait for its own pages */
	CAP_GRAIN = 64 * 1024,        /* the kernel counts in pages: the largest there are */
};

static const struct config_step *cap_step(const struct actions *actions, const struct order *order)
{
	return config_step_at(actions->config, config_rule_at(actions->config, order->rule), order->step);
}

/* --- whether there is something to do --- */

static bool cap_says(struct buffer *why, const char *text)
{
	buffer_add(why, text);
	return false;
}

/* It has a cgroup with that file, and we are not in it. */
static bool cap_has_file(struct actions *actions, uint32_t unit, const char *file, struct buffer *why)
{
	int dir = see_unit_dir(actions->see, unit, SEE_DIR_V2);

	if (config_unit_at(actions->config, unit)->kind == CONFIG_MATCH)
		return cap_says(why, "it has no cgroup of its own");
	if (dir < 0 || faccessat(dir, file, F_OK, 0) < 0) {
		buffer_addf(why, "its cgroup has no %s, which only the memory controller of cgroup v2 has%s", file,
			    strcmp(file, "memory.reclaim") == 0 ? " (5.19)" : "");
		return false;
	}
	if (strlen(see_unit_path(actions->see, unit)) >= LINE_BYTES)
		return cap_says(why, "the path of its cgroup is too long");
	return !direct_holds_us(actions->see, unit) || cap_says(why, "watchdogd itself is in its cgroup");
}

static bool cap_size(struct actions *actions, const struct order *order, uint64_t *bytes, struct buffer *why)
{
	int64_t wanted = step_bytes(cap_step(actions, order), &actions->state->unit[order->unit]);

	if (wanted < 0)
		return cap_says(why, "what 100 % of it is, is not known");
	*bytes = (uint64_t)wanted / CAP_GRAIN * CAP_GRAIN;
	return true;
}

/* How much of it can still go to swap. */
static uint64_t cap_swap_room(struct actions *actions, uint32_t unit)
{
	const struct state_reading *free = &actions->state->host[HOST_SWAP_FREE];
	const struct state_reading *used = &actions->state->unit[unit].readings[UNIT_SWAP];
	int dir = see_unit_dir(actions->see, unit, SEE_DIR_V2);
	uint64_t room = free->known == STATE_KNOWN ? (uint64_t)free->value : 0, most, own;
	char text[32];

	if (file_read_at(dir, "memory.swap.max", text, sizeof(text)) <= 0 || !file_parse_u64(text, &most) ||
	    most == UINT64_MAX)
		return room;
	own = used->known == STATE_KNOWN ? (uint64_t)used->value : 0;
	own = most > own ? most - own : 0;
	return own < room ? own : room;
}

/* What nothing can take from it is more than the cap: it would stand still, and no byte would be free. */
static bool cap_can_give(struct actions *actions, uint32_t unit, uint64_t bytes, struct buffer *why)
{
	const struct state_reading *anon = &actions->state->unit[unit].readings[UNIT_ANON];
	const struct state_reading *swap = &actions->state->unit[unit].readings[UNIT_SWAP];
	uint64_t held, room = cap_swap_room(actions, unit);

	if (anon->known != STATE_KNOWN)
		return true;
	held = (uint64_t)anon->value;
	if (swap->known == STATE_KNOWN) /* in what is called its anon */
		held -= (uint64_t)swap->value < held ? (uint64_t)swap->value : held;
	if (held <= room || held - room <= bytes)
		return true;
	buffer_add(why, "it holds ");
	bytes_format(why, (int64_t)held);
	buffer_add(why, " that can only go to swap, where there is room for ");
	bytes_format(why, (int64_t)room);
	buffer_add(why, ": under a cap of ");
	bytes_format(why, (int64_t)bytes);
	buffer_add(why, " it would stand still");
	return false;
}

static bool cap_may_cap(struct actions *actions, const struct order *order, uint64_t *bytes, struct buffer *why)
{
	uint64_t high;

	if (!cap_has_file(actions, order->unit, "memory.high", why) || !cap_size(actions, order, bytes, why))
		return false;
	if (*bytes < CAP_LEAST) {
		bytes_format(why, (int64_t)*bytes);
		return cap_says(why, " is too little for it to run in");
	}
	if (direct_read_high(actions->see, order->unit, &high) < 0)
		return cap_says(why, "its memory.high cannot be read");
	if (high <= *bytes) {
		buffer_add(why, "its memory.high is ");
		bytes_format(why, (int64_t)high);
		return cap_says(why, " already");
	}
	return cap_can_give(actions, order->unit, *bytes, why);
}

static const struct ledger_mark *cap_mark(const struct actions *actions, uint32_t unit)
{
	const struct ledger_mark *mark = ledger_mark_find(actions->ledger, action_unit_name(actions, unit));

	return mark != NULL && mark->cap_bytes != 0 ? mark : NULL;
}

bool cap_may_begin(struct actions *actions, const struct order *order, uint64_t *bytes, struct buffer *why)
{
	const struct ledger_mark *mark;

	switch (order->verb) {
	case VERB_CAP:
		return cap_may_cap(actions, order, bytes, why);
	case VERB_UNCAP:
		mark = cap_mark(actions, order->unit);
		if (mark == NULL)
			return cap_says(why, "it is not capped");
		*bytes = mark->high_before;
		return true;
	case VERB_RECLAIM:
		return cap_has_file(actions, order->unit, "memory.reclaim", why) && cap_size(actions, order, bytes, why);
	default:
		return true;
	}
}

/* --- the mark --- */

struct ledger_mark *cap_put_mark(struct actions *actions, struct action *action)
{
	const char *name = action_unit_name(actions, action->unit);
	struct ledger_mark *mark;
	uint64_t high;

	/* One that an earlier sentinel began and has no mark was not asked for yet: it is as it was. */
	if (direct_read_high(actions->see, action->unit, &high) < 0)
		high = UINT64_MAX;
	mark = ledger_mark_find(actions->ledger, name);
	action->high_was = high > action->bytes || mark == NULL || mark->cap_bytes == 0 ? high : mark->high_before;
	mark = ledger_mark_cap(actions->ledger, name, action->rule, action->bytes, high);
	if (mark != NULL)
		mark->cap_cgroup = action->cgroup_id;
	return mark;
}

/* Where it is not known whether systemd has taken it, the mark stays: to give back what is not there does no harm. */
static bool cap_may_be(const struct actions *actions, const struct action *action)
{
	return config_unit_at(actions->config, action->unit)->kind == CONFIG_SYSTEMD && action->worker_asked &&
	       (!action->worker_done || action->worker_result == 0 || action->worker_result == -ETIMEDOUT ||
		action->worker_result == -ECANCELED || action->worker_result == -ENOTCONN);
}

static void cap_end_cap(struct actions *actions, const struct action *action, const char *name)
{
	struct ledger_mark *mark = ledger_mark_find(actions->ledger, name);

	if (action->progress == ACTION_PROVED || mark == NULL || cap_may_be(actions, action))
		return;
	if (action->high_was == 0 || action->high_was == mark->high_before)
		ledger_uncap(actions->ledger, name);
	else
		mark->cap_bytes = action->high_was; /* an earlier cap of ours: that one stays */
}

void cap_end_mark(struct actions *actions, const struct action *action)
{
	const struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);
	const char *name = action->unit != CONFIG_NONE ? action_unit_name(actions, action->unit)
			   : entry != NULL	      ? entry->unit
						      : "";

	/* Its unit left, and another has the name: whose mark it is not. */
	if (action->unit == CONFIG_NONE && config_find_unit(actions->config, name) != CONFIG_NONE)
		return;

	if (action->verb == VERB_UNCAP && action->progress == ACTION_PROVED)
		ledger_uncap(actions->ledger, name);
	else if (action->verb == VERB_CAP && action->unit != CONFIG_NONE)
		cap_end_cap(actions, action, name);
}

void cap_check_marks(struct actions *actions)
{
	for (int i = 0; i < MARKS_MAX; i++) {
		const struct ledger_mark *mark = &actions->ledger->marks[i];
		uint32_t unit = mark->unit[0] != '\0' && mark->cap_bytes != 0
					? config_find_unit(actions->config, mark->unit)
					: CONFIG_NONE;
		uint64_t id = unit != CONFIG_NONE ? actions->state->unit[unit].cgroup_id : 0;

		/* A property of systemd's is set again at each start of the unit. */
		if (unit == CONFIG_NONE || config_unit_at(actions->config, unit)->kind == CONFIG_SYSTEMD || id == 0 ||
		    id == mark->cap_cgroup || action_of_unit(actions, unit) != NULL)
			continue;
		diag_event(SEVERITY_INFO, NULL, mark->unit, "its cgroup was made anew: it is capped by us no more");
		ledger_uncap(actions->ledger, config_unit_at(actions->config, unit)->name);
	}
}

/* --- giving back --- */

void cap_fill_uncap(const struct actions *actions, const struct ledger_mark *mark, struct action *action)
{
	action->verb = VERB_UNCAP;
	action->phase = ACTION_UNCAP;
	action->bytes = mark->high_before;
	action->cgroup_id = actions->state->unit[action->unit].cgroup_id;
}

static bool cap_begin_uncap(struct actions *actions, uint32_t unit, bool under_way, mono_ms now)
{
	struct action like = {.unit = unit, .cap_under_way = under_way};

	if (action_of_unit(actions, unit) != NULL)
		return false;
	see_unit_refresh(actions->see, unit, now);
	cap_fill_uncap(actions, cap_mark(actions, unit), &like);
	return action_begin_alone(actions, &like, now) != NULL;
}

void actions_let_go(struct actions *actions, uint32_t unit, mono_ms now)
{
	struct action *action = action_of_unit(actions, unit);
	bool under_way = action != NULL && action->phase == ACTION_CAP;

	if (cap_mark(actions, unit) == NULL)
		return;
	if (under_way) { /* or the next sentinel would go on with it */
		action_end_entry(actions, action);
		action->used = false;
		actions->state->unit[unit].busy = 0;
	}
	action = action_of_unit(actions, unit);
	if (action != NULL && action->phase == ACTION_UNCAP)
		return;
	if (!cap_begin_uncap(actions, unit, under_way, now))
		diag_event(SEVERITY_WARNING, NULL, action_unit_name(actions, unit), "it stays capped: %s is under way",
			   action != NULL ? verb_words[action->verb].name : "too much");
}

static void cap_tell_end(struct actions *actions, const struct action *action)
{
	const struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);
	bool done = action->progress == ACTION_PROVED;

	diag_event(done ? SEVERITY_INFO : SEVERITY_WARNING, NULL, entry != NULL ? entry->unit : NULL, "%s%s%s",
		   done ? "uncapped: watchdogd lets go of it" : "cannot be uncapped",
		   action->saw[0] != '\0' ? ": " : "", action->saw);
}

bool actions_end(struct actions *actions, mono_ms now)
{
	bool open = false;

	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];

		if (!action->used || action->phase != ACTION_UNCAP)
			continue;
		if (action->progress == ACTION_WAITS)
			action->progress = action_phase_look(actions, action, now);
		if (action->progress == ACTION_WAITS) {
			open = true;
			continue;
		}
		cap_tell_end(actions, action);
		action_end_mark(actions, action);
		action_end_entry(actions, action);
		action->used = false;
	}
	return open;
}
