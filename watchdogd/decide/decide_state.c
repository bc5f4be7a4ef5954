/* What others learn: the rows of the state page, when to look again, how much room a start must
 * leave. */
#include <string.h>

#include "base/buffer.h"
#include "decide/decide_parts.h"
#include "decide/limit.h"

static enum state_rule_phase decide_phase(struct decide *decide, uint32_t instance, mono_ms now)
{
	struct condition condition = decide_condition(decide, instance, now);
	struct ladder ladder;

	if (decide_ladder(decide, instance, false, now, &ladder) && ladder.at->firing != 0) {
		if (ladder_has(&ladder, LADDER_HELD))
			return STATE_RULE_GIVEN_UP;
		return ladder.at->phase == LADDER_STANDING || ladder.at->phase == LADDER_SPENT
			       ? STATE_RULE_STANDING
			       : STATE_RULE_FIRING;
	}
	return condition_is_holding(&condition, ladder.rule->when) ? STATE_RULE_HOLDING
								   : STATE_RULE_QUIET;
}

static void decide_row_text(char name[NAME_BYTES], const char *text)
{
	struct buffer b;

	if (strcmp(name, text) == 0)
		return;
	buffer_init(&b, name, NAME_BYTES);
	buffer_add(&b, text);
}

/* The step that its ladder is at; below the last one it is the last. */
static uint16_t decide_row_step(const struct decide *decide, uint32_t instance)
{
	const struct config_instance *is = config_instance_at(decide->config, instance);
	uint32_t steps = config_rule_at(decide->config, is->rule)->steps.count;
	uint32_t step = decide->ledger->ladders[decide->memory->instance[instance].ladder].step;

	return (uint16_t)(step < steps ? step : steps - 1);
}

/* The alert that is open, if there is one. */
static void decide_row_alert(struct decide *decide, uint32_t instance, struct state_rule *row, mono_ms now)
{
	struct ladder ladder;
	bool fires = decide_ladder(decide, instance, false, now, &ladder) && ladder.at->firing != 0;
	bool open = fires && ladder_has(&ladder, LADDER_SAID);

	row->began = fires ? ladder.at->began : 0;
	row->thread = open ? ladder.at->thread : 0;
	row->acked = open && ladder_has(&ladder, LADDER_ACKED);
}

void decide_row(struct decide *decide, uint32_t instance, mono_ms now)
{
	const struct config_instance *is = config_instance_at(decide->config, instance);
	const struct decide_instance *mine = &decide->memory->instance[instance];
	struct state_rule *row = &decide->state->rule[instance];
	enum state_rule_phase phase = decide_phase(decide, instance, now);

	decide_row_text(row->rule, config_rule_at(decide->config, is->rule)->name);
	decide_row_text(row->unit, is->unit < decide->config->units.count
					   ? config_unit_at(decide->config, is->unit)->name
					   : "");
	if (row->phase != phase || row->since == 0)
		row->since = now;
	row->phase = (uint8_t)phase;
	row->when = mine->when;
	row->step = mine->ladder < LADDERS_MAX && phase >= STATE_RULE_FIRING
			    ? decide_row_step(decide, instance)
			    : 0;
	row->fired = mine->fired;
	row->severity = config_rule_at(decide->config, is->rule)->severity;
	decide_row_alert(decide, instance, row, now);
}

static uint32_t decide_until(mono_ms end, mono_ms now)
{
	return end > now && end - now < UINT32_MAX ? (uint32_t)(end - now) : UINT32_MAX;
}

static uint32_t decide_least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t decide_next_ms_of(const struct decide *decide, uint32_t instance, mono_ms now)
{
	const struct config_instance *row = config_instance_at(decide->config, instance);
	const struct config_rule *rule = config_rule_at(decide->config, row->rule);
	const struct decide_instance *mine = &decide->memory->instance[instance];
	struct condition condition = decide_condition(decide, instance, now);
	uint32_t next = condition_next_ms(&condition, rule->when), over;
	const struct ledger_ladder *at;

	if (decide->restoring.some && rule->restore.count > 0)
		next = decide_least(next, condition_next_ms(&condition, rule->restore));
	if (mine->ladder >= LADDERS_MAX)
		return next;
	at = &decide->ledger->ladders[mine->ladder];
	if (at->key != mine->key || at->firing == 0)
		return next;
	next = decide_least(next, condition_next_ms(&condition, rule->clear));
	if (mine->clear.since != 0)
		next = decide_least(next,
				    decide_until(mine->clear.since + decide_clear_ms(rule), now));
	if (at->phase == LADDER_SETTLING)
		next = decide_least(next, decide_until(at->proved + rule->settle_ms, now));
	over = (at->flags & LADDER_HELD) != 0 ? limit_next_ms(at, rule, now) : 0;
	return over > 0 ? decide_least(next, over) : next;
}

uint32_t decide_next_ms(const struct decide *decide, mono_ms now)
{
	uint32_t next = UINT32_MAX;

	for (uint32_t i = 0; i < decide->config->instances.count; i++)
		next = decide_least(next, decide_next_ms_of(decide, i, now));
	return next;
}

/* The bound of a term on host.available that asks for more than there is, in bytes. */
static uint64_t decide_bound_bytes(const struct decide *decide, const struct config_node *node)
{
	const struct state_reading *available = &decide->state->host[HOST_AVAILABLE];

	if (node->kind != CONFIG_COMPARE || node->unit != CONFIG_HOST ||
	    node->reading != HOST_AVAILABLE ||
	    (node->compare != CONFIG_LT && node->compare != CONFIG_LE) || node->bound <= 0)
		return 0;
	if (!node->bound_is_pct)
		return (uint64_t)node->bound;
	return available->total > 0 ? (uint64_t)available->total / 100000 * (uint64_t)node->bound
				    : 0;
}

uint64_t decide_room_bytes(const struct decide *decide)
{
	uint64_t room = 0;

	for (uint32_t i = 0; i < decide->config->instances.count; i++) {
		const struct config_instance *row = config_instance_at(decide->config, i);
		const struct config_rule *rule = config_rule_at(decide->config, row->rule);
		const struct config_node *node = config_nodes(decide->config, rule->when);

		if (decide->state->rule[i].phase < STATE_RULE_FIRING)
			continue;
		for (uint32_t k = 0; k < rule->when.count; k++) {
			uint64_t bound = decide_bound_bytes(decide, &node[k]);

			room = bound > room ? bound : room;
		}
	}
	return room;
}
