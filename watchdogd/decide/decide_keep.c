/* What goes on over a start and a reload. The ledger is the truth: a ladder is found again by the
 * names of its rule and unit, and ends when the text of the rule is another. */
#include <stddef.h>
#include <string.h>

#include "decide/decide_parts.h"

static const char *decide_unit_name(const struct config *config, uint32_t unit)
{
	return unit < config->units.count ? config_unit_at(config, unit)->name : "";
}

static uint64_t decide_key(const struct config *config, uint32_t instance)
{
	const struct config_instance *row = config_instance_at(config, instance);

	return ledger_key(config_rule_at(config, row->rule)->name,
			  decide_unit_name(config, row->unit));
}

/* The open entry of a step that this ladder waits for; joined: of the same step of another ladder,
 * on the unit that this one asked for. */
static const struct ledger_entry *decide_entry_of(const struct ladder *l, bool joined)
{
	uint16_t unit = l->at->asked[l->at->step];
	uint32_t verb = ladder_step(l, l->at->step)->verb;

	for (int i = 0; i < ENTRIES_MAX; i++) {
		const struct ledger_entry *e = &l->ledger->entries[i];

		if (e->state != LEDGER_OPEN || e->kind != LEDGER_STEP || e->step_verb >= VERBS ||
		    !verb_words[e->step_verb].frees)
			continue;
		if (joined ? unit != 0 && e->step_verb == verb &&
				     (uint16_t)ledger_hash(e->unit) == unit
			   : e->ladder_key == l->at->key)
			return e;
	}
	return NULL;
}

/* The sentinel ended somewhere between asking and proof. An open entry: asked, its proof is looked
 * for. None, though it was asked: its end was seen, but not written here. Another ladder's entry
 * for that unit: this one had joined it, and asks again. */
static void decide_resume(struct ladder *l)
{
	const struct ledger_entry *entry;

	if (l->at->step >= l->rule->steps.count)
		return;
	entry = decide_entry_of(l, false);
	if (entry != NULL && l->at->phase == LADDER_TAKING &&
	    ladder_step(l, l->at->step)->verb == entry->step_verb)
		ladder_ask(l, config_find_unit(l->config, entry->unit));
	if (entry != NULL || l->at->phase != LADDER_ASKED)
		return;
	if (decide_entry_of(l, true) != NULL) {
		l->at->acted &= (uint16_t) ~(1u << l->at->step);
		l->at->asked[l->at->step] = 0;
		ladder_move(l, LADDER_TAKING);
	} else {
		ladder_prove(l);
	}
}

/* A firing of a rule whose text is another ends; who got its alert is told so. */
static void decide_end_changed(struct ladder *l)
{
	if (l->at->firing == 0 || l->at->text_hash == l->rule->text_hash)
		return;
	if (ladder_is_momentary(l) || !ladder_has(l, LADDER_SAID)) {
		ladder_end(l);
		return;
	}
	l->at->flags = (uint16_t)((l->at->flags | LADDER_CHANGED) & ~LADDER_GIVE_UP);
	ladder_move(l, LADDER_CLEARING);
}

static bool decide_is_of(const struct decide *decide, uint64_t key)
{
	for (uint32_t i = 0; i < decide->config->instances.count; i++)
		if (decide->memory->instance[i].key == key)
			return true;
	return false;
}

/* Of a rule and unit that are no longer there, or no row that we wrote. */
static bool decide_is_stale(const struct decide *decide, const struct ledger_ladder *at)
{
	return !decide_is_of(decide, at->key) || at->phase >= LADDER_PHASES ||
	       at->step > RULE_STEPS_MAX;
}

void decide_adopt(struct decide *decide, mono_ms now)
{
	for (uint32_t i = 0; i < decide->config->instances.count; i++) {
		struct decide_instance *mine = &decide->memory->instance[i];
		struct ledger_ladder *at;

		mine->key = decide_key(decide->config, i);
		at = ledger_ladder_find(decide->ledger, mine->key);
		mine->ladder = at != NULL ? (uint16_t)(at - decide->ledger->ladders) : LADDERS_MAX;
	}
	for (int i = 0; i < LADDERS_MAX; i++) {
		struct ledger_ladder *at = &decide->ledger->ladders[i];

		if (at->key != 0 && decide_is_stale(decide, at))
			memset(at, 0, sizeof(*at));
	}
	decide_resume_telling(decide, now);
	for (uint32_t i = 0; i < decide->config->instances.count; i++) {
		struct ladder ladder;

		if (decide_ladder(decide, i, false, now, &ladder))
			decide_end_changed(&ladder);
	}
	decide->turn = 0;
	decide->handed = CONFIG_NONE;
	decide->handed_repeat = false;
	decide->handed_reply = 0;
	decide->untold = 0;
	decide->restoring.unit = CONFIG_NONE;
}

/* Rows of the present config only: the rest of the memory is never touched, and so never there. */
static void decide_forget(struct decide *decide)
{
	for (uint32_t i = 0; i < decide->config->instances.count; i++) {
		const struct config_instance *row = config_instance_at(decide->config, i);
		uint32_t holds = config_rule_at(decide->config, row->rule)->holds;

		decide->memory->instance[i] = (struct decide_instance){.when = CONDITION_UNKNOWN, .restore = CONDITION_UNKNOWN};
		memset(&decide->memory->hold[row->first_hold], 0,
		       holds * sizeof(decide->memory->hold[0]));
	}
}

void decide_init(struct decide *decide, mono_ms now)
{
	decide->memory = &decide->memories[0];
	decide_forget(decide);
	decide_adopt(decide, now);
	decide_restore_begin(decide, now);
	for (uint32_t i = 0; i < decide->config->instances.count; i++) {
		struct ladder ladder;

		if (decide_ladder(decide, i, false, now, &ladder) && ladder.at->firing != 0)
			decide_resume(&ladder);
	}
}

/* Rule or unit have the name that they had, and one of them is another. */
static bool decide_is_another(const struct config *old_config, uint32_t from, const struct config *config, uint32_t to)
{
	const struct config_instance *was = config_instance_at(old_config, from), *is = config_instance_at(config, to);

	if (config_rule_at(old_config, was->rule)->text_hash != config_rule_at(config, is->rule)->text_hash)
		return true;
	return was->unit < old_config->units.count && config_find_same_unit(config, old_config, was->unit) == CONFIG_NONE;
}

/* The holds of an instance go on where the text of its rule, and what its unit is, have not changed. */
static void decide_carry(struct decide *decide, const struct decide_memory *old,
			 const struct config *old_config, uint32_t from, uint32_t to)
{
	const struct config_instance *was = config_instance_at(old_config, from);
	const struct config_instance *is = config_instance_at(decide->config, to);
	const struct config_rule *rule = config_rule_at(decide->config, is->rule);
	struct ledger_ladder *at = ledger_ladder_find(decide->ledger, old->instance[from].key);

	decide->memory->instance[to].fired = old->instance[from].fired;
	if (decide_is_another(old_config, from, decide->config, to)) {
		if (at != NULL)
			at->text_hash = 0; /* no rule's: it ends */
		return;
	}
	decide->memory->instance[to] = old->instance[from];
	for (uint32_t k = 0; k < rule->holds; k++)
		decide->memory->hold[is->first_hold + k] = old->hold[was->first_hold + k];
}

/* An event stays with its instance, which has another number now. */
static void decide_carry_events(struct decide *decide, const struct decide_memory *old)
{
	for (int k = 0; k < EVENTS_MAX; k++) {
		struct decide_event *e = &decide->event[k];
		uint32_t to = 0;

		if (e->number == 0)
			continue;
		while (to < decide->config->instances.count &&
		       decide_key(decide->config, to) != old->instance[e->instance].key)
			to++;
		e->instance = to;
		if (to == decide->config->instances.count ||
		    (e->role == DECIDE_FIRES && decide->memory->instance[to].event != 1 + k))
			decide_event_drop(decide, e); /* its rule is gone, or another now */
	}
}

void decide_config(struct decide *decide, const struct config *config, mono_ms now)
{
	const struct config *old_config = decide->config;
	const struct decide_memory *old = decide->memory;

	decide->memory = &decide->memories[old == &decide->memories[0]];
	decide->config = config;
	decide_forget(decide);
	for (uint32_t to = 0; to < config->instances.count; to++) {
		uint64_t key = decide_key(config, to);

		for (uint32_t from = 0; from < old_config->instances.count; from++)
			if (old->instance[from].key == key)
				decide_carry(decide, old, old_config, from, to);
	}
	decide_carry_events(decide, old);
	decide_adopt(decide, now);
	for (uint32_t i = 0; i < config->instances.count; i++)
		decide_row(decide, i, now);
}
