/* What is given back: of the units that carry our mark, the last shed first, one at a time, each watched for the
 * longest `settle` before the next. Why each is not given back yet stands on the state page. */
#include <stddef.h>
#include <string.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "decide/decide_parts.h"
#include "decide/restorable.h"

enum { DECIDE_AGAIN_MS = 10000 }; /* what was not done is not tried again before */

static const struct config_rule *decide_restore_rule(const struct decide *decide, uint32_t instance)
{
	return config_rule_at(decide->config, config_instance_at(decide->config, instance)->rule);
}

/* The longest of all that have one: whose it was is forgotten when the mark is. */
static uint32_t decide_restore_settle_ms(const struct decide *decide)
{
	uint32_t settle = 0;

	for (uint32_t i = 0; i < decide->config->rules.count; i++) {
		const struct config_rule *rule = config_rule_at(decide->config, i);

		if (rule->restore.count > 0 && rule->settle_ms > settle)
			settle = rule->settle_ms;
	}
	return settle;
}

void decide_restored(struct decide *decide, bool done, mono_ms now)
{
	decide->restoring.next_at = now + (done ? decide_restore_settle_ms(decide) : DECIDE_AGAIN_MS);
}

void decide_restore_begin(struct decide *decide, mono_ms now)
{
	decide->restoring = (struct decide_restoring){.unit = CONFIG_NONE, .instance = CONFIG_NONE};
	/* One may have been given back just before. */
	decide_restored(decide, true, now);
}

/* At each look, marked or not: so that each `for` knows what was. */
static void decide_restore_judge(struct decide *decide, mono_ms now)
{
	for (uint32_t i = 0; i < decide->config->instances.count; i++) {
		const struct config_rule *rule = decide_restore_rule(decide, i);
		struct condition condition;

		if (rule->restore.count == 0)
			continue;
		condition = decide_condition(decide, i, now);
		decide->memory->instance[i].restore = (uint8_t)condition_evaluate(&condition, rule->restore).truth;
	}
}

/* Of the marks the one that was shed last before `before`, or NULL. */
static const struct ledger_mark *decide_restore_before(const struct ledger *ledger, const struct ledger_mark *before)
{
	const struct ledger_mark *found = NULL;

	for (int i = 0; i < MARKS_MAX; i++) {
		const struct ledger_mark *mark = &ledger->marks[i];

		if (mark->unit[0] == '\0' || (before != NULL && (mark->shed > before->shed ||
								 (mark->shed == before->shed && mark >= before))))
			continue;
		if (found == NULL || mark->shed > found->shed || (mark->shed == found->shed && mark > found))
			found = mark;
	}
	return found;
}

/* It goes before those of its rules that were shed earlier: not for good, nor because it cannot be given back. A swap
 * file that there is no room without is of use to those as it is. */
static bool decide_restore_goes_first(const struct restorable *r)
{
	if (r->unit == CONFIG_NONE && r->why == RESTORABLE_NO_ROOM)
		return false;
	return r->why != RESTORABLE_OWED && r->why != RESTORABLE_NEVER && r->why != RESTORABLE_BACKOFF &&
	       r->why != RESTORABLE_REFUSED;
}

static bool decide_restore_is_idle(const struct decide *decide, mono_ms now)
{
	if (now < decide->restoring.next_at)
		return false;
	for (uint32_t i = 0; i < decide->config->units.count; i++)
		if (decide->state->unit[i].busy != 0)
			return false;
	return !decide->state->swap.going_off;
}

static void decide_restore_say(struct decide *decide, const struct restorable *r, const char *after, mono_ms now)
{
	struct buffer text;

	if (r->unit == CONFIG_NONE)
		BUFFER_OVER(&text, decide->state->swap.restore);
	else
		BUFFER_OVER(&text, decide->state->unit[r->unit].restore);
	if (r->why != RESTORABLE_YES)
		restorable_say(decide, r, after, now, &text);
}

/* The first that goes before this one, of those that were judged before it; NULL: none. */
static const char *decide_restore_after(const struct ledger_mark *const *first, uint32_t n,
					const struct ledger_mark *mark)
{
	for (uint32_t i = 0; i < n; i++)
		if (restorable_is_akin(first[i], mark))
			return first[i]->unit;
	return NULL;
}

static void decide_restore_look_at_marks(struct decide *decide, mono_ms now)
{
	const struct ledger_mark *first[MARKS_MAX], *mark = NULL;
	bool idle = decide_restore_is_idle(decide, now);
	uint32_t n = 0;

	while ((mark = decide_restore_before(decide->ledger, mark)) != NULL) {
		uint32_t unit = config_find_unit(decide->config, mark->unit);
		const char *after = decide_restore_after(first, n, mark);
		struct restorable r;

		if (unit == CONFIG_NONE && (mark->kind != STATE_MARK_SWAP || !decide->state->swap.on))
			continue;
		restorable_judge(decide, mark, unit, now, &r);
		if (r.why == RESTORABLE_YES && after != NULL)
			r.why = RESTORABLE_AFTER;
		else if (r.why == RESTORABLE_YES && (!idle || decide->restoring.instance != CONFIG_NONE))
			r.why = RESTORABLE_BUSY;
		if (r.why == RESTORABLE_YES) {
			decide->restoring.unit = unit;
			decide->restoring.swap = unit == CONFIG_NONE;
			decide->restoring.instance = r.instance;
		}
		if (decide_restore_goes_first(&r))
			first[n++] = mark;
		decide_restore_say(decide, &r, after, now);
	}
}

static bool decide_restore_has_marks(const struct ledger *ledger)
{
	for (int i = 0; i < MARKS_MAX; i++)
		if (ledger->marks[i].unit[0] != '\0')
			return true;
	return false;
}

/* What is said of a unit ends with its mark. */
static void decide_restore_forget(struct decide *decide)
{
	for (uint32_t i = 0; i < decide->config->units.count; i++)
		decide->state->unit[i].restore[0] = '\0';
	decide->state->swap.restore[0] = '\0';
}

void decide_restore_look(struct decide *decide, mono_ms now)
{
	bool some = decide_restore_has_marks(decide->ledger);

	decide->restoring.unit = decide->restoring.instance = CONFIG_NONE;
	decide_restore_judge(decide, now);
	if (some || decide->restoring.some)
		decide_restore_forget(decide);
	decide->restoring.some = some;
	if (some)
		decide_restore_look_at_marks(decide, now);
}

/* The worst of its rules: as those were told who hear of it. */
static enum severity decide_restore_severity(const struct decide *decide, const struct ledger_mark *mark)
{
	uint32_t severity = SEVERITY_INFO;

	for (uint32_t i = 0; i < decide->config->rules.count; i++) {
		const struct config_rule *rule = config_rule_at(decide->config, i);

		if (ledger_mark_has(mark, rule->name) && rule->severity > severity)
			severity = rule->severity;
	}
	return (enum severity)severity;
}

/* The mark of what is to be handed out in this look, or NULL. */
static const struct ledger_mark *decide_restore_mark(const struct decide *decide)
{
	uint32_t unit = decide->restoring.unit;

	if (decide->restoring.instance == CONFIG_NONE)
		return NULL;
	if (unit == CONFIG_NONE)
		return decide->restoring.swap ? ledger_mark_find(decide->ledger, LEDGER_SWAP_MARK) : NULL;
	return ledger_mark_find(decide->ledger, config_unit_at(decide->config, unit)->name);
}

/* "; at its peak it takes 1.5 GiB more" */
static void decide_restore_say_size(const struct restorable *r, struct buffer *text)
{
	buffer_add(text, r->unit != CONFIG_NONE ? "; at its peak it takes " : "; used on it are ");
	bytes_format(text, r->taken_bytes);
	buffer_add(text, r->unit != CONFIG_NONE ? " more" : "");
}

bool decide_restore_next(struct decide *decide, struct order *order, mono_ms now)
{
	uint32_t unit = decide->restoring.unit, instance = decide->restoring.instance;
	const struct ledger_mark *mark = decide_restore_mark(decide);
	struct restorable r;
	struct buffer text;

	decide->restoring.unit = decide->restoring.instance = CONFIG_NONE;
	if (mark == NULL || (decide->dry_run && decide->restoring.said == mark->shed))
		return false;
	decide->restoring.said = mark->shed;
	restorable_judge(decide, mark, unit, now, &r);
	if (r.why != RESTORABLE_YES) /* a step of this look came first */
		return false;
	*order = (struct order){.kind = ORDER_RESTORE, .severity = decide_restore_severity(decide, mark),
				.instance = instance, .unit = unit, .thread = mark->thread,
				.rule = config_instance_at(decide->config, instance)->rule,
				.verb = restorable_verb((unsigned)mark->kind)};
	BUFFER_OVER(&text, order->text);
	restorable_say(decide, &r, "", now, &text);
	decide_restore_say_size(&r, &text);
	return true;
}
