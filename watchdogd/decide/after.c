#include "decide/after.h"

#include <stddef.h>
#include <string.h>

enum { AFTER_COUNT_MAX = 1000000 }; /* of one instant: sums stay far from the end of uint32_t */

static mono_ms after_last(const struct after_row *row)
{
	return row->n > 0 ? row->at[row->n - 1] : 0;
}

/* Where all rows are taken, the one that has heard nothing for longest gives way. */
static uint32_t after_quietest(struct after *after)
{
	uint32_t quietest = 0;

	for (uint32_t i = 1; i < AFTER_MAX; i++)
		if (after_last(&after->row[i]) < after_last(&after->row[quietest]))
			quietest = i;
	after->given_way++;
	return quietest;
}

/* The place of a key, made where there is none. */
static uint32_t after_place(struct after *after, const struct config_rule *rule, uint64_t key)
{
	uint32_t place = AFTER_MAX;

	for (uint32_t i = 0; i < AFTER_MAX; i++) {
		if (after->key[i] == key) {
			place = i;
			break;
		}
		if (place == AFTER_MAX && after->key[i] == 0)
			place = i;
	}
	if (place == AFTER_MAX)
		place = after_quietest(after);
	if (after->key[place] != key || after->row[place].text_hash != rule->text_hash) {
		after->key[place] = key;
		after->row[place].text_hash = rule->text_hash;
		after->row[place].n = 0;
	}
	return place;
}

static void after_drop_first(struct after_row *row)
{
	row->n--;
	memmove(&row->at[0], &row->at[1], row->n * sizeof(row->at[0]));
	memmove(&row->count[0], &row->count[1], row->n * sizeof(row->count[0]));
}

/* With no place left (N is larger than the ring) the two oldest become one, as late as the later:
 * they count a little longer than they should, never shorter. */
static void after_add(struct after_row *row, uint32_t count, mono_ms at)
{
	if (row->n == AFTER_TIMES_MAX) {
		row->count[1] += row->count[0] < AFTER_COUNT_MAX ? row->count[0] : AFTER_COUNT_MAX;
		after_drop_first(row);
	}
	row->at[row->n] = at;
	row->count[row->n++] = count;
}

bool after_count(struct after *after, const struct config_rule *rule, uint64_t key, uint32_t count,
		 mono_ms at, uint32_t *within)
{
	struct after_row *row;
	uint32_t place;

	count = count == 0 ? 1 : count < AFTER_COUNT_MAX ? count : AFTER_COUNT_MAX;
	*within = count;
	if (rule->after_n <= 1)
		return true;
	place = after_place(after, rule, key);
	row = &after->row[place];
	while (row->n > 0 && at > row->at[0] && at - row->at[0] >= rule->after_for_ms)
		after_drop_first(row);
	after_add(row, count, at > after_last(row) ? at : after_last(row));
	*within = 0;
	for (uint32_t i = 0; i < row->n; i++)
		*within += row->count[i];
	if (*within < rule->after_n)
		return false;
	after->key[place] = 0;
	return true;
}

void after_format_span(uint32_t for_ms, struct buffer *text)
{
	static const struct {
		uint32_t ms;
		const char *name;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(units) && (for_ms < units[i].ms || for_ms % units[i].ms != 0))
		i++;
	buffer_addf(text, "%u%s", for_ms / units[i].ms, units[i].name);
}
