/* What follows the first alert of a firing: in which thread it goes, when it is told again, and that a person has
 * seen it. All of it stands in the ladder, in the ledger, so that a kill -9 changes nothing. */
#include <stdatomic.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/title.h"
#include "decide/decide_parts.h"
#include "decide/heard.h"
#include "decide/walk.h"

/* Seconds since boot, from 1: 0 is "none". */
static uint32_t decide_second(mono_ms now)
{
	return (uint32_t)(now / 1000) + 1;
}

static enum severity decide_severity(const struct ladder *l)
{
	return ladder_has(l, LADDER_CRITICAL) ? SEVERITY_CRITICAL : (enum severity)l->rule->severity;
}

/* Somebody was told, it goes on, and nobody has said "seen". */
static bool decide_repeats(const struct ladder *l)
{
	return l->at->firing != 0 && l->at->phase != LADDER_CLEARING && ladder_has(l, LADDER_SAID) &&
	       !ladder_has(l, LADDER_ACKED) && !ladder_is_momentary(l);
}

static uint32_t decide_repeat_ms(const struct ladder *l)
{
	const struct heard heard = {.rule = config_instance_at(l->config, l->instance)->rule,
				    .unit = l->unit,
				    .severity = decide_severity(l)};

	return heard_repeat_ms(l->config, &heard);
}

void decide_look_repeat(struct ladder *l)
{
	uint32_t ms;

	if (!decide_repeats(l) || l->at->repeat_s != 0)
		return;
	ms = decide_repeat_ms(l);
	if (ms != CONFIG_NEVER)
		l->at->repeat_s = decide_second(l->now + ms + 999); /* not a second early */
}

bool decide_next_repeat(struct decide *decide, uint32_t instance, mono_ms now, struct order *order)
{
	char seen[TEXT_BYTES], title[TITLE_BYTES], span[32];
	struct ladder ladder;
	struct buffer text;

	if (!decide_ladder(decide, instance, false, now, &ladder) || !decide_repeats(&ladder) ||
	    ladder.at->repeat_s == 0 || ladder.at->repeat_s > decide_second(now))
		return false;
	if (decide_repeat_ms(&ladder) == CONFIG_NEVER) { /* since a reload */
		ladder.at->repeat_s = 0;
		return false;
	}
	BUFFER_OVER(&text, seen);
	decide_format_seen(decide, instance, now, &text);
	decide_format_title(decide, instance, now, title);
	*order = (struct order){.kind = ORDER_REPEAT, .severity = decide_severity(&ladder), .instance = instance,
				.rule = config_instance_at(decide->config, instance)->rule, .unit = ladder.unit,
				.firing = ladder.at->firing, .thread = ladder_thread(&ladder), .verb = VERB_ALERT};
	(void)clock_format_span(now - ladder.at->began, span);
	BUFFER_OVER(&text, order->text);
	buffer_addf(&text, "still, for %s: %s", span, seen);
	decide_effect_format(decide, &ladder, &text);
	BUFFER_OVER(&text, order->title);
	buffer_addf(&text, "still, for %s: %s", span, title);
	title_bound(order->title);
	return true;
}

void decide_sent(struct decide *decide, const struct order *order, uint64_t thread, mono_ms now)
{
	struct ladder ladder;

	if (decide_ladder(decide, order->instance, false, now, &ladder) &&
	    (order->firing == 0 || ladder.at->firing == order->firing))
		ladder.at->thread = thread;
	decide_acknowledge(decide, now);
}

static enum walk_told decide_told(const struct order *order, const struct ladder *ladder)
{
	if (order->kind == ORDER_REPEAT)
		return WALK_REPEAT;
	return order->kind == ORDER_REPLY ? WALK_REPLY : walk_told(ladder);
}

void decide_tell_begin(struct decide *decide, const struct order *order, mono_ms now)
{
	struct ledger_telling *telling = &decide->ledger->telling;
	struct ladder ladder;

	decide_tell_end(decide);
	if (!decide_ladder(decide, order->instance, false, now, &ladder))
		return;
	telling->key = ladder.at->key;
	telling->as = decide_told(order, &ladder);
}

void decide_tell_end(struct decide *decide)
{
	atomic_store_explicit(&decide->ledger->telling.entry, 0, memory_order_seq_cst);
	decide->ledger->telling.key = 0;
}

/* A kill -9 from before the entry was open: it will be told. From then on: it was. */
void decide_resume_telling(struct decide *decide, mono_ms now)
{
	const struct ledger_telling *telling = &decide->ledger->telling;
	const struct ledger_entry *entry = telling->entry != 0 ? ledger_find(decide->ledger, telling->entry) : NULL;
	struct ladder ladder;

	for (uint32_t i = 0; entry != NULL && i < decide->config->instances.count; i++) {
		if (decide->memory->instance[i].key != telling->key ||
		    !decide_ladder(decide, i, false, now, &ladder))
			continue;
		ladder.at->thread = entry->thread;
		walk_acknowledge(&ladder, (enum walk_told)telling->as);
	}
	decide_tell_end(decide);
}

uint64_t decide_thread(struct decide *decide, uint32_t instance, enum severity *severity, mono_ms now)
{
	struct ladder ladder;

	if (instance >= decide->config->instances.count || !decide_ladder(decide, instance, false, now, &ladder))
		return 0;
	*severity = decide_severity(&ladder);
	return ladder_thread(&ladder);
}

static void decide_add_acked(const struct ladder *l, uint32_t n, struct buffer *said)
{
	buffer_addf(said, "%s%s", n > 0 ? ", " : "", l->rule->name);
	if (l->unit < l->config->units.count)
		buffer_addf(said, " of %s", config_unit_at(l->config, l->unit)->name);
}

uint32_t decide_ack(struct decide *decide, uint64_t thread, struct buffer *said, mono_ms now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < decide->config->instances.count; i++) {
		struct ladder ladder;

		if (!decide_ladder(decide, i, false, now, &ladder) || ladder.at->thread == 0 ||
		    (thread == 0 ? !decide_repeats(&ladder) : ladder.at->thread != thread))
			continue;
		decide_add_acked(&ladder, n++, said);
		if (ladder.at->firing == 0)
			continue; /* it is over: nothing would have followed from here */
		ladder.at->flags |= LADDER_ACKED;
		ladder.at->repeat_s = 0;
		decide_row(decide, i, now);
	}
	return n;
}
