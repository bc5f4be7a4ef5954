#include "see/reply.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/title.h"
#include "see/death.h"
#include "see/source.h"

enum { REPLY_TICK_MS = 20 }; /* start times come in ticks of 10 ms */

void reply_begin(struct see *see, struct unit *unit, mono_ms at)
{
	see->deaths.replies++;
	unit->watched.reply_at = at;
	unit->watched.restarted = false;
}

static bool reply_is_restart(uint8_t busy)
{
	return busy == 1 + VERB_RESTART || busy == 1 + VERB_START;
}

static bool reply_is_back(const struct unit_watched *watched, mono_ms now)
{
	return watched->count > 0 && watched->since + REPLY_TICK_MS >= watched->reply_at &&
	       now >= watched->since + DEATH_BACK_MS;
}

static void reply_add_back(const struct unit_watched *watched, const char *name, struct buffer *b)
{
	mono_ms after = watched->since > watched->reply_at ? watched->since - watched->reply_at : 0;
	char span[32];

	buffer_addf(b, "%s %s (pid %" PRId32 ") after %s", name,
		    watched->restarted ? "was restarted by watchdogd" : "is back", watched->pid,
		    clock_format_span(after, span));
	if (!watched->restarted && watched->parent > 1 && watched->parent_comm[0] != '\0')
		buffer_addf(b, ", started by %s", watched->parent_comm);
}

/* False: nothing has become of it yet. */
static bool reply_add(const struct see *see, const struct unit *unit, struct buffer *b, mono_ms now)
{
	char name[NAME_BYTES], span[32];

	death_name(see, (uint16_t)(unit - see->units.row), unit->watched.comm, name);
	buffer_addf(b, "%s: ", config_unit_at(see->with.config, unit->index)->name);
	if (reply_is_back(&unit->watched, now))
		reply_add_back(&unit->watched, name, b);
	else if (unit->liveness.dead_told)
		buffer_addf(b, "%s is not back after %s; the unit is dead", name,
			    clock_format_span(now - unit->watched.reply_at, span));
	else if (unit->liveness.alive == STATE_STOPPED)
		buffer_addf(b, "%s is not back: the unit was stopped on purpose", name);
	else
		return false;
	return true;
}

static bool reply_tell(struct see *see, const struct unit *unit, mono_ms now)
{
	char text[TEXT_BYTES];
	struct event *event;
	struct buffer b;

	BUFFER_OVER(&b, text);
	if (see->with.events->count == EVENTS_MAX || !reply_add(see, unit, &b, now))
		return false;
	event = event_add(see->with.events, EVENT_DEATH, unit->index, now);
	event->reply = true;
	event->pid = unit->watched.pid;
	memcpy(event->comm, unit->watched.comm, sizeof(unit->watched.comm));
	memcpy(event->text, text, sizeof(event->text));
	/* Behind "nodira: ", and before what follows in detail. */
	title_of(event->title, text + strlen(config_unit_at(see->with.config, unit->index)->name) + 2);
	return true;
}

void reply_look(struct see *see, mono_ms now)
{
	uint32_t open = 0;

	for (uint32_t i = 0; i < see->units.count && see->deaths.replies > 0; i++) {
		struct unit *unit = unit_at(see, i);

		if (unit->watched.reply_at == 0)
			continue;
		unit->watched.restarted |= reply_is_restart(see->with.state->unit[i].busy);
		if (reply_tell(see, unit, now))
			unit->watched.reply_at = 0;
		else
			open++;
	}
	see->deaths.replies = open;
}
