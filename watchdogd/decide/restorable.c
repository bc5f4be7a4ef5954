#include "decide/restorable.h"

#include "base/bytes.h"
#include "decide/condition_format.h"
#include "decide/decide_parts.h"
#include "decide/patience.h"

enum {
	RESTORABLE_UNKNOWN_BYTES = 256 * 1024 * 1024, /* what a unit takes that we never saw running */
	RESTORABLE_MIB = 1024 * 1024,
};

/* Of each mark: what gives it back. */
static const enum verb restorable_verbs[] = {
	[STATE_MARK_NONE] = VERBS,
	[STATE_MARK_STOPPED] = VERB_START,
	[STATE_MARK_FROZEN] = VERB_THAW,
	[STATE_MARK_SWAP] = VERB_SWAP, /* off */
	[STATE_MARK_CAPPED] = VERB_UNCAP,
};

enum verb restorable_verb(unsigned mark)
{
	return mark < ARRAY_LEN(restorable_verbs) ? restorable_verbs[mark] : VERBS;
}

static const struct config_rule *restorable_rule(const struct decide *decide, uint32_t instance)
{
	return config_rule_at(decide->config, config_instance_at(decide->config, instance)->rule);
}

bool restorable_ever(const struct config *config, const struct ledger_mark *mark)
{
	for (uint32_t i = 0; i < config->rules.count; i++) {
		const struct config_rule *rule = config_rule_at(config, i);

		if (rule->restore.count > 0 && ledger_mark_has(mark, rule->name))
			return true;
	}
	return false;
}

bool restorable_is_akin(const struct ledger_mark *a, const struct ledger_mark *b)
{
	for (uint32_t i = 0; i < a->rules && i < MARK_RULES_MAX; i++)
		for (uint32_t k = 0; k < b->rules && k < MARK_RULES_MAX; k++)
			if (a->rule[i] == b->rule[k])
				return true;
	return false;
}

/* What stands still or is capped has its memory, but what is in swap comes back. */
static int64_t restorable_taken_bytes(const struct decide *decide, const struct restorable *r)
{
	const struct state_unit *unit = &decide->state->unit[r->unit];
	const struct state_reading *anon = &unit->readings[UNIT_ANON], *swap = &unit->readings[UNIT_SWAP];
	int64_t taken = r->row->peak_mib > 0 ? (int64_t)r->row->peak_mib * RESTORABLE_MIB : RESTORABLE_UNKNOWN_BYTES;

	if (r->mark->kind == STATE_MARK_STOPPED || anon->known != STATE_KNOWN)
		return taken;
	taken -= anon->value - (swap->known == STATE_KNOWN ? swap->value : 0);
	return taken > 0 ? taken : 0;
}

/* Of a rule that has an instance for the unit, that one alone counts; of any other, each. */
static bool restorable_holds_by(const struct decide *decide, struct restorable *r, const struct config_rule *rule)
{
	uint32_t from = rule->first_instance, to = from + rule->instances;

	for (uint32_t i = from; i < to; i++)
		if (config_instance_at(decide->config, i)->unit == r->unit) {
			from = i;
			to = i + 1;
		}
	if (r->instance == CONFIG_NONE && from < to)
		r->instance = from;
	for (uint32_t i = from; i < to; i++)
		if (decide->memory->instance[i].restore == CONDITION_TRUE) {
			r->instance = i;
			return true;
		}
	return false;
}

/* Does the `restore` of one of its rules hold? */
static bool restorable_holds(const struct decide *decide, struct restorable *r)
{
	for (uint32_t i = 0; i < decide->config->rules.count; i++) {
		const struct config_rule *rule = config_rule_at(decide->config, i);

		if (rule->restore.count > 0 && ledger_mark_has(r->mark, rule->name) &&
		    restorable_holds_by(decide, r, rule))
			return true;
	}
	return false;
}

/* What `clear` is judged by when the unit has taken its peak; its `for` is left to `restore`. */
static struct condition restorable_condition(const struct decide *decide, const struct restorable *r,
					     uint32_t instance, mono_ms now)
{
	return (struct condition){.config = decide->config, .state = decide->state, .now = now,
				  .unit = config_instance_at(decide->config, instance)->unit,
				  .taken_bytes = r->taken_bytes, .gone_bytes = r->gone_bytes};
}

/* Without a `clear` that can be answered, `when` must not be true; an event is over when its ladder is. */
static enum condition_truth restorable_is_clear(const struct decide *decide, const struct restorable *r,
						uint32_t instance, mono_ms now)
{
	const struct config_rule *rule = restorable_rule(decide, instance);
	const struct condition condition = restorable_condition(decide, r, instance, now);
	enum condition_truth clear;
	struct condition_seen seen;

	if (rule->is_event)
		return CONDITION_TRUE;
	if (decide_has_clear(&condition, rule, &clear))
		return clear;
	seen = condition_evaluate(&condition, rule->when);
	if (seen.truth == CONDITION_UNKNOWN)
		return condition_is_unanswerable(&condition, rule->when, seen) ? CONDITION_TRUE : CONDITION_UNKNOWN;
	return seen.truth == CONDITION_TRUE ? CONDITION_FALSE : CONDITION_TRUE;
}

/* Does this instance of one of its rules leave it be? fits: what those before it said. */
static enum condition_truth restorable_fits_one(const struct decide *decide, struct restorable *r, uint32_t instance,
						enum condition_truth fits, mono_ms now)
{
	enum condition_truth clear;

	if (r->why == RESTORABLE_FIRES)
		return fits;
	if (decide_firing(decide, instance) != NULL) {
		r->by = instance;
		r->why = RESTORABLE_FIRES;
		return CONDITION_FALSE;
	}
	clear = restorable_is_clear(decide, r, instance, now);
	if (clear == CONDITION_TRUE || (fits == CONDITION_FALSE && clear == CONDITION_UNKNOWN))
		return fits;
	r->by = instance;
	r->why = RESTORABLE_NO_ROOM;
	return clear;
}

/* None of its rules fires, and there is room by each of them. Where no more names found room, any rule may be one. */
static enum condition_truth restorable_fits(const struct decide *decide, struct restorable *r, mono_ms now)
{
	enum condition_truth fits = CONDITION_TRUE;

	for (uint32_t i = 0; i < decide->config->rules.count; i++) {
		const struct config_rule *rule = config_rule_at(decide->config, i);

		if (r->mark->rules < MARK_RULES_MAX && !ledger_mark_has(r->mark, rule->name))
			continue;
		for (uint32_t k = 0; k < rule->instances; k++)
			fits = restorable_fits_one(decide, r, rule->first_instance + k, fits, now);
	}
	return fits;
}

/* What the swap file must leave beside the `clear` of its own rules: the bounds of all that fire, and `floor`. */
static uint64_t restorable_left_bytes(const struct decide *decide)
{
	const struct state_reading *available = &decide->state->host[HOST_AVAILABLE];
	uint64_t room = decide_room_bytes(decide),
		 floor = (uint64_t)((double)available->total * decide->config->floor_mpct / 100000.0);

	return room > floor ? room : floor;
}

static bool restorable_swap_fits(const struct decide *decide, const struct restorable *r)
{
	const struct state_reading *available = &decide->state->host[HOST_AVAILABLE];

	return r->unit != CONFIG_NONE ||
	       (available->known == STATE_KNOWN &&
		(uint64_t)available->value >= (uint64_t)r->taken_bytes + restorable_left_bytes(decide));
}

/* What it takes, and whether something is under way with it. */
static void restorable_size(const struct decide *decide, struct restorable *r)
{
	const struct state_swap *swap = &decide->state->swap;

	if (r->unit != CONFIG_NONE) {
		r->taken_bytes = restorable_taken_bytes(decide, r);
		return;
	}
	r->taken_bytes = (int64_t)swap->used_bytes;
	r->gone_bytes = (int64_t)(swap->size_bytes - swap->used_bytes);
}

/* Its next start waits; an action is under way, or systemd is at it. The swap file is off only when it is known. */
static enum restorable_why restorable_is_held_up(const struct decide *decide, const struct restorable *r, mono_ms now)
{
	const struct state_unit *unit = &decide->state->unit[r->unit != CONFIG_NONE ? r->unit : 0];

	if (r->mark->kind != STATE_MARK_STOPPED && patience_refused_ms(r->row, now) > 0)
		return RESTORABLE_REFUSED;
	if (r->unit == CONFIG_NONE)
		return decide->state->swap.on && !decide->state->swap.going_off ? RESTORABLE_YES : RESTORABLE_BUSY;
	if (r->mark->kind == STATE_MARK_STOPPED && unit->restart_at > now)
		return RESTORABLE_BACKOFF;
	return unit->busy != 0 || unit->systemd_at_it ? RESTORABLE_BUSY : RESTORABLE_YES;
}

void restorable_judge(const struct decide *decide, const struct ledger_mark *mark, uint32_t unit, mono_ms now,
		      struct restorable *r)
{
	enum condition_truth fits;
	bool holds;

	*r = (struct restorable){.mark = mark, .unit = unit, .instance = CONFIG_NONE, .by = CONFIG_NONE,
				 .row = ledger_unit(decide->ledger, mark->unit)};
	restorable_size(decide, r);
	holds = restorable_holds(decide, r);
	fits = restorable_fits(decide, r, now);
	if (r->why == RESTORABLE_YES && !restorable_swap_fits(decide, r)) {
		r->why = RESTORABLE_NO_ROOM;
		fits = CONDITION_FALSE;
	}
	if (fits != CONDITION_UNKNOWN) /* which says nothing of what was before */
		patience_note_fit(r->row, fits == CONDITION_TRUE, now);
	if ((r->row->flags & LEDGER_UNIT_OWED) != 0)
		r->why = RESTORABLE_OWED;
	else if (r->instance == CONFIG_NONE || restorable_verb((unsigned)mark->kind) == VERBS)
		r->why = RESTORABLE_NEVER;
	else if (r->why != RESTORABLE_FIRES && !holds)
		r->why = RESTORABLE_NOT_YET;
	else if (r->why == RESTORABLE_YES && patience_left_ms(r->row, now) > 0)
		r->why = RESTORABLE_PATIENCE;
	else if (r->why == RESTORABLE_YES)
		r->why = restorable_is_held_up(decide, r, now);
}

static void restorable_say_restore(const struct decide *decide, const struct restorable *r, const char *before,
				   mono_ms now, struct buffer *text)
{
	const struct config_rule *rule = restorable_rule(decide, r->instance);
	struct condition condition = decide_condition(decide, r->instance, now);

	buffer_addf(text, "%s%s: ", before, rule->name);
	condition_format(&condition, rule->restore, text);
}

static void restorable_say_room(const struct decide *decide, const struct restorable *r, mono_ms now,
				struct buffer *text)
{
	const struct config_rule *rule;
	struct condition condition;
	enum condition_truth clear;

	buffer_add(text, "with ");
	bytes_format(text, r->taken_bytes);
	if (r->by == CONFIG_NONE) {
		buffer_add(text, " taken, less than ");
		bytes_format(text, (int64_t)restorable_left_bytes(decide));
		buffer_add(text, " of host.available is left");
		return;
	}
	rule = restorable_rule(decide, r->by);
	condition = restorable_condition(decide, r, r->by, now);
	buffer_addf(text, " taken, not clear of rule %s: ", rule->name);
	condition_format(&condition, decide_has_clear(&condition, rule, &clear) ? rule->clear : rule->when, text);
}

static void restorable_say_patience(const struct restorable *r, mono_ms now, struct buffer *text)
{
	char wait[32], left[32];

	buffer_addf(text, "given back in vain %u time%s: there must be room for %s on end, %s more", r->row->vain,
		    r->row->vain == 1 ? "" : "s", clock_format_span(patience_wait_ms(r->row), wait),
		    clock_format_span(patience_left_ms(r->row, now), left));
}

void restorable_say(const struct decide *decide, const struct restorable *r, const char *after, mono_ms now,
		    struct buffer *text)
{
	char span[32];

	switch (r->why) {
	case RESTORABLE_YES:
		restorable_say_restore(decide, r, "restore of ", now, text);
		break;
	case RESTORABLE_OWED:
		buffer_add(text, "its start is owed, when its rules are quiet and there is room");
		break;
	case RESTORABLE_NEVER:
		buffer_add(text, "none of its rules has a `restore`");
		break;
	case RESTORABLE_FIRES:
		buffer_addf(text, "rule %s fires", restorable_rule(decide, r->by)->name);
		break;
	case RESTORABLE_NOT_YET:
		restorable_say_restore(decide, r, "not yet, by restore of ", now, text);
		break;
	case RESTORABLE_NO_ROOM:
		restorable_say_room(decide, r, now, text);
		break;
	case RESTORABLE_PATIENCE:
		restorable_say_patience(r, now, text);
		break;
	case RESTORABLE_BACKOFF:
		buffer_addf(text, "its next start waits %s more", clock_format_span(decide->state->unit[r->unit].restart_at - now, span));
		break;
	case RESTORABLE_REFUSED:
		buffer_addf(text, "that was not done %u time%s, and is tried again in %s", r->row->refused,
			    r->row->refused == 1 ? "" : "s", clock_format_span(patience_refused_ms(r->row, now), span));
		break;
	case RESTORABLE_BUSY:
		buffer_add(text, "an action is under way, or its effect is watched");
		break;
	case RESTORABLE_AFTER:
		buffer_addf(text, "after %s, which was shed later", after);
		break;
	}
}
