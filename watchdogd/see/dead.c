#include "see/dead.h"

#include "base/buffer.h"
#include "base/title.h"
#include "see/liveness.h"
#include "see/source.h"
#include "see/there.h"

enum {
	DEAD_AGAIN_MS = 5000, /* systemd is at it for so long: is it still? */
	DEAD_EARLY_MS = 250,  /* before grace is over systemd is asked, so that its answer is there in time */
};

static struct state_unit *dead_row(const struct see *see, const struct unit *unit)
{
	return &see->with.state->unit[unit->index];
}

static mono_ms dead_later(mono_ms a, mono_ms b)
{
	return a > b ? a : b;
}

/* When its grace is over: from the last death, the unit's start or ours, whichever is latest. */
static mono_ms dead_grace_end(const struct unit *unit)
{
	const struct liveness *l = &unit->liveness;
	mono_ms death = dead_later(l->missing_since, unit->watched.ended_at);
	mono_ms start = dead_later(unit->started, l->purpose.since);

	return dead_later(dead_later(death, start), l->first_at) + unit->grace_ms;
}

/* From when on it would be dead, if neither systemd nor we are at it. UINT64_MAX: what must be alive is. */
static mono_ms dead_due(const struct unit *unit, mono_ms now)
{
	if (question_is_failed(unit) || (unit->liveness.there && there_is_hung(unit)))
		return now;
	return unit->liveness.there ? UINT64_MAX : dead_grace_end(unit);
}

/* Nobody is at it: systemd's word is no older than the doubt, which begins a moment before grace is over. */
static bool dead_is_left_alone(struct see *see, struct unit *unit, mono_ms now)
{
	struct liveness *l = &unit->liveness;

	if (unit->kind != CONFIG_SYSTEMD)
		return true;
	if (question_is_at_it(unit)) {
		/* It says so itself when it is done, but for an actor that was started anew. */
		if (!l->question.open && now - l->question.answered_at >= DEAD_AGAIN_MS)
			(void)question_is_answered(see, unit, now, now);
		l->doubt_at = 0;
		return false;
	}
	if (l->doubt_at == 0)
		l->doubt_at = now;
	return question_is_answered(see, unit, l->doubt_at, now);
}

bool dead_is(struct see *see, struct unit *unit, mono_ms now)
{
	mono_ms due = dead_row(see, unit)->busy == 0 ? dead_due(unit, now) : UINT64_MAX;

	if (due != UINT64_MAX && due > now)
		liveness_wake(see, due > now + DEAD_EARLY_MS ? due - DEAD_EARLY_MS : due);
	if (due != UINT64_MAX && due <= now + DEAD_EARLY_MS)
		return dead_is_left_alone(see, unit, now) && now >= due;
	unit->liveness.doubt_at = 0;
	return false;
}

static void dead_say_who(const struct see *see, const struct unit *unit, struct buffer *b)
{
	const char *process = config_string(see->with.config, config_unit_at(see->with.config, unit->index)->process);

	buffer_addf(b, "no %s", process[0] != '\0' ? process : "process of it");
}

static void dead_say_missing(const struct see *see, const struct unit *unit, mono_ms now, struct buffer *b)
{
	const struct state_unit *row = dead_row(see, unit);
	const struct liveness *l = &unit->liveness;
	mono_ms from = dead_grace_end(unit) - unit->grace_ms;
	char span[32], grace[32];

	dead_say_who(see, unit, b);
	buffer_addf(b, " for %s (grace %s)", clock_format_span(now - from, span),
		    clock_format_span(unit->grace_ms, grace));
	if (unit->watched.ended_at != 0)
		buffer_addf(b, "; the last one ended %s ago: %.*s",
			    clock_format_span(now - unit->watched.ended_at, span), (int)sizeof(row->died_text),
			    row->died_text);
	if (unit->kind == CONFIG_SYSTEMD)
		buffer_addf(b, "; systemd %s: %s",
			    (l->question.bits & UNIT_NO_ANSWER) != 0 ? "could not be asked" : "says", l->question.text);
}

static void dead_say(const struct see *see, const struct unit *unit, mono_ms now, struct buffer *b)
{
	const struct liveness *l = &unit->liveness;

	if (question_is_failed(unit))
		buffer_addf(b, "systemd says that it has failed, and nothing is pending: %s", l->question.text);
	else if (l->there)
		buffer_addf(b, "its alive command failed %u time%s in a row: %s", l->not_alive,
			    l->not_alive == 1 ? "" : "s", l->alive_text);
	else
		dead_say_missing(see, unit, now, b);
}

static void dead_say_end(const struct unit *unit, struct buffer *b)
{
	const struct unit_watched *watched = &unit->watched;

	if (unit->liveness.alive == STATE_STOPPED)
		buffer_add(b, "it was stopped on purpose");
	else if (watched->count > 0 && watched->pid != 0)
		buffer_addf(b, "%.*s (pid %d) lives", (int)sizeof(watched->comm), watched->comm, watched->pid);
	else
		buffer_add(b, "it lives");
}

static void dead_add_title(const struct see *see, const struct unit *unit, mono_ms now, struct event *event)
{
	const struct liveness *l = &unit->liveness;
	struct buffer b;
	char span[32];

	BUFFER_OVER(&b, event->title);
	if (question_is_failed(unit)) {
		buffer_add(&b, "it has failed, and systemd does nothing about it");
	} else if (l->there) {
		buffer_addf(&b, "its alive command failed %u time%s in a row", l->not_alive,
			    l->not_alive == 1 ? "" : "s");
	} else {
		dead_say_who(see, unit, &b);
		buffer_addf(&b, " for %s", clock_format_span(now - (dead_grace_end(unit) - unit->grace_ms), span));
	}
	title_bound(event->title);
}

void dead_tell(struct see *see, struct unit *unit, mono_ms now)
{
	struct liveness *l = &unit->liveness;
	bool dead = l->alive == STATE_DEAD;
	struct event *event;
	struct buffer b;

	if (dead ? l->dead_told : l->alive == STATE_ALIVE_UNKNOWN || l->alive == STATE_MISSING ||
					  !(l->dead_told || l->owes_end))
		return;
	event = event_add(see->with.events, EVENT_DEAD, unit->index, now);
	if (event == NULL)
		return;
	BUFFER_OVER(&b, event->text);
	event->ended = !dead;
	if (dead) {
		dead_say(see, unit, now, &b);
		dead_add_title(see, unit, now, event);
	} else {
		dead_say_end(unit, &b);
	}
	l->dead_told = dead;
	l->owes_end = false;
}
