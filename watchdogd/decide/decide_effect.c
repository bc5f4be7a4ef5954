/* What a step that may free memory has done: host.available and the pressure when it was asked, at its proof and
 * after `settle`, when the ladder judges too. One line of the log; and what people read of it stands in the next
 * message of that firing, as the result goes out at the proof and waits for nothing. A row of memory for each such
 * step: a sentinel that is killed in between leaves its numbers untold, and nothing else. */
#include <stddef.h>
#include <string.h>

#include "base/buffer.h"
#include "decide/decide_parts.h"
#include "decide/step.h"

enum { EFFECT_UNKNOWN = -1 }; /* of a number: none of these readings is ever below 0 */

/* What a reading is; unknown where its window began before `since`. */
static int64_t effect_reading(const struct decide *decide, enum reading_host reading, mono_ms since)
{
	const struct state_reading *row = &decide->state->host[reading];

	return row->known == STATE_KNOWN && row->from >= since ? row->value : EFFECT_UNKNOWN;
}

static void effect_take(const struct decide *decide, struct decide_effect *row, enum decide_effect_at at, mono_ms since)
{
	row->available[at] = effect_reading(decide, HOST_AVAILABLE, since);
	row->full[at] = effect_reading(decide, HOST_PRESSURE_FULL, since);
	row->some[at] = effect_reading(decide, HOST_PRESSURE_SOME, since);
	row->at = (uint16_t)at;
}

/* The row of the step that its ladder is at; NULL: none is measured. */
static struct decide_effect *effect_of(struct decide *decide, const struct ladder *l)
{
	for (int i = 0; i < EFFECTS_MAX; i++) {
		struct decide_effect *row = &decide->effect[i];

		if (row->key == l->at->key && row->firing == l->at->firing && row->step == l->at->step)
			return row;
	}
	return NULL;
}

/* Its firing is over, or another one: nobody will be told of it. */
static bool effect_is_stale(const struct decide *decide, const struct decide_effect *row)
{
	const struct ledger_ladder *at = ledger_ladder_find(decide->ledger, row->key);

	return row->at != EFFECT_SETTLED && (at == NULL || at->firing != row->firing);
}

/* A row for another step: one that is free or stale, else the one that was asked first. */
static struct decide_effect *effect_free(struct decide *decide)
{
	struct decide_effect *oldest = &decide->effect[0];

	for (int i = 0; i < EFFECTS_MAX; i++) {
		struct decide_effect *row = &decide->effect[i];

		if (row->key == 0 || effect_is_stale(decide, row))
			return row;
		if (row->asked_at < oldest->asked_at)
			oldest = row;
	}
	return oldest;
}

static void effect_drop(struct decide *decide, struct decide_effect *row)
{
	decide->unsaid -= row->at == EFFECT_SETTLED;
	*row = (struct decide_effect){0};
}

/* A step that heals (a dead unit's restart) gives nothing back. */
static bool effect_is_measured(const struct decide *decide, const struct ladder *l)
{
	return !decide->dry_run && verb_words[ladder_step(l, l->at->step)->verb].frees &&
	       !step_heals(l, l->at->step);
}

static void effect_name(struct decide_effect *row, const struct ladder *l, uint32_t unit)
{
	struct buffer what, name;

	BUFFER_OVER(&what, row->what);
	BUFFER_OVER(&name, row->unit);
	if (unit >= l->config->units.count) {
		step_format(l, l->at->step, &what);
		return;
	}
	buffer_add(&name, config_unit_at(l->config, unit)->name);
	buffer_addf(&what, "%s %s", verb_words[ladder_step(l, l->at->step)->verb].name, row->unit);
	step_format_bytes(ladder_step(l, l->at->step), &what);
}

static struct decide_effect *effect_begin(struct decide *decide, const struct ladder *l, uint32_t unit)
{
	struct decide_effect *row = effect_of(decide, l);

	if (row == NULL)
		row = effect_free(decide);
	effect_drop(decide, row);
	row->key = l->at->key;
	row->firing = l->at->firing;
	row->step = l->at->step;
	row->asked_at = l->now;
	row->held = EFFECT_UNKNOWN;
	row->available[EFFECT_ASKED] = row->full[EFFECT_ASKED] = row->some[EFFECT_ASKED] = EFFECT_UNKNOWN;
	effect_name(row, l, unit);
	return row;
}

void decide_effect_ask(struct decide *decide, const struct ladder *l, uint32_t unit)
{
	const struct state_reading *anon =
		unit < l->config->units.count ? &decide->state->unit[unit].readings[UNIT_ANON] : NULL;
	struct decide_effect *row;

	if (!effect_is_measured(decide, l))
		return;
	row = effect_begin(decide, l, unit);
	effect_take(decide, row, EFFECT_ASKED, 0);
	if (anon != NULL && anon->known == STATE_KNOWN)
		row->held = anon->value;
}

void decide_effect_prove(struct decide *decide, const struct ladder *l, uint32_t unit)
{
	struct decide_effect *row = effect_of(decide, l);

	if (!effect_is_measured(decide, l))
		return;
	if (row == NULL) /* asked by a sentinel before this one */
		row = effect_begin(decide, l, unit);
	effect_take(decide, row, EFFECT_PROVED, 0);
	row->proved_at = l->now;
}

void decide_effect_leave(struct decide *decide, const struct ladder *l)
{
	struct decide_effect *row = effect_of(decide, l);

	if (row != NULL)
		effect_drop(decide, row);
}

void decide_effect_settle(struct decide *decide, const struct ladder *l)
{
	struct decide_effect *row = effect_of(decide, l);

	if (row == NULL || row->at != EFFECT_PROVED)
		return;
	effect_take(decide, row, EFFECT_SETTLED, row->proved_at);
	row->settled_at = l->now;
	decide->unsaid++;
}

/* --- in words ------------------------------------------------------------------------------------ */

static void effect_add_size(struct buffer *b, const char *before, int64_t bytes)
{
	buffer_addf(b, "%s%lld MiB", before, (long long)(bytes / (1024 * 1024)));
}

/* "host.pressure.full 12.0 % -> 0.4 %"; what is unknown is left out. True: something was said. */
static bool effect_add_pressure(struct buffer *b, const char *before, int64_t asked, int64_t settled)
{
	if (settled == EFFECT_UNKNOWN)
		return false;
	buffer_add(b, before);
	if (asked != EFFECT_UNKNOWN)
		buffer_addf(b, "%.1f %% -> ", (double)asked / 1000);
	buffer_addf(b, "%.1f %%", (double)settled / 1000);
	return true;
}

/* "it held 232 MiB; host.available 84 MiB -> 310 MiB at its proof, 305 MiB 3.0 s later" */
static void effect_add_memory(struct buffer *b, const struct decide_effect *row)
{
	const int64_t *available = row->available;
	const char *before = " -> ";
	char span[32];

	if (row->held != EFFECT_UNKNOWN)
		effect_add_size(b, "; it held ", row->held);
	if (available[EFFECT_ASKED] != EFFECT_UNKNOWN)
		effect_add_size(b, "; host.available ", available[EFFECT_ASKED]);
	else
		before = "; host.available ";
	if (available[EFFECT_PROVED] != EFFECT_UNKNOWN) {
		effect_add_size(b, before, available[EFFECT_PROVED]);
		buffer_add(b, " at its proof");
		before = ", ";
	}
	if (available[EFFECT_SETTLED] != EFFECT_UNKNOWN) {
		effect_add_size(b, before, available[EFFECT_SETTLED]);
		buffer_addf(b, " %s later", clock_format_span(row->settled_at - row->proved_at, span));
	}
}

/* Something is known of how it is since. */
static bool effect_is_known(const struct decide_effect *row)
{
	return row->available[EFFECT_PROVED] != EFFECT_UNKNOWN || row->available[EFFECT_SETTLED] != EFFECT_UNKNOWN ||
	       row->full[EFFECT_SETTLED] != EFFECT_UNKNOWN || row->some[EFFECT_SETTLED] != EFFECT_UNKNOWN;
}

/* All of it, for the log. */
static void effect_format(const struct decide_effect *row, struct buffer *text)
{
	char said[TEXT_BYTES];
	struct buffer b;
	bool full;

	if (!effect_is_known(row))
		return;
	BUFFER_OVER(&b, said);
	effect_add_memory(&b, row);
	full = effect_add_pressure(&b, "; host.pressure.full ", row->full[EFFECT_ASKED], row->full[EFFECT_SETTLED]);
	(void)effect_add_pressure(&b, full ? ", some " : "; host.pressure.some ", row->some[EFFECT_ASKED],
				  row->some[EFFECT_SETTLED]);
	buffer_addf(text, "%s: %s", row->what, said + 2);
}

/* "; 3.0 s after stop xtts: host.available 84 MiB -> 305 MiB, host.pressure.full 12.0 % -> 0.4 %" */
static void effect_format_brief(const struct decide_effect *row, struct buffer *text)
{
	int64_t asked = row->available[EFFECT_ASKED], settled = row->available[EFFECT_SETTLED];
	char said[TEXT_BYTES], span[32];
	struct buffer b;

	BUFFER_OVER(&b, said);
	if (settled != EFFECT_UNKNOWN) {
		if (asked != EFFECT_UNKNOWN)
			effect_add_size(&b, ", host.available ", asked);
		effect_add_size(&b, asked != EFFECT_UNKNOWN ? " -> " : ", host.available ", settled);
	}
	(void)effect_add_pressure(&b, ", host.pressure.full ", row->full[EFFECT_ASKED], row->full[EFFECT_SETTLED]);
	if (b.len > 0)
		buffer_addf(text, "; %s after %s: %s", clock_format_span(row->settled_at - row->proved_at, span), row->what,
			    said + 2);
}

bool decide_next_effect(struct decide *decide, uint32_t instance, struct order *order)
{
	const struct config_instance *at = config_instance_at(decide->config, instance);
	uint64_t key = decide->memory->instance[instance].key;

	for (int i = 0; i < EFFECTS_MAX && decide->unsaid > 0; i++) {
		struct decide_effect *row = &decide->effect[i];
		struct buffer text;

		if (row->key != key || row->at != EFFECT_SETTLED)
			continue;
		row->at = EFFECT_SAID;
		decide->unsaid--;
		*order = (struct order){.kind = ORDER_EFFECT, .severity = SEVERITY_INFO, .instance = instance,
					.rule = at->rule, .unit = at->unit, .step = row->step, .firing = row->firing};
		if (row->unit[0] != '\0')
			order->unit = config_find_unit(decide->config, row->unit);
		BUFFER_OVER(&text, order->text);
		effect_format(row, &text);
		if (text.len > 0)
			return true;
	}
	return false;
}

static bool effect_is_to_tell(const struct decide_effect *row, const struct ladder *l)
{
	return row->at == EFFECT_SAID && row->key == l->at->key && row->firing == l->at->firing;
}

void decide_effect_format(const struct decide *decide, const struct ladder *l, struct buffer *text)
{
	for (int i = 0; i < EFFECTS_MAX; i++)
		if (effect_is_to_tell(&decide->effect[i], l))
			effect_format_brief(&decide->effect[i], text);
}

void decide_effect_told(struct decide *decide, const struct ladder *l)
{
	for (int i = 0; i < EFFECTS_MAX; i++)
		if (effect_is_to_tell(&decide->effect[i], l))
			effect_drop(decide, &decide->effect[i]);
}
