#include "see/purpose.h"

#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "see/source.h"
#include "words/verb.h"

enum { PURPOSE_FLAGS = LEDGER_UNIT_RAN | LEDGER_UNIT_PURPOSE | LEDGER_UNIT_MISSING | LEDGER_UNIT_SILENT };

static const char *purpose_name(const struct see *see, const struct unit *unit)
{
	return config_unit_at(see->with.config, unit->index)->name;
}

void purpose_load(struct see *see, struct unit *unit, mono_ms now)
{
	struct purpose *p = &unit->liveness.purpose;

	p->flags = ledger_unit(see->with.ledger, purpose_name(see, unit))->flags & PURPOSE_FLAGS;
	p->stopped = (p->flags & LEDGER_UNIT_PURPOSE) != 0;
	p->since = p->stopped ? now : 0;
}

void purpose_note(struct see *see, struct unit *unit, enum ledger_unit_flag flag, bool is)
{
	struct purpose *p = &unit->liveness.purpose;
	struct ledger_unit *row;

	if (((p->flags & flag) != 0) == is)
		return;
	row = ledger_unit(see->with.ledger, purpose_name(see, unit));
	row->flags = (uint16_t)(is ? row->flags | flag : row->flags & ~flag);
	p->flags = (uint16_t)(is ? p->flags | flag : p->flags & ~flag);
}

void purpose_stop(struct see *see, struct unit *unit, const char *why, mono_ms now)
{
	struct purpose *p = &unit->liveness.purpose;

	if (p->stopped)
		return;
	p->stopped = true;
	p->since = now;
	purpose_note(see, unit, LEDGER_UNIT_PURPOSE, true);
	if (why != NULL)
		diag_event(SEVERITY_INFO, NULL, purpose_name(see, unit),
			   "it is stopped on purpose, until its next start: %s", why);
}

void purpose_start(struct see *see, struct unit *unit, mono_ms now)
{
	struct purpose *p = &unit->liveness.purpose;

	if (p->stopped)
		p->since = now;
	p->stopped = false;
	purpose_note(see, unit, LEDGER_UNIT_PURPOSE, false);
}

bool purpose_is_owed(struct see *see, const struct unit *unit)
{
	if (see->with.state->unit[unit->index].busy == 1 + VERB_RESTART)
		return true;
	return (ledger_unit(see->with.ledger, purpose_name(see, unit))->flags & LEDGER_UNIT_OWED) != 0;
}

void purpose_see_stop_job(struct see *see, struct unit *unit, mono_ms now)
{
	bool ours = see->with.state->unit[unit->index].busy != 0;

	if (!purpose_is_owed(see, unit))
		purpose_stop(see, unit, ours ? NULL : "systemd has a stop job for it", now);
}

/* The sentinel's table of steps is in the ledger: also what is only owed to systemd still. */
static bool purpose_has_step(const struct see *see, const struct unit *unit)
{
	const struct ledger *ledger = see->with.ledger;
	const char *name = purpose_name(see, unit);

	for (int i = 0; i < ENTRIES_MAX; i++) {
		const struct ledger_entry *entry = &ledger->entries[i];

		if (entry->state == LEDGER_OPEN && entry->kind == LEDGER_STEP && strcmp(entry->unit, name) == 0)
			return true;
	}
	return false;
}

void purpose_look(struct see *see, struct unit *unit, mono_ms now)
{
	if (see->with.state->unit[unit->index].mark == STATE_MARK_STOPPED && purpose_has_step(see, unit))
		unit->liveness.purpose.ours_at = now;
}

void purpose_take_persons_stop(struct see *see, struct unit *unit, mono_ms now)
{
	const char *name = purpose_name(see, unit);
	const struct ledger_mark *mark = ledger_mark_find(see->with.ledger, name);

	ledger_unit(see->with.ledger, name)->flags &= (uint16_t)~LEDGER_UNIT_OWED;
	if (mark != NULL && mark->kind == STATE_MARK_STOPPED) {
		ledger_unmark(see->with.ledger, name);
		mark = ledger_mark_find(see->with.ledger, name); /* it may be capped besides */
	}
	see->with.state->unit[unit->index].mark = mark != NULL ? (uint8_t)mark->kind : STATE_MARK_NONE;
	purpose_stop(see, unit, NULL, now);
	diag_event(SEVERITY_INFO, NULL, name,
		   "somebody told systemd to stop it: it is not started again by us");
}

void purpose_see_stop_of_down(struct see *see, struct unit *unit, mono_ms now)
{
	struct purpose *p = &unit->liveness.purpose;
	const struct ledger_mark *mark = ledger_mark_find(see->with.ledger, purpose_name(see, unit));

	p->down_stop_at = now;
	if (mark != NULL && mark->kind == STATE_MARK_STOPPED && !purpose_has_step(see, unit) &&
	    (p->ours_at == 0 || now >= p->ours_at + SEE_OURS_MS))
		purpose_take_persons_stop(see, unit, now);
}

static void purpose_warn(struct see *see, const struct unit *unit, mono_ms now)
{
	static const char text[] = "it ran when watchdogd saw it last, and is inactive now: it counts as stopped on "
				   "purpose until it is started";
	struct event *event = event_add(see->with.events, EVENT_DEATH, unit->index, now);
	struct buffer b;

	diag_event(SEVERITY_WARNING, NULL, purpose_name(see, unit), "%s", text);
	if (event == NULL)
		return;
	event->before_start = true;
	BUFFER_OVER(&b, event->text);
	buffer_add(&b, text);
}

void purpose_judge_inactive(struct see *see, struct unit *unit, mono_ms now)
{
	uint16_t flags = unit->liveness.purpose.flags;

	if (unit->liveness.purpose.stopped || (flags & LEDGER_UNIT_MISSING) != 0 || purpose_is_owed(see, unit))
		return;
	if ((flags & LEDGER_UNIT_RAN) != 0) {
		purpose_warn(see, unit, now);
		purpose_stop(see, unit, NULL, now);
		return;
	}
	purpose_stop(see, unit, "it was inactive, and not failed, when first seen", now);
}
