#include "see/liveness.h"

#include "base/buffer.h"
#include "see/dead.h"
#include "see/source.h"
#include "see/there.h"

enum { LIVENESS_SOON_MS = 50 }; /* while an end waits for the actor's word */

static struct state_unit *liveness_row(const struct see *see, const struct unit *unit)
{
	return &see->with.state->unit[unit->index];
}

static const struct config_unit *liveness_config_of(const struct see *see, const struct unit *unit)
{
	return config_unit_at(see->with.config, unit->index);
}

void liveness_wake(struct see *see, mono_ms at)
{
	if (at < see->livenesses.next_at)
		see->livenesses.next_at = at;
}

/* What changes when the last process ends, and when one is there again. */
static void liveness_follow(struct see *see, struct unit *unit, mono_ms now)
{
	struct liveness *l = &unit->liveness;
	const struct unit_watched *watched = &unit->watched;
	bool there = there_is(unit);

	if (!there || watched->alive_since != l->lives_since)
		l->not_alive = 0;
	l->lives_since = watched->alive_since;
	/* What its ExecStop= or ExecStopPost= runs is no start. */
	if (l->asked.job_open)
		l->purpose.since = now;
	else if ((there && !l->there) || unit->started > l->purpose.since)
		purpose_start(see, unit, now);
	if (there)
		l->missing_since = 0;
	else if (l->there)
		l->missing_since = watched->ended_at >= see->livenesses.looked_at ? watched->ended_at : now;
	else if (l->missing_since == 0)
		l->missing_since = now;
	l->there = there;
	if (there_runs(unit))
		purpose_note(see, unit, LEDGER_UNIT_RAN, true);
}

/* What it was when first seen. False: not known yet. */
static bool liveness_first(struct see *see, struct unit *unit, mono_ms now)
{
	struct liveness *l = &unit->liveness;

	if (!l->looked || (unit->kind == CONFIG_SYSTEMD && !question_is_answered(see, unit, l->first_at, now)))
		return false;
	l->known = true;
	if (there_is_inactive(unit))
		purpose_judge_inactive(see, unit, now);
	else if (there_runs(unit) && (l->question.bits & UNIT_STOP_JOB) == 0)
		purpose_start(see, unit, now); /* while we were not there */
	return true;
}

static bool liveness_is_stopped(const struct see *see, const struct unit *unit)
{
	return unit->liveness.purpose.stopped || liveness_row(see, unit)->mark == STATE_MARK_STOPPED;
}

static enum state_alive liveness_judge(struct see *see, struct unit *unit, mono_ms now)
{
	struct liveness *l = &unit->liveness;
	bool there = l->there && !question_is_failed(unit);

	if (there && !there_is_hung(unit)) {
		l->known = true;
		return STATE_ALIVE;
	}
	if (!there && !l->known && liveness_is_stopped(see, unit) && !there_runs(unit))
		l->known = true;
	if (!l->known && !liveness_first(see, unit, now))
		return STATE_ALIVE_UNKNOWN;
	if (!there && liveness_is_stopped(see, unit))
		return STATE_STOPPED;
	if (l->alive == STATE_DEAD || dead_is(see, unit, now))
		return STATE_DEAD;
	return l->there ? STATE_ALIVE : STATE_MISSING;
}

static void liveness_publish(const struct see *see, const struct unit *unit)
{
	const struct liveness *l = &unit->liveness;
	struct state_unit *row = liveness_row(see, unit);

	row->alive = (uint8_t)l->alive;
	row->systemd_at_it = question_is_at_it(unit);
	row->missing_since = l->missing_since;
	row->heard = l->silence.heard;
}

static void liveness_begin(struct see *see, struct unit *unit, mono_ms now)
{
	struct liveness *l = &unit->liveness;

	if (l->first_at != 0)
		return;
	l->first_at = now;
	purpose_load(see, unit, now);
	l->owes_end = (l->purpose.flags & LEDGER_UNIT_MISSING) != 0;
	l->silence.owes_end = (l->purpose.flags & LEDGER_UNIT_SILENT) != 0;
}

static void liveness_look_at(struct see *see, struct unit *unit, mono_ms now)
{
	struct liveness *l = &unit->liveness;
	bool counts;

	liveness_begin(see, unit, now);
	question_look(see, unit, now);
	asked_look(see, unit, now);
	purpose_look(see, unit, now);
	liveness_follow(see, unit, now);
	l->alive = liveness_judge(see, unit, now);
	l->looked = true;
	if (l->alive == STATE_STOPPED && !l->purpose.stopped) /* by our mark */
		purpose_stop(see, unit, NULL, now);
	if (l->alive != STATE_ALIVE_UNKNOWN)
		purpose_note(see, unit, LEDGER_UNIT_MISSING, l->alive == STATE_MISSING || l->alive == STATE_DEAD);
	dead_tell(see, unit, now);
	counts = (l->alive == STATE_ALIVE || l->alive == STATE_MISSING) && unit->status != STATE_UNIT_FROZEN;
	liveness_wake(see, silence_look(see, unit, counts, now));
	if (l->question.wanted_at != 0 || l->question.open)
		liveness_wake(see, now + LIVENESS_SOON_MS);
	liveness_publish(see, unit);
}

void liveness_look(struct see *see, mono_ms now)
{
	see->livenesses.next_at = now + SEE_NEXT_MAX_MS;
	reader_look(see, now);
	for (uint32_t i = 0; i < see->units.count; i++) {
		struct unit *unit = unit_at(see, i);

		if (unit->status != STATE_UNIT_UNSEEN)
			liveness_look_at(see, unit, now);
	}
	see->livenesses.looked_at = now;
}

uint32_t liveness_next_ms(const struct see *see, mono_ms now)
{
	mono_ms at = see->livenesses.next_at, wait = at > now ? at - now : 0;

	return wait < SEE_NEXT_MIN_MS ? SEE_NEXT_MIN_MS : wait > SEE_NEXT_MAX_MS ? SEE_NEXT_MAX_MS : (uint32_t)wait;
}

bool liveness_next_question(struct see *see, uint64_t *id)
{
	return question_next(see, id);
}

enum liveness_end liveness_end(struct see *see, struct unit *unit, mono_ms at, mono_ms now, const char **why)
{
	const char *asked = asked_why(see, unit, at, now);

	*why = asked != NULL ? asked : "";
	if (asked == NULL)
		return LIVENESS_END_WAIT;
	return asked[0] != '\0' ? LIVENESS_END_ASKED : LIVENESS_END_ITSELF;
}

static void liveness_take_alive(struct see *see, struct unit *unit, const struct message *report, mono_ms now)
{
	struct liveness *l = &unit->liveness;
	mono_ms alive_since = unit->watched.alive_since,
		started = unit->started > alive_since ? unit->started : alive_since;
	struct buffer b;

	if (report->result == 0) {
		l->not_alive = 0;
		return;
	}
	if (!l->there || liveness_row(see, unit)->busy != 0 || question_is_at_it(unit) ||
	    unit->status == STATE_UNIT_FROZEN || now < started + unit->grace_ms)
		return;
	if (l->not_alive < UINT32_MAX)
		l->not_alive++;
	BUFFER_OVER(&b, l->alive_text);
	buffer_add(&b, report->text);
}

static void liveness_take_unit(struct see *see, struct unit *unit, const struct message *report, mono_ms now)
{
	const struct question *q = &unit->liveness.question;
	uint32_t was = q->bits, is;

	question_report(see, unit, report, now);
	is = q->bits;
	asked_follow_job(unit, was, is, now);
	if ((is & UNIT_STOP_JOB & ~was) != 0)
		purpose_see_stop_job(see, unit, now);
	if ((is & UNIT_STOP_DOWN & ~was) != 0)
		purpose_see_stop_of_down(see, unit, now);
	/* It was started, or the stop called off. One that is inactive may have been forgotten by a new actor. */
	if ((is & UNIT_STOP_JOB) == 0 &&
	    ((is & UNIT_ACTIVE) != 0 || ((was & UNIT_STOP_JOB) != 0 && (is & (UNIT_AT_IT | UNIT_FAILED)) != 0)))
		purpose_start(see, unit, now);
}

void liveness_report(struct see *see, struct unit *unit, const struct message *report, mono_ms now)
{
	liveness_begin(see, unit, now);
	if (report->type == MESSAGE_UNIT)
		liveness_take_unit(see, unit, report, now);
	else if (report->type == MESSAGE_ALIVE)
		liveness_take_alive(see, unit, report, now);
	else
		silence_report(see, unit, report, now);
}

void liveness_config(struct see *see)
{
	for (uint32_t i = 0; i < see->units.count; i++) {
		struct unit *unit = unit_at(see, i);
		const struct config_unit *config = liveness_config_of(see, unit);
		struct liveness *l = &unit->liveness;

		see->livenesses.id[i] = message_unit_id(config->name);
		unit->has_process = config->process != 0;
		unit->log_silence_ms = config->log_silence_ms;
		unit->alive_failures = config->alive != 0 ? config->alive_failures : 0;
		l->owes_end = l->owes_end || l->dead_told;
		l->dead_told = false;
		silence_config(unit);
	}
	question_config(see);
	reader_config(see);
}
