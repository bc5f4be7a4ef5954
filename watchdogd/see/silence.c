#include "see/silence.h"

#include "base/buffer.h"
#include "base/title.h"
#include "see/reader.h"
#include "see/source.h"

enum { SILENCE_READ_MS = 100 }; /* while it is not known whether the log was read */

/* The text is says[0] and what; the title says[1] and what. */
static struct event *silence_event(struct see *see, const struct unit *unit, enum event_kind kind, const char *says[2],
				   const char *what, mono_ms now)
{
	struct event *event = event_add(see->with.events, kind, unit->index, now);
	struct buffer b;

	if (event == NULL)
		return NULL;
	BUFFER_OVER(&b, event->text);
	buffer_addf(&b, "%s%s", says[0], what);
	BUFFER_OVER(&b, event->title);
	buffer_addf(&b, "%s%s", says[1], what);
	title_bound(event->title);
	return event;
}

/* Tried again at the next look where the queue is full. */
static void silence_end(struct see *see, struct unit *unit, const char *why, mono_ms now)
{
	struct silence *s = &unit->liveness.silence;
	struct event *event;

	if (!s->told && !s->owes_end)
		return;
	event = silence_event(see, unit, EVENT_SILENCE, (const char *[]){why, why}, "", now);
	s->owes_end = event == NULL;
	s->told = false;
	if (event == NULL)
		return;
	event->ended = true;
	purpose_note(see, unit, LEDGER_UNIT_SILENT, false);
}

void silence_report(struct see *see, struct unit *unit, const struct message *report, mono_ms now)
{
	struct silence *s = &unit->liveness.silence;
	struct event *event;

	if (report->result <= 0)
		return;
	s->heard = s->from = now;
	silence_end(see, unit, "its log has a new line", now);
	if (report->type != MESSAGE_MATCH)
		return;
	event = silence_event(see, unit, EVENT_LOG_MATCH, (const char *[]){"its log says: ", "log: "}, report->text,
			      now);
	if (event != NULL)
		event->count = (uint32_t)report->result;
}

static void silence_tell(struct see *see, struct unit *unit, mono_ms now)
{
	struct silence *s = &unit->liveness.silence;
	char span[32];
	const char *says[] = {"its log has had no new line for ", "no new line in its log for "};
	struct event *event =
		silence_event(see, unit, EVENT_SILENCE, says, clock_format_span(now - s->from, span), now);

	if (event == NULL)
		return;
	s->told = true;
	s->owes_end = false;
	purpose_note(see, unit, LEDGER_UNIT_SILENT, true);
}

mono_ms silence_look(struct see *see, struct unit *unit, bool counts, mono_ms now)
{
	struct silence *s = &unit->liveness.silence;

	if (!counts || unit->log_silence_ms == 0) {
		s->from = 0;
		silence_end(see, unit, unit->log_silence_ms == 0 ? "its silence is told no more" : "it does not run", now);
		return UINT64_MAX;
	}
	if (s->from == 0 || unit->started > s->from) {
		s->from = s->from == 0 ? now : unit->started;
		silence_end(see, unit, "its silence is counted anew from its start", now);
	}
	if (!s->told && now - s->from >= unit->log_silence_ms) {
		if (!reader_has_read(see, s->from + unit->log_silence_ms))
			return now + SILENCE_READ_MS;
		silence_tell(see, unit, now);
	}
	if (s->owes_end && !s->told) /* the queue was full */
		silence_end(see, unit, "its silence is counted anew", now);
	return s->told ? UINT64_MAX : s->from + unit->log_silence_ms;
}

void silence_anew(struct unit *unit, mono_ms now)
{
	struct silence *s = &unit->liveness.silence;

	if (s->from != 0 && !s->told)
		s->from = now;
}

void silence_config(struct unit *unit)
{
	struct silence *s = &unit->liveness.silence;

	s->owes_end = s->owes_end || s->told;
	s->told = false;
}
