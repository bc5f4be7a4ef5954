#include "config/condition_bound.h"

#include "config/value.h"

static const struct {
	enum value_kind kinds[2]; /* what a bound may be; the first is what "expected" names */
	const char *expected;
} condition_dimensions[] = {
	[READING_BYTES] = {{VALUE_BYTES, VALUE_PERCENT},
			   "a size or a percentage such as \"512M\", \"12%\""},
	[READING_PERCENT] = {{VALUE_PERCENT, VALUE_PERCENT}, "a percentage such as \"12%\""},
	[READING_DURATION] = {{VALUE_DURATION, VALUE_NEVER},
			      "a duration such as \"20s\", or \"never\""},
	[READING_COUNT] = {{VALUE_COUNT, VALUE_COUNT}, "a number without a unit"},
	[READING_BYTES_PER_MIN] = {{VALUE_BYTES, VALUE_BYTES},
				   "a size, of growth in a minute, such as \"100M\""},
};

const struct reading_word *condition_bound_reading(const struct config_node *node)
{
	return node->unit == CONFIG_HOST ? &reading_host_words[node->reading]
					 : &reading_unit_words[node->reading];
}

/* Swap counts in these but not in what they are a percentage of. */
static bool condition_bound_exceeds_all(const struct config_node *node)
{
	return node->unit == CONFIG_HOST ? node->reading == HOST_HEADROOM
					 : node->reading == UNIT_ANON || node->reading == UNIT_SWAP;
}

/* The least and the most that the reading can be, in the terms of the bound. */
static void condition_bound_range(const struct config_node *node, int64_t *least, int64_t *most)
{
	enum reading_dimension dimension = condition_bound_reading(node)->dimension;

	*least = dimension == READING_BYTES_PER_MIN ? INT64_MIN : 0;
	*most = INT64_MAX;
	if (dimension == READING_PERCENT ||
	    (node->bound_is_pct && !condition_bound_exceeds_all(node)))
		*most = 100000;
}

static bool condition_bound_is_true(enum config_compare compare, int64_t value, int64_t bound)
{
	switch (compare) {
	case CONFIG_LT:
		return value < bound;
	case CONFIG_LE:
		return value <= bound;
	case CONFIG_GT:
		return value > bound;
	case CONFIG_GE:
		return value >= bound;
	}
	return false;
}

bool condition_bound_set(struct config_node *node, const struct value *value, struct buffer *why)
{
	const struct reading_word *reading = condition_bound_reading(node);
	const enum value_kind *kinds = condition_dimensions[reading->dimension].kinds;
	char text[64];
	struct buffer b;
	int64_t least, most;
	bool at_least, at_most;

	BUFFER_OVER(&b, text);
	value_format(&b, value->kind, value->number);
	if (value->kind != kinds[0] && value->kind != kinds[1]) {
		buffer_addf(why, "%s cannot be compared with \"%s\"; expected %s", reading->name,
			    text, condition_dimensions[reading->dimension].expected);
		return false;
	}
	node->bound = value->number;
	node->bound_is_pct = reading->dimension == READING_BYTES && value->kind == VALUE_PERCENT;
	condition_bound_range(node, &least, &most);
	if (value->number < least || value->number > most) {
		buffer_addf(why, "%s is never %s; its range is %s", reading->name, text,
			    most == 100000 ? "0% to 100%" : "0 and above");
		return false;
	}
	/* The end of the range shows it: true there and at the other end is true everywhere. */
	at_least = condition_bound_is_true(node->compare, least, node->bound);
	at_most = condition_bound_is_true(node->compare, most, node->bound);
	if (at_least == at_most)
		buffer_addf(why, "this comparison is %s true: %s cannot be %s %s",
			    at_least ? "always" : "never", reading->name,
			    (node->compare == CONFIG_LT || node->compare == CONFIG_GE) ? "below"
										       : "above",
			    text);
	return at_least != at_most;
}

/* What a condition says when one reading has a value and nothing is known of the others: they drop
 * out of it, so that "a < 5 or b > 9" is just "a < 5" to a. */
enum condition_said { SAID_NOTHING, SAID_FALSE, SAID_TRUE };

static enum condition_said condition_bound_join(enum config_node_kind kind, enum condition_said a,
						enum condition_said b)
{
	if (a == SAID_NOTHING)
		return b;
	if (b == SAID_NOTHING)
		return a;
	if (kind == CONFIG_AND)
		return a < b ? a : b;
	return a > b ? a : b;
}

/* In percent, what is available is what is not used: one reading under two names. */
static struct config_node condition_bound_normal(struct config_node node)
{
	static const enum config_compare mirrored[] = {[CONFIG_LT] = CONFIG_GT,
						       [CONFIG_LE] = CONFIG_GE,
						       [CONFIG_GT] = CONFIG_LT,
						       [CONFIG_GE] = CONFIG_LE};

	if (node.kind != CONFIG_COMPARE || node.unit != CONFIG_HOST ||
	    node.reading != HOST_AVAILABLE || !node.bound_is_pct)
		return node;
	node.reading = HOST_USED;
	node.compare = mirrored[node.compare];
	node.bound = 100000 - node.bound;
	return node;
}

/* The comparison b is of the same reading as a, which is normal. */
static bool condition_bound_is_same(const struct config_node *a, const struct config_node *other)
{
	const struct config_node normal = condition_bound_normal(*other), *b = &normal;

	return b->kind == CONFIG_COMPARE && a->unit == b->unit && a->reading == b->reading &&
	       a->bound_is_pct == b->bound_is_pct;
}

static bool condition_bound_says(const struct config_node *nodes, uint32_t count,
				 const struct config_node *of, int64_t value)
{
	enum condition_said stack[CONDITION_DEPTH] = {SAID_NOTHING};
	uint32_t top = 0; /* values on the stack */

	for (uint32_t i = 0; i < count; i++) {
		const struct config_node normal = condition_bound_normal(nodes[i]), *node = &normal;

		if (node->kind == CONFIG_COMPARE) {
			stack[top++] = !condition_bound_is_same(of, node) ? SAID_NOTHING
				       : condition_bound_is_true(node->compare, value, node->bound)
					       ? SAID_TRUE
					       : SAID_FALSE;
		} else if (node->kind == CONFIG_AND || node->kind == CONFIG_OR) {
			top--;
			stack[top - 1] =
				condition_bound_join(node->kind, stack[top - 1], stack[top]);
		} else if (node->kind == CONFIG_NOT && stack[top - 1] != SAID_NOTHING) {
			stack[top - 1] = stack[top - 1] == SAID_TRUE ? SAID_FALSE : SAID_TRUE;
		}
	}
	return stack[0] == SAID_TRUE;
}

/* Some value at or beside a bound of `from` makes both true. Between bounds nothing changes. */
static bool condition_bound_meets(const struct config_node *of,
				  const struct config_node *const sides[2],
				  const uint32_t counts[2], const struct config_node *from)
{
	int64_t least, most;

	if (!condition_bound_is_same(of, from))
		return false;
	condition_bound_range(of, &least, &most);
	for (int64_t beside = -1; beside <= 1; beside++) {
		int64_t value;

		if (__builtin_add_overflow(from->bound, beside, &value) || value < least ||
		    value > most)
			continue;
		if (condition_bound_says(sides[0], counts[0], of, value) &&
		    condition_bound_says(sides[1], counts[1], of, value))
			return true;
	}
	return false;
}

/* Some value makes both true, as far as they speak of the reading of `of`. */
static bool condition_bound_overlaps(const struct config_node *of,
				     const struct config_node *const sides[2],
				     const uint32_t counts[2])
{
	for (int side = 0; side < 2; side++)
		for (uint32_t i = 0; i < counts[side]; i++) {
			struct config_node from = condition_bound_normal(sides[side][i]);

			if (condition_bound_meets(of, sides, counts, &from))
				return true;
		}
	return false;
}

uint32_t condition_bound_overlap(const struct config_node *when, uint32_t when_count,
				 const struct config_node *clear, uint32_t clear_count)
{
	const struct config_node *const sides[2] = {when, clear};
	const uint32_t counts[2] = {when_count, clear_count};

	for (uint32_t i = 0; i < clear_count; i++) {
		struct config_node of = condition_bound_normal(clear[i]);
		uint32_t first = 0; /* that speaks of this reading: each is looked at once */

		while (first < i && !condition_bound_is_same(&of, &clear[first]))
			first++;
		if (of.kind == CONFIG_COMPARE && first == i &&
		    condition_bound_overlaps(&of, sides, counts))
			return i;
	}
	return clear_count;
}
