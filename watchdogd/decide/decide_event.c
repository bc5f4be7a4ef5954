/* Events wait here for their ladder: each is told, none is acted on twice. One that comes while the
 * ladder of its rule and unit is under way begins a firing of its own when that has ended. What
 * `after` has counted and does not let fire is here until it is told to the log. */
#include "decide/decide_parts.h"

#include <stddef.h>

struct decide_event *decide_event_oldest(struct decide *decide, enum decide_role role,
					 uint32_t instance)
{
	struct decide_event *oldest = NULL;

	for (int i = 0; i < EVENTS_MAX; i++) {
		struct decide_event *e = &decide->event[i];

		if (e->number != 0 && e->role == role &&
		    (instance == CONFIG_NONE || e->instance == instance) &&
		    (oldest == NULL || e->number < oldest->number))
			oldest = e;
	}
	return oldest;
}

struct decide_event *decide_event_next(struct decide *decide, uint32_t instance)
{
	return decide_event_oldest(decide, DECIDE_WAITS, instance);
}

struct decide_event *decide_event_firing(struct decide *decide, uint32_t instance)
{
	uint8_t place = decide->memory->instance[instance].event;

	return place != 0 ? &decide->event[place - 1] : NULL;
}

static bool decide_event_is_apart(const struct decide_event *e)
{
	return e->role == DECIDE_NOTE || e->role == DECIDE_REPLY;
}

void decide_event_drop(struct decide *decide, struct decide_event *e)
{
	if (e->number != 0 && decide_event_is_apart(e))
		decide->apart--;
	e->number = 0;
}

static void decide_event_untold(struct decide *decide, uint32_t instance)
{
	decide->untold++;
	decide->untold_of = instance;
}

/* A free place; what is to fire takes that of a line for the log. */
static struct decide_event *decide_event_free(struct decide *decide, enum decide_role role)
{
	struct decide_event *note;

	for (int i = 0; i < EVENTS_MAX; i++)
		if (decide->event[i].number == 0)
			return &decide->event[i];
	note = role == DECIDE_NOTE ? NULL : decide_event_oldest(decide, DECIDE_NOTE, CONFIG_NONE);
	if (note != NULL) {
		decide_event_untold(decide, note->instance);
		decide_event_drop(decide, note);
	}
	return note;
}

struct decide_event *decide_event_take(struct decide *decide, uint32_t instance,
				       const struct event *event, enum decide_role role)
{
	struct decide_event *e = decide_event_free(decide, role);

	if (e != NULL) {
		e->number = ++decide->events;
		e->instance = instance;
		e->role = role;
		e->within = 0;
		e->event = *event;
		decide->apart += decide_event_is_apart(e);
	} else if (role != DECIDE_WAITS) {
		decide_event_untold(decide, instance);
	}
	return e;
}

/* No room to keep it: it is counted, and the count told in the next alert. */
static void decide_event_count(struct ladder *ladder)
{
	if (ladder->at->held_back < UINT16_MAX)
		ladder->at->held_back++;
}

/* `after`, before anything else: does it fire? */
static void decide_event_keep(struct decide *decide, uint32_t instance, const struct event *event,
			      mono_ms now)
{
	const struct config_instance *row = config_instance_at(decide->config, instance);
	mono_ms at = event->at != 0 && event->at < now ? event->at : now;
	struct ladder ladder;
	struct decide_event *e;
	uint32_t within;
	bool fires = after_count(&decide->after, config_rule_at(decide->config, row->rule),
				 decide->memory->instance[instance].key, event->count, at, &within);

	e = decide_event_take(decide, instance, event, fires ? DECIDE_WAITS : DECIDE_NOTE);
	if (e != NULL)
		e->within = within;
	else if (fires && decide_ladder(decide, instance, true, now, &ladder))
		decide_event_count(&ladder);
}

bool decide_keeps_events(const struct decide *decide)
{
	for (int i = 0; i < EVENTS_MAX; i++)
		if (decide->event[i].number != 0 &&
		    (decide->event[i].role == DECIDE_WAITS || decide->event[i].role == DECIDE_NOTE))
			return true;
	return false;
}

/* A state begins once and ends once; that it is told again changes nothing. */
static void decide_event_state(struct decide *decide, uint32_t instance, const struct event *event,
			       mono_ms now)
{
	struct decide_instance *mine = &decide->memory->instance[instance];
	struct ladder ladder;
	bool fires = decide_ladder(decide, instance, false, now, &ladder) && ladder.at->firing != 0;
	struct decide_event *waits = decide_event_next(decide, instance);

	if (event->ended) {
		mine->counted = false;
		if (fires)
			ladder.at->flags &= (uint16_t)~LADDER_STATE;
		if (waits != NULL)
			decide_event_drop(decide, waits);
	} else if (fires && ladder.at->phase != LADDER_CLEARING) {
		ladder.at->flags |= LADDER_STATE;
	} else if (waits == NULL && !(mine->counted && ladder.rule->after_n > 1)) {
		mine->counted = true;
		decide_event_keep(decide, instance, event, now);
	}
}

void decide_event(struct decide *decide, const struct event *event, mono_ms now)
{
	if (event->reply) {
		decide_reply(decide, event, now);
		return;
	}
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
