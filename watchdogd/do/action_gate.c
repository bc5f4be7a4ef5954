#include "do/action_gate.h"

#include "base/buffer.h"
#include "do/action_ledger.h"
#include "do/cap.h"
#include "do/direct.h"
#include "do/swap.h"

enum {
	GATE_AT_IT_MS = 30000, /* what systemd begins it has done by then, or we do it */
	GATE_SHOWS_MS = 1000,  /* after an OOM kill or a death it shows by then that it is at it (OOMPolicy=, Restart=) */
	GATE_OURS_MS = 35000,  /* a start is seen so long after we asked for it */
	GATE_FORGET_MS = 5000, /* who is put off asks at each look */
};

static bool gate_starts(const struct order *order)
{
	return order->verb == VERB_START || order->verb == VERB_RESTART;
}

const char *action_gate_why_not_start(const struct config_unit *unit)
{
	if (unit->kind != CONFIG_SYSTEMD)
		return unit->start == 0 ? "it has no `start` command" : NULL;
	return unit->user != 0 && unit->uid == CONFIG_NONE ? "its user is not known on this host" : NULL;
}

static const char *gate_is_done(const struct state_unit *unit, enum verb verb)
{
	if (unit->status == STATE_UNIT_INACTIVE && verb != VERB_START && verb != VERB_RESTART && verb != VERB_UNCAP)
		return "it is not running";
	if (unit->status == STATE_UNIT_RUNNING && (verb == VERB_START || verb == VERB_THAW))
		return "it is running already";
	return unit->status == STATE_UNIT_FROZEN && verb == VERB_FREEZE ? "it is frozen already" : NULL;
}

/* systemd takes a unit as a whole: one that watchdogd runs in, or PID 1, is never asked for. Of a cgroup or by name,
 * the others in it are hit and we are not (do/direct.c). */
static const char *gate_is_ours(struct actions *actions, const struct order *order)
{
	bool whole = config_unit_at(actions->config, order->unit)->kind == CONFIG_SYSTEMD && verb_words[order->verb].frees;

	return whole && direct_holds_us(actions->see, order->unit) ? "watchdogd itself, or PID 1, runs in it" : NULL;
}

/* Its row among those that are put off; a new one takes the place of the longest forgotten. */
static struct action_put_off *gate_put_off(struct actions *actions, const char *name, mono_ms now)
{
	uint64_t key = ledger_hash(name);
	struct action_put_off *row = &actions->put_off[0];

	for (int i = 0; i < ACTIONS_MAX && row->key != key; i++)
		if (actions->put_off[i].key == key || actions->put_off[i].asked < row->asked)
			row = &actions->put_off[i];
	if (row->key != key || now > row->asked + GATE_FORGET_MS)
		*row = (struct action_put_off){.key = key, .since = now};
	row->asked = now;
	return row;
}

/* The unit runs, started after that event, by whomever: its process lives, or has not come up yet. What we
 * started ourselves in vain is started again. */
static bool gate_is_back(struct actions *actions, const struct order *order, mono_ms now)
{
	const struct config_unit *config = config_unit_at(actions->config, order->unit);
	const struct state_unit *unit = &actions->state->unit[order->unit];
	mono_ms ours = (mono_ms)ledger_unit(actions->ledger, config->name)->restarted_s * 1000;

	if (unit->status != STATE_UNIT_RUNNING || unit->started <= order->event_at)
		return false;
	if (see_unit_alive_since(actions->see, order->unit) != 0)
		return true;
	return now - unit->started < config->grace_ms &&
	       (unit->started + GATE_OURS_MS < ours || unit->started > ours + GATE_OURS_MS);
}

/* What is stopped because nobody uses it: `idle of`, `on = idle`. */
static bool gate_is_for_idle(const struct actions *actions, const struct order *order)
{
	const struct config_rule *rule = config_rule_at(actions->config, order->rule);

	return config_step_at(actions->config, rule, order->step)->target == CONFIG_IDLE ||
	       (rule->is_event && rule->event == EVENT_IDLE && order->verb == VERB_STOP);
}

/* What an event asks for is not done beside systemd, and not after it. */
static enum outcome gate_not_twice(struct actions *actions, const struct order *order, mono_ms now, char *why)
{
	const struct config_rule *rule = config_rule_at(actions->config, order->rule);
	const struct config_unit *config = config_unit_at(actions->config, order->unit);
	const struct state_unit *unit = &actions->state->unit[order->unit];
	char span[32];
	struct buffer b;

	if (order->event_at == 0)
		return OUTCOME_BEGUN;
	if (gate_is_back(actions, order, now)) {
		buffer_init(&b, why, TEXT_BYTES);
		buffer_addf(&b, "it was started since, %s ago", clock_format_span(now - unit->started, span));
		return OUTCOME_SKIPPED;
	}
	if (config->kind != CONFIG_SYSTEMD)
		return OUTCOME_BEGUN;
	if (rule->is_event && !event_words[rule->event].has_state && now < order->event_at + GATE_SHOWS_MS)
		return OUTCOME_BUSY;
	if (unit->systemd_at_it && now < gate_put_off(actions, config->name, now)->since + GATE_AT_IT_MS)
		return OUTCOME_BUSY;
	return OUTCOME_BEGUN;
}

enum outcome action_gate(struct actions *actions, const struct order *order, mono_ms now, uint64_t *bytes, char *why)
{
	const char *is = NULL;
	struct buffer b;

	if (order->verb == VERB_SWAP)
		return swap_gate(actions, now, why);
	if (order->unit == CONFIG_NONE)
		return OUTCOME_BEGUN;
	if (gate_starts(order))
		is = action_gate_why_not_start(config_unit_at(actions->config, order->unit));
	see_unit_refresh(actions->see, order->unit, now);
	if (is == NULL)
		is = gate_is_done(&actions->state->unit[order->unit], order->verb);
	if (is == NULL)
		is = gate_is_ours(actions, order);
	if (is != NULL) {
		action_copy(why, TEXT_BYTES, is);
		return OUTCOME_SKIPPED;
	}
	/* Somebody may have come since it was chosen: it is chosen anew at the next look, by what was found now. */
	if (gate_is_for_idle(actions, order) && !see_unit_is_unused(actions->see, order->unit, now))
		return OUTCOME_BUSY;
	buffer_init(&b, why, TEXT_BYTES);
	if (!cap_may_begin(actions, order, bytes, &b))
		return OUTCOME_SKIPPED;
	return gate_starts(order) ? gate_not_twice(actions, order, now, why) : OUTCOME_BEGUN;
}
