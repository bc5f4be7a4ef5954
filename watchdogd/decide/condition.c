/* A condition is a program in postfix order. Each value on its stack knows what it is and which
 * terms made it so; a person is told those alone. */
#include "decide/condition.h"

#include <stddef.h>

__extension__ typedef __int128 condition_wide; /* bytes times 1/1000 % */

/* What `unit` of a node means: an index, CONFIG_HOST, or CONFIG_NONE. */
static uint32_t condition_unit(const struct condition *c, const struct config_node *node)
{
	return node->unit == CONFIG_EACH ? c->unit : node->unit;
}

const struct reading_word *condition_word(const struct config_node *node)
{
	return node->unit == CONFIG_HOST ? &reading_host_words[node->reading]
					 : &reading_unit_words[node->reading];
}

const struct state_reading *condition_reading(const struct condition *c,
					      const struct config_node *node)
{
	uint32_t unit = condition_unit(c, node);

	if (unit == CONFIG_HOST)
		return &c->state->host[node->reading];
	return unit < UNITS_MAX ? &c->state->unit[unit].readings[node->reading] : NULL;
}

/* host.available, host.used and host.headroom are what a unit takes from, or adds to. */
int64_t condition_value(const struct condition *c, const struct config_node *node,
			const struct state_reading *reading)
{
	if (node->unit != CONFIG_HOST)
		return reading->value;
	if (node->reading == HOST_HEADROOM)
		return reading->value - c->taken_bytes - c->gone_bytes;
	if (node->reading == HOST_AVAILABLE)
		return reading->value - c->taken_bytes;
	return node->reading == HOST_USED ? reading->value + c->taken_bytes : reading->value;
}

static bool condition_is_true(enum config_compare compare, condition_wide value,
			      condition_wide bound)
{
	switch (compare) {
	case CONFIG_LT:
		return value < bound;
	case CONFIG_LE:
		return value <= bound;
	case CONFIG_GT:
		return value > bound;
	case CONFIG_GE:
		break;
	}
	return value >= bound;
}

enum condition_truth condition_compare(const struct condition *c, const struct config_node *node)
{
	const struct state_reading *reading = condition_reading(c, node);
	condition_wide value, bound = node->bound;

	if (reading == NULL || reading->known == STATE_UNKNOWN || reading->from < c->since)
		return CONDITION_UNKNOWN;
	value = reading->known == STATE_NEVER ? INT64_MAX : condition_value(c, node, reading);
	if (node->bound_is_pct) {
		if (reading->total <= 0)
			return CONDITION_UNKNOWN;
		value *= 100 * 1000;
		bound *= reading->total;
	}
	return condition_is_true((enum config_compare)node->compare, value, bound)
		       ? CONDITION_TRUE
		       : CONDITION_FALSE;
}

enum condition_truth condition_hold_step(struct condition_hold *hold, enum condition_truth term,
					 uint32_t for_ms, mono_ms now)
{
	if (term == CONDITION_FALSE) {
		*hold = (struct condition_hold){0};
		return CONDITION_FALSE;
	}
	if (term == CONDITION_UNKNOWN) {
		if (hold->unknown == 0)
			hold->unknown = now;
		if (now - hold->unknown > CONDITION_UNKNOWN_MS)
			hold->since = 0;
		return CONDITION_UNKNOWN;
	}
	/* A reading that comes back after too long an unknown: it may have been anything. */
	if (hold->unknown != 0 && now - hold->unknown > CONDITION_UNKNOWN_MS)
		hold->since = 0;
	hold->unknown = 0;
	if (hold->since == 0)
		hold->since = now;
	return now - hold->since >= for_ms ? CONDITION_TRUE : CONDITION_FALSE;
}

/* `decides` decides alone: false for and, true for or. Otherwise unknown if one is, else both. */
static struct condition_seen condition_join(struct condition_seen a, struct condition_seen b,
					    enum condition_truth decides)
{
	enum condition_truth truth = a.truth == decides || b.truth == decides ? decides
				     : a.truth == CONDITION_UNKNOWN || b.truth == CONDITION_UNKNOWN
					     ? CONDITION_UNKNOWN
					     : a.truth;

	return (struct condition_seen){truth, (a.truth == truth ? a.why : 0) |
						      (b.truth == truth ? b.why : 0)};
}

static struct condition_seen condition_not(struct condition_seen a)
{
	if (a.truth != CONDITION_UNKNOWN)
		a.truth = a.truth == CONDITION_TRUE ? CONDITION_FALSE : CONDITION_TRUE;
	return a;
}

static uint64_t condition_bit(uint32_t node)
{
	return node < 64 ? UINT64_C(1) << node : 0;
}

/* The values below those that the node takes stay; gives the new depth, 0 for no sound program. */
static uint32_t condition_run(const struct condition *c, const struct config_node *node,
			      struct condition_seen *stack, uint32_t depth, uint64_t bit)
{
	struct condition_seen *top;

	if (node->kind == CONFIG_COMPARE) {
		if (depth == CONDITION_DEPTH)
			return 0;
		stack[depth] = (struct condition_seen){condition_compare(c, node), bit};
		return depth + 1;
	}
	if (depth < 1 || ((node->kind == CONFIG_AND || node->kind == CONFIG_OR) && depth < 2))
		return 0;
	top = &stack[depth - 1];
	switch ((enum config_node_kind)node->kind) {
	case CONFIG_NOT:
		*top = condition_not(*top);
		return depth;
	case CONFIG_HOLD:
		if (c->holds == NULL)
			return depth;
		top->truth = condition_hold_step(&c->holds[node->hold], top->truth, node->for_ms,
						 c->now);
		top->why |= bit;
		return depth;
	case CONFIG_AND:
		top[-1] = condition_join(top[-1], *top, CONDITION_FALSE);
		return depth - 1;
	case CONFIG_OR:
		top[-1] = condition_join(top[-1], *top, CONDITION_TRUE);
		return depth - 1;
	case CONFIG_COMPARE:
		break;
	}
	return 0;
}

struct condition_seen condition_evaluate(const struct condition *c, struct config_table nodes)
{
	const struct config_node *node = config_nodes(c->config, nodes);
	struct condition_seen stack[CONDITION_DEPTH];
	uint32_t depth = 0;

	for (uint32_t i = 0; i < nodes.count; i++) {
		depth = condition_run(c, &node[i], stack, depth, condition_bit(i));
		if (depth == 0)
			break;
	}
	return depth == 1 ? stack[0] : (struct condition_seen){CONDITION_UNKNOWN, 0};
}

static bool condition_is_swap(const struct config_node *node)
{
	return node->unit == CONFIG_HOST
		       ? node->reading == HOST_SWAP_USED || node->reading == HOST_SWAP_FREE
		       : node->reading == UNIT_SWAP;
}

/* Nothing here will ever give this reading, or not while the unit is down. */
static bool condition_cannot_answer(const struct condition *c, const struct config_node *node)
{
	uint32_t unit = condition_unit(c, node);

	if (condition_reading(c, node) == NULL)
		return true;
	if (condition_is_swap(node) && c->state->swap_total_bytes == 0)
		return true;
	return unit != CONFIG_HOST && c->state->unit[unit].status != STATE_UNIT_RUNNING &&
	       c->state->unit[unit].status != STATE_UNIT_FROZEN;
}

static bool condition_should_answer(const struct condition *c, const struct config_node *node)
{
	const struct state_reading *reading = condition_reading(c, node);

	if (condition_cannot_answer(c, node))
		return false;
	return reading->known == STATE_UNKNOWN || (node->bound_is_pct && reading->total <= 0);
}

bool condition_is_awaited(const struct condition *c, struct config_table nodes,
			  struct condition_seen seen)
{
	const struct config_node *node = config_nodes(c->config, nodes);

	if (seen.truth != CONDITION_UNKNOWN)
		return false;
	for (uint32_t i = 0; i < nodes.count; i++)
		if ((seen.why & condition_bit(i)) != 0 && node[i].kind == CONFIG_COMPARE &&
		    condition_should_answer(c, &node[i]))
			return true;
	return false;
}

bool condition_is_unanswerable(const struct condition *c, struct config_table nodes,
			       struct condition_seen seen)
{
	const struct config_node *node = config_nodes(c->config, nodes);
	bool some = false;

	for (uint32_t i = 0; i < nodes.count && seen.truth == CONDITION_UNKNOWN; i++) {
		if ((seen.why & condition_bit(i)) == 0 || node[i].kind != CONFIG_COMPARE)
			continue;
		if (!condition_cannot_answer(c, &node[i]))
			return false;
		some = true;
	}
	return some;
}

uint32_t condition_next_ms(const struct condition *c, struct config_table nodes)
{
	const struct config_node *node = config_nodes(c->config, nodes);
	uint32_t next = UINT32_MAX;

	for (uint32_t i = 0; i < nodes.count; i++) {
		const struct condition_hold *hold = &c->holds[node[i].hold];
		mono_ms end;

		if (node[i].kind != CONFIG_HOLD || hold->since == 0)
			continue;
		end = hold->since + node[i].for_ms;
		if (end > c->now && end - c->now < next)
			next = (uint32_t)(end - c->now);
	}
	return next;
}

bool condition_is_holding(const struct condition *c, struct config_table nodes)
{
	return condition_next_ms(c, nodes) != UINT32_MAX;
}
