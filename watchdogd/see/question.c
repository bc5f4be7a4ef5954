#include "see/question.h"

#include "base/buffer.h"
#include "base/diag.h"
#include "see/source.h"

static void question_want(struct see *see, struct question *q, mono_ms now)
{
	if (q->wanted_at != 0)
		return;
	q->wanted_at = now;
	see->livenesses.questions++;
}

static void question_unwant(struct see *see, struct question *q)
{
	if (q->wanted_at != 0)
		see->livenesses.questions--;
	q->wanted_at = 0;
}

bool question_is_answered(struct see *see, struct unit *unit, mono_ms since, mono_ms now)
{
	struct question *q = &unit->liveness.question;

	if (q->answered_at >= since)
		return true;
	if (!q->open || q->asked_at < since)
		question_want(see, q, now);
	return false;
}

bool question_next(struct see *see, uint64_t *id)
{
	struct livenesses *all = &see->livenesses;

	for (uint32_t i = 0; i < see->units.count && all->questions > 0; i++) {
		uint32_t at = (all->turn + i) % see->units.count;
		struct question *q = &unit_at(see, at)->liveness.question;

		if (q->wanted_at == 0 || q->open)
			continue;
		question_unwant(see, q);
		q->asked_at = all->looked_at; /* it is sent now: what is true then is in the answer */
		q->open = true;
		all->turn = at + 1;
		*id = all->id[at];
		return true;
	}
	return false;
}

void question_config(struct see *see)
{
	see->livenesses.questions = see->livenesses.turn = 0;
	for (uint32_t i = 0; i < see->units.count; i++)
		see->livenesses.questions += unit_at(see, i)->liveness.question.wanted_at != 0;
}

static void question_say_mute(const struct see *see, const struct unit *unit)
{
	diag_event(SEVERITY_WARNING, NULL, see->with.state->unit[unit->index].name,
		   "systemd cannot be asked about it (%s); whether it lives is decided without",
		   unit->liveness.question.text);
}

static void question_take(const struct see *see, struct unit *unit, uint32_t bits, const char *text)
{
	struct question *q = &unit->liveness.question;
	struct buffer b;

	BUFFER_OVER(&b, q->text);
	buffer_add(&b, text);
	q->bits = bits;
	q->told = true;
	if ((bits & UNIT_NO_ANSWER) == 0)
		q->mute_told = false;
	else if (!q->mute_told) {
		q->mute_told = true;
		question_say_mute(see, unit);
	}
}

void question_look(struct see *see, struct unit *unit, mono_ms now)
{
	struct question *q = &unit->liveness.question;
	mono_ms since = q->open ? q->asked_at : q->wanted_at;

	if (since == 0 || now - since < QUESTION_ANSWER_MS)
		return;
	question_unwant(see, q);
	q->open = false;
	q->answered_at = now;
	question_take(see, unit, UNIT_NO_ANSWER, "no answer in 2 s");
}

void question_report(struct see *see, struct unit *unit, const struct message *report, mono_ms now)
{
	struct question *q = &unit->liveness.question;
	uint32_t bits = (uint32_t)report->result;

	if ((bits & UNIT_LOOKED) != 0 && q->open) {
		q->open = false;
		q->answered_at = q->asked_at;
		if (q->wanted_at != 0) /* from here on it waits to be handed out */
			q->wanted_at = now;
	}
	q->pid = report->pid;
	question_take(see, unit, bits & ~(uint32_t)UNIT_LOOKED, report->text);
}

bool question_is_known(const struct unit *unit)
{
	const struct question *q = &unit->liveness.question;

	return unit->kind == CONFIG_SYSTEMD && q->told && (q->bits & UNIT_NO_ANSWER) == 0;
}

bool question_is_at_it(const struct unit *unit)
{
	return question_is_known(unit) && (unit->liveness.question.bits & UNIT_AT_IT) != 0;
}

bool question_is_failed(const struct unit *unit)
{
	return question_is_known(unit) && (unit->liveness.question.bits & (UNIT_FAILED | UNIT_AT_IT)) == UNIT_FAILED;
}
