#include "see/asked.h"

#include "see/source.h"
#include "words/verb.h"

static struct state_unit *asked_row(const struct see *see, const struct unit *unit)
{
	return &see->with.state->unit[unit->index];
}

/* The step under way ends processes of the unit. Of a restart its stop alone does. */
static bool asked_is_by_us(const struct see *see, const struct unit *unit)
{
	const struct asked *a = &unit->liveness.asked;

	switch ((int)asked_row(see, unit)->busy - 1) {
	case VERB_STOP:
	case VERB_KILL:
	case VERB_SIGNAL:
		return true;
	case VERB_RESTART:
		return !a->ours_down && !(a->ours_on && unit->started > a->ours_from);
	default:
		return false;
	}
}

void asked_look(struct see *see, struct unit *unit, mono_ms now)
{
	struct asked *a = &unit->liveness.asked;
	uint8_t busy = asked_row(see, unit)->busy;
	bool by_us = asked_is_by_us(see, unit);

	if (by_us) {
		if (!a->ours_on)
			a->ours_from = a->ours_not_at;
		a->ours_until = now;
		a->ours_slack_ms = busy == 1 + VERB_SIGNAL ? ASKED_SIGNAL_MS : 0;
	} else {
		a->ours_not_at = now;
	}
	a->ours_on = by_us;
	/* From here on it is what was started anew that ends. */
	a->ours_down = busy == 1 + VERB_RESTART && (a->ours_down || !by_us || unit->status == STATE_UNIT_INACTIVE);
}

static bool asked_was_by_us(const struct see *see, const struct unit *unit, mono_ms at)
{
	const struct asked *a = &unit->liveness.asked;

	if (asked_is_by_us(see, unit))
		return at >= (a->ours_on ? a->ours_from : a->ours_not_at);
	return a->ours_until != 0 && at >= a->ours_from && at <= a->ours_until + a->ours_slack_ms;
}

/* A job is new: its bit was not there, or it is of a unit that systemd left alone until now. A restart job while
 * systemd was at it already without any is its own Restart=: it follows a death. */
static bool asked_is_new_job(uint32_t was, uint32_t is)
{
	uint32_t job = is & (UNIT_STOP_JOB | UNIT_RESTART_JOB), new = job & ~was;
	bool by_itself = (was & UNIT_AT_IT) != 0 && (was & (UNIT_ACTIVE | UNIT_STOP_JOB | UNIT_RESTART_JOB)) == 0;

	if ((is & UNIT_STOP_JOB) != 0 && (is & UNIT_AT_IT) != 0 && (was & UNIT_AT_IT) == 0)
		return true;
	return (new & UNIT_STOP_JOB) != 0 || ((new & UNIT_RESTART_JOB) != 0 && !by_itself);
}

void asked_follow_job(struct unit *unit, uint32_t was, uint32_t is, mono_ms now)
{
	struct asked *a = &unit->liveness.asked;

	if (asked_is_new_job(was, is)) {
		a->job_from = a->job_until = now;
		a->job_open = (is & UNIT_AT_IT) != 0;
	} else if (a->job_open) {
		bool seen = (is & (UNIT_STOP_JOB | UNIT_RESTART_JOB)) != 0;

		if (seen)
			a->job_until = now;
		a->job_open = seen && (is & UNIT_AT_IT) != 0;
	}
}

const char *asked_why(struct see *see, struct unit *unit, mono_ms at, mono_ms now)
{
	const struct asked *a = &unit->liveness.asked;
	const struct question *q = &unit->liveness.question;

	if (asked_was_by_us(see, unit, at))
		return "as watchdogd asked";
	if (unit->kind != CONFIG_SYSTEMD)
		return "";
	if (a->job_from != 0 && a->job_from <= at + ASKED_END_MS && (a->job_open || at <= a->job_until))
		return (q->bits & UNIT_STOP_JOB) != 0 ? "its unit was being stopped"
						      : "its unit was being restarted by systemd";
	if (question_is_answered(see, unit, at, now)) /* what was left of a unit that is stopped */
		return (q->bits & UNIT_STOP_JOB) != 0 && (q->bits & (UNIT_ACTIVE | UNIT_AT_IT)) == 0
			       ? "its unit was stopped"
			       : "";
	return now >= at + ASKED_END_MS ? "" : NULL;
}
