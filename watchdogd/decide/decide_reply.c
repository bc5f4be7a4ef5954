/* What is told besides the ladders: the reply to a death, what became of it; and, for the log
 * alone, events that `after` has counted. That a reply is owed is a flag of the ladder in the
 * ledger, so it goes out after a kill -9 too. */
#include <stddef.h>
#include <string.h>

#include "base/buffer.h"
#include "base/title.h"
#include "decide/decide_parts.h"
#include "decide/walk.h"

/* It told a death and owes the reply, or has an older one still to tell. */
static bool decide_reply_may_owe(struct decide *decide, uint32_t instance, mono_ms now)
{
	struct ladder ladder;

	if (decide_event_next(decide, instance) != NULL)
		return true;
	return decide_ladder(decide, instance, false, now, &ladder) &&
	       (ladder_has(&ladder, LADDER_REPLY) || ladder.at->firing != 0);
}

void decide_reply(struct decide *decide, const struct event *event, mono_ms now)
{
	uint32_t first = CONFIG_NONE;
	bool some = false;

	for (uint32_t i = 0; i < decide->config->instances.count; i++) {
		const struct config_instance *instance = config_instance_at(decide->config, i);
		const struct config_rule *rule = config_rule_at(decide->config, instance->rule);

		if (!rule->is_event || rule->event != event->kind || instance->unit != event->unit)
			continue;
		first = first == CONFIG_NONE ? i : first;
		if (!decide_reply_may_owe(decide, i, now))
			continue;
		some = true;
		(void)decide_event_take(decide, i, event, DECIDE_REPLY);
	}
	if (!some && first != CONFIG_NONE) /* nobody was told of the death: once, for the log */
		(void)decide_event_take(decide, first, event, DECIDE_REPLY);
}

/* The deaths before it have been told, as far as they will be. */
static bool decide_reply_is_due(struct decide *decide, const struct decide_event *reply,
				mono_ms now)
{
	const struct decide_event *waits = decide_event_next(decide, reply->instance);
	const struct decide_event *fires = decide_event_firing(decide, reply->instance);
	struct ladder ladder;

	if (waits != NULL && waits->number < reply->number)
		return false;
	if (fires == NULL || fires->number > reply->number ||
	    !decide_ladder(decide, reply->instance, false, now, &ladder) || ladder.at->firing == 0)
		return true;
	return ladder_has(&ladder, LADDER_SAID) ||
	       (ladder_has(&ladder, LADDER_HELD) && !ladder_has(&ladder, LADDER_GIVE_UP));
}

static struct decide_event *decide_reply_due(struct decide *decide, mono_ms now)
{
	struct decide_event *due = NULL;

	for (int i = 0; i < EVENTS_MAX; i++) {
		struct decide_event *e = &decide->event[i];

		if (e->number != 0 && e->role == DECIDE_REPLY &&
		    (due == NULL || e->number < due->number) && decide_reply_is_due(decide, e, now))
			due = e;
	}
	return due;
}

static void decide_reply_order(const struct decide *decide, uint32_t instance, struct order *order,
			       struct buffer *text)
{
	const struct config_instance *row = config_instance_at(decide->config, instance);

	*order = (struct order){.kind = ORDER_TELL,
				.severity = SEVERITY_INFO,
				.instance = instance,
				.rule = row->rule,
				.unit = row->unit};
	BUFFER_OVER(text, order->text);
}

bool decide_next_reply(struct decide *decide, struct order *order, mono_ms now)
{
	struct decide_event *e = decide->apart > 0 ? decide_reply_due(decide, now) : NULL;
	struct ladder ladder;
	struct buffer text;

	if (e == NULL)
		return false;
	decide_reply_order(decide, e->instance, order, &text);
	buffer_add(&text, e->event.text);
	if (!decide_ladder(decide, e->instance, false, now, &ladder) ||
	    !ladder_has(&ladder, LADDER_REPLY)) {
		decide_event_drop(decide, e);
		return true;
	}
	order->kind = ORDER_REPLY;
	order->thread = ladder.at->thread;
	if (e->event.title[0] != '\0')
		memcpy(order->title, e->event.title, sizeof(order->title));
	else
		title_of(order->title, e->event.text);
	order->severity = ladder_has(&ladder, LADDER_CRITICAL)
				  ? SEVERITY_CRITICAL
				  : (enum severity)ladder.rule->severity;
	decide->handed_reply = 1 + (uint32_t)(e - decide->event);
	return true;
}

void decide_acknowledge_reply(struct decide *decide, mono_ms now)
{
	struct decide_event *e;
	struct ladder ladder;

	if (decide->handed_reply == 0)
		return;
	e = &decide->event[decide->handed_reply - 1];
	decide->handed_reply = 0;
	if (decide_ladder(decide, e->instance, false, now, &ladder))
		walk_acknowledge(&ladder, WALK_REPLY);
	decide_event_drop(decide, e);
}

/* "1 of 3 within 5m: ..." */
static void decide_note(struct decide *decide, struct decide_event *e, struct order *order)
{
	const struct config_rule *rule;
	struct buffer text;

	decide_reply_order(decide, e->instance, order, &text);
	rule = config_rule_at(decide->config, order->rule);
	buffer_addf(&text, "%u of %u within ", e->within, rule->after_n);
	after_format_span(rule->after_for_ms, &text);
	buffer_addf(&text, ": %s", e->event.text);
	decide_event_drop(decide, e);
}

bool decide_next_note(struct decide *decide, struct order *order)
{
	struct decide_event *e =
		decide->apart > 0 ? decide_event_oldest(decide, DECIDE_NOTE, CONFIG_NONE) : NULL;
	struct buffer text;

	if (e != NULL) {
		decide_note(decide, e, order);
		return true;
	}
	if (decide->untold == 0 && decide->after.given_way == 0)
		return false;
	decide_reply_order(decide, decide->untold_of, order, &text);
	order->severity = SEVERITY_WARNING;
	if (decide->untold > 0)
		buffer_addf(&text, "%u events or replies more, without room to be told each",
			    decide->untold);
	else
		buffer_addf(&text, "%u counts of `after` began anew: more than %d at a time",
			    decide->after.given_way, AFTER_MAX);
	if (decide->untold > 0)
		decide->untold = 0;
	else
		decide->after.given_way = 0;
	return true;
}
