/* Compared is what a stop gives back (UNIT.anon): memory.current counts page cache too. */
#include "decide/select.h"

#include <stddef.h>

#include "base/bytes.h"
#include "decide/step.h"

/* Less than this is taken for standing still: every program breathes a little, and what takes half a day for a GiB is
 * not why memory is short now. */
#define SELECT_GROWS_BYTES_PER_MIN (INT64_C(1) << 20)

bool select_is_in_grace(const struct ladder *l, uint32_t unit)
{
	mono_ms started = l->state->unit[unit].started;

	return started != 0 && l->now - started < config_unit_at(l->config, unit)->grace_ms;
}

/* In this round. */
static bool select_is_asked(const struct ladder *l, uint32_t unit)
{
	uint16_t mark = ladder_unit_mark(l->config, unit);

	for (uint32_t i = 0; i < l->rule->steps.count; i++)
		if ((l->at->acted >> i & 1) != 0 && l->at->asked[i] == mark)
			return true;
	return false;
}

static const char *select_why_not_growing(const struct state_reading *growth)
{
	if (growth->known != STATE_KNOWN)
		return "has no known growth";
	return growth->value < SELECT_GROWS_BYTES_PER_MIN ? "does not grow" : NULL;
}

static mono_ms select_unused_ms(const struct ladder *l, uint32_t unit)
{
	mono_ms since = l->state->unit[unit].unused_since;

	return since != 0 && since < l->now ? l->now - since : 0;
}

/* `idle of`: why the unit is not idle; NULL: it is. */
static const char *select_why_not_idle(const struct ladder *l, uint32_t unit)
{
	uint32_t idle_ms = config_unit_at(l->config, unit)->idle_ms;
	uint8_t use = l->state->unit[unit].use;

	if (idle_ms == 0)
		return "has no `idle`";
	if (use != STATE_USE_UNUSED)
		return use == STATE_USE_USED ? "is in use" : "may be in use, which is not known";
	return select_unused_ms(l, unit) < idle_ms ? "is unused for less than its `idle`" : NULL;
}

/* Why a unit is passed over; NULL: it is a candidate. */
static const char *select_why_not(const struct ladder *l, const struct config_step *step,
				  uint32_t unit)
{
	const struct state_unit *seen = &l->state->unit[unit];
	const char *name = config_unit_at(l->config, unit)->name, *why;

	if (config_unit_at(l->config, unit)->protect)
		return "is protected";
	if (ledger_is_marked(l->ledger, name, STATE_MARK_STOPPED) || ledger_is_marked(l->ledger, name, STATE_MARK_FROZEN))
		return "is shed already";
	why = step_why_not_cap(l, step, unit);
	if (why != NULL)
		return why;
	if (seen->status == STATE_UNIT_FROZEN)
		return "is frozen";
	if (seen->status != STATE_UNIT_RUNNING)
		return "is not running";
	if (seen->busy != 0)
		return "has an action under way";
	if (select_is_in_grace(l, unit))
		return "is in its grace";
	if (select_is_asked(l, unit))
		return "was asked in this round";
	if (step->target == CONFIG_LARGEST && seen->readings[UNIT_ANON].known != STATE_KNOWN)
		return "has no known size";
	if (step->target == CONFIG_GROWING)
		return select_why_not_growing(&seen->readings[UNIT_GROWTH]);
	if (step->target == CONFIG_IDLE)
		return select_why_not_idle(l, unit);
	return NULL;
}

static int64_t select_size(const struct ladder *l, uint32_t unit)
{
	const struct state_reading *anon = &l->state->unit[unit].readings[UNIT_ANON];

	return anon->known == STATE_KNOWN ? anon->value : 0;
}

/* Of a candidate, which is known. */
static int64_t select_growth(const struct ladder *l, uint32_t unit)
{
	return l->state->unit[unit].readings[UNIT_GROWTH].value;
}

/* a comes before b: it is the larger; of a lower priority, growing faster or unused for longer, and of equals the larger. */
static bool select_is_before(const struct ladder *l, const struct config_step *step, uint32_t a,
			     uint32_t b)
{
	int32_t pa = config_unit_at(l->config, a)->priority;
	int32_t pb = config_unit_at(l->config, b)->priority;

	if (step->target == CONFIG_LOWEST && pa != pb)
		return pa < pb;
	if (step->target == CONFIG_GROWING && select_growth(l, a) != select_growth(l, b))
		return select_growth(l, a) > select_growth(l, b);
	if (step->target == CONFIG_IDLE && select_unused_ms(l, a) != select_unused_ms(l, b))
		return select_unused_ms(l, a) > select_unused_ms(l, b);
	return select_size(l, a) > select_size(l, b);
}

static void select_format_one(const struct ladder *l, const struct config_step *step, uint32_t unit,
			      struct buffer *text)
{
	const struct config_unit *named = config_unit_at(l->config, unit);
	char span[32];

	buffer_addf(text, "%s ", named->name);
	if (step->target == CONFIG_LOWEST)
		buffer_addf(text, "priority %d, ", named->priority);
	if (step->target == CONFIG_GROWING) {
		bytes_format(text, select_growth(l, unit));
		buffer_add(text, " a minute, ");
	}
	if (step->target == CONFIG_IDLE)
		buffer_addf(text, "unused for %s, ", clock_format_span(select_unused_ms(l, unit), span));
	bytes_format(text, select_size(l, unit));
}

void select_format(const struct ladder *l, const struct config_step *step, struct buffer *text)
{
	static const char *const words[] = {[CONFIG_UNIT] = "unit",
					    [CONFIG_LARGEST] = "largest",
					    [CONFIG_LOWEST] = "lowest",
					    [CONFIG_GROWING] = "growing",
					    [CONFIG_IDLE] = "idle"};

	buffer_addf(text, "%s of %s", words[step->target],
		    config_group_at(l->config, step->group)->name);
}

static void select_format_passed_over(const struct ladder *l, const struct config_step *step,
				      struct buffer *text)
{
	const struct config_group *group = config_group_at(l->config, step->group);
	const char *before = " (passed over: ";

	for (uint32_t i = 0; i < group->units.count && !text->cut; i++) {
		uint32_t unit = config_group_unit(l->config, group, i);
		const char *why = select_why_not(l, step, unit);

		if (why == NULL)
			continue;
		buffer_addf(text, "%s%s %s", before, config_unit_at(l->config, unit)->name, why);
		before = ", ";
	}
	if (before[0] == ',')
		buffer_add_char(text, ')');
}

uint32_t select_unit(const struct ladder *l, const struct config_step *step, struct buffer *text)
{
	const struct config_group *group = config_group_at(l->config, step->group);
	uint32_t best = CONFIG_NONE;
	const char *before = ": ";

	if (step->target == CONFIG_UNIT)
		return CONFIG_NONE;
	select_format(l, step, text);
	for (uint32_t i = 0; i < group->units.count; i++) {
		uint32_t unit = config_group_unit(l->config, group, i);

		if (select_why_not(l, step, unit) != NULL)
			continue;
		buffer_add(text, before);
		select_format_one(l, step, unit, text);
		before = ", ";
		if (best == CONFIG_NONE || select_is_before(l, step, unit, best))
			best = unit;
	}
	select_format_passed_over(l, step, text);
	return best;
}
