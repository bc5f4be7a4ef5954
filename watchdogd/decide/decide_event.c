/* Events wait here for their ladder: each is told, none is acted on twice. One that comes while the
 * ladder of its rule and unit is under way begins a firing of its own when that has ended. */
#include "decide/decide_parts.h"

#include <stddef.h>

struct decide_event *decide_event_next(struct decide *decide, uint32_t instance)
{
	struct decide_event *oldest = NULL;

	for (int i = 0; i < EVENTS_MAX; i++) {
		struct decide_event *e = &decide->event[i];

		if (e->number != 0 && !e->fires && e->instance == instance &&
		    (oldest == NULL || e->number < oldest->number))
			oldest = e;
	}
	return oldest;
}

struct decide_event *decide_event_firing(struct decide *decide, uint32_t instance)
{
	uint8_t place = decide->memory->instance[instance].event;

	return place != 0 ? &decide->event[place - 1] : NULL;
}

static struct decide_event *decide_event_free(struct decide *decide)
{
	for (int i = 0; i < EVENTS_MAX; i++)
		if (decide->event[i].number == 0)
			return &decide->event[i];
	return NULL;
}

/* No room to keep it: it is counted, and the count told in the next alert. */
static void decide_event_count(struct ladder *ladder)
{
	if (ladder->at->held_back < UINT16_MAX)
		ladder->at->held_back++;
}

static void decide_event_keep(struct decide *decide, uint32_t instance, const struct event *event,
			      mono_ms now)
{
	struct decide_event *e = decide_event_free(decide);
	struct ladder ladder;

	if (e != NULL) {
		e->number = ++decide->events;
		e->instance = instance;
		e->fires = false;
		e->event = *event;
	} else if (decide_ladder(decide, instance, true, now, &ladder)) {
		decide_event_count(&ladder);
	}
}

bool decide_keeps_events(const struct decide *decide)
{
	for (int i = 0; i < EVENTS_MAX; i++)
		if (decide->event[i].number != 0 && !decide->event[i].fires)
			return true;
	return false;
}

/* A state begins once and ends once; that it is told again changes nothing. */
static void decide_event_state(struct decide *decide, uint32_t instance, const struct event *event,
			       mono_ms now)
{
	struct ladder ladder;
	bool fires = decide_ladder(decide, instance, false, now, &ladder) && ladder.at->firing != 0;
	struct decide_event *waits = decide_event_next(decide, instance);

	if (event->ended) {
		if (fires)
			ladder.at->flags &= (uint16_t)~LADDER_STATE;
		if (waits != NULL)
			waits->number = 0;
	} else if (fires && ladder.at->phase != LADDER_CLEARING) {
		ladder.at->flags |= LADDER_STATE;
	} else if (waits == NULL) {
		decide_event_keep(decide, instance, event, now);
	}
}

void decide_event(struct decide *decide, const struct event *event, mono_ms now)
{
	for (uint32_t i = 0; i < decide->config->instances.count; i++) {
		const struct config_instance *instance = config_instance_at(decide->config, i);
		const struct config_rule *rule = config_rule_at(decide->config, instance->rule);

		if (!rule->is_event || rule->event != event->kind || instance->unit != event->unit)
			continue;
		if (event_words[event->kind].has_state)
			decide_event_state(decide, i, event, now);
		else
			decide_event_keep(decide, i, event, now);
	}
}
