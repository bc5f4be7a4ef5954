/* Each change of a phase is the last write of its function: a kill -9 before it repeats the change,
 * one behind it has it whole. */
#include "decide/ladder.h"

#include <stdatomic.h>
#include <string.h>

#include "decide/limit.h"

/* A firing walks `then` downwards, stands when `when` is not true, takes the next step when it is
 * true again, and ends when it is clear. What is asked or settles waits for its proof and its time.
 */
static const uint8_t ladder_moves[LADDER_PHASES][LADDER_INPUTS] = {
	[LADDER_QUIET] = {LADDER_QUIET, LADDER_QUIET, LADDER_QUIET},
	[LADDER_TAKING] = {LADDER_TAKING, LADDER_STANDING, LADDER_CLEARING},
	[LADDER_ASKED] = {LADDER_ASKED, LADDER_ASKED, LADDER_ASKED},
	[LADDER_SETTLING] = {LADDER_SETTLING, LADDER_SETTLING, LADDER_SETTLING},
	[LADDER_STANDING] = {LADDER_TAKING, LADDER_STANDING, LADDER_CLEARING},
	[LADDER_SPENT] = {LADDER_SPENT, LADDER_STANDING, LADDER_CLEARING},
	[LADDER_CLEARING] = {LADDER_CLEARING, LADDER_CLEARING, LADDER_CLEARING},
};

const struct config_step *ladder_step(const struct ladder *l, uint32_t i)
{
	return config_step_at(l->config, l->rule, i);
}

uint16_t ladder_unit_mark(const struct config *config, uint32_t unit)
{
	uint16_t mark;

	if (unit >= config->units.count)
		return 0;
	mark = (uint16_t)ledger_hash(config_unit_at(config, unit)->name);
	return mark != 0 ? mark : 1;
}

bool ladder_is_momentary(const struct ladder *l)
{
	return l->rule->is_event && !event_words[l->rule->event].has_state;
}

bool ladder_has_action(const struct ladder *l)
{
	for (uint32_t i = 0; i < l->rule->steps.count; i++)
		if (ladder_step(l, i)->verb != VERB_ALERT)
			return true;
	return false;
}

/* Some step that the limit holds back. */
static bool ladder_has_limited(const struct ladder *l, bool alerts)
{
	for (uint32_t i = 0; i < l->rule->steps.count; i++) {
		const struct config_step *step = ladder_step(l, i);

		if (!verb_words[step->verb].unlimited && (step->verb == VERB_ALERT) == alerts)
			return true;
	}
	return false;
}

void ladder_move(struct ladder *l, enum ladder_phase phase)
{
	if (l->at->phase == phase)
		return;
	l->at->since = l->now;
	atomic_signal_fence(memory_order_seq_cst);
	l->at->phase = (uint16_t)phase;
}

/* `limit`: within it a firing is counted among its times, beyond it among those held back. */
static unsigned ladder_limit(struct ladder *l)
{
	if (!limit_is_reached(l->at, l->rule, l->now)) {
		limit_count(l->at, l->now);
		if (!ladder_has_limited(l, true))
			l->at->held_back = 0; /* it has no alert to tell the count */
		return 0;
	}
	if (l->at->held_back < UINT16_MAX)
		l->at->held_back++;
	return l->at->held_back == 1 && ladder_has_limited(l, false) ? LADDER_HELD | LADDER_GIVE_UP
								     : LADDER_HELD;
}

/* What outlives a firing: a reply that is owed, and to whom. */
static unsigned ladder_owed(const struct ladder *l)
{
	return ladder_has(l, LADDER_REPLY) ? l->at->flags & (LADDER_REPLY | LADDER_CRITICAL) : 0;
}

uint64_t ladder_thread(const struct ladder *l)
{
	bool of_before = l->at->firing != 0 && !ladder_has(l, LADDER_SAID) && ladder_has(l, LADDER_REPLY);

	return of_before ? 0 : l->at->thread;
}

void ladder_begin(struct ladder *l, unsigned flags)
{
	uint64_t firing = l->ledger->next_firing++;

	l->at->firing = 0;
	if ((flags & LADDER_SAID) == 0 && !ladder_has(l, LADDER_REPLY))
		l->at->thread = 0;
	l->at->repeat_s = 0;
	flags |= ladder_limit(l);
	l->at->text_hash = l->rule->text_hash;
	l->at->began = l->now;
	if ((flags & LADDER_TELL_ONLY) == 0)
		l->at->proved = 0;
	l->at->step = 0;
	l->at->acted = l->at->alerted = l->at->failed = 0;
	memset(l->at->asked, 0, sizeof(l->at->asked));
	l->at->flags = (uint16_t)(flags | ladder_owed(l));
	ladder_move(l, LADDER_TAKING);
	atomic_signal_fence(memory_order_seq_cst);
	l->at->firing = firing; /* last: it fires, with all of the above */
}

bool ladder_is_settled(const struct ladder *l)
{
	return l->at->phase == LADDER_SETTLING && l->now - l->at->proved >= l->rule->settle_ms;
}

void ladder_look(struct ladder *l, enum ladder_input input)
{
	if (ladder_is_settled(l)) /* judged, as one that stands */
		ladder_move(l, LADDER_STANDING);
	ladder_move(l, (enum ladder_phase)ladder_moves[l->at->phase][input]);
}

static void ladder_set_acted(struct ladder *l)
{
	l->at->acted |= (uint16_t)(1u << l->at->step);
}

void ladder_ask(struct ladder *l, uint32_t unit)
{
	l->at->asked[l->at->step] = ladder_unit_mark(l->config, unit);
	ladder_set_acted(l);
	ladder_move(l, verb_words[ladder_step(l, l->at->step)->verb].frees ? LADDER_ASKED
									   : LADDER_TAKING);
}

void ladder_prove(struct ladder *l)
{
	l->at->proved = l->now;
	ladder_move(l, LADDER_SETTLING);
}

void ladder_leave(struct ladder *l, bool in_vain)
{
	if (in_vain)
		l->at->failed |= (uint16_t)(1u << l->at->step);
	ladder_set_acted(l);
	ladder_move(l, LADDER_TAKING);
}

void ladder_end(struct ladder *l)
{
	l->at->firing = 0; /* first: what follows is of no firing */
	atomic_signal_fence(memory_order_seq_cst);
	/* A step of an event that is over may be under way: what becomes of it goes there. */
	if (!ladder_is_momentary(l) && !ladder_has(l, LADDER_REPLY))
		l->at->thread = 0;
	l->at->repeat_s = 0;
	l->at->flags = (uint16_t)ladder_owed(l);
	ladder_move(l, LADDER_QUIET);
}
