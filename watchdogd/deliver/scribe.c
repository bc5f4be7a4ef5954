#include "deliver/scribe.h"

#include "base/buffer.h"
#include "deliver/hold.h"
#include "share/ledger.h"

enum {
	SCRIBE_BACKLOG_AGAIN_MS = 30000, /* without its end: asked for again */
	SCRIBE_BACKLOG_MS = 1000,        /* so long we wait for its next part ... */
	SCRIBE_BACKLOG_MAX_MS = 5000,    /* ... and so long for all: a scribe that hangs delays no alert */
	SCRIBE_AGAIN_MS = 1000,          /* its end took nothing; where it takes nothing at all: */
	SCRIBE_AGAIN_LATE_MS = 30000,
};

static bool scribe_tell(struct deliver *deliver, const struct delivery *delivery, mono_ms now)
{
	bool taken = deliver->with.report != NULL && deliver->with.report(deliver->with.arg, delivery);

	if (taken) {
		deliver->scribe_known = true;
		deliver->scribe_lost = 0;
	} else if (deliver->scribe_lost == 0) {
		deliver->scribe_lost = now;
	}
	return taken;
}

static bool scribe_is_gone(const struct deliver *deliver, mono_ms now)
{
	return deliver->scribe_lost != 0 && now - deliver->scribe_lost >= DELIVER_NO_SCRIBE_MS;
}

static void scribe_try_again(struct deliver *deliver, mono_ms now)
{
	deliver_wake(deliver, now + (scribe_is_gone(deliver, now) ? SCRIBE_AGAIN_LATE_MS : SCRIBE_AGAIN_MS));
}

/* --- the backlog --- */

void deliver_missed(struct deliver *deliver)
{
	if (deliver->backlog_over)
		deliver->acked_all = false; /* that was of what had come by then */
	deliver->backlog_over = false;
	deliver->backlog_asked = 0;
}

/* The first time its answer is waited for. */
static void scribe_ask(struct deliver *deliver, mono_ms now)
{
	struct delivery ask = {.version = DELIVERY_VERSION, .type = DELIVERY_BACKLOG};

	if (deliver->backlog_asked != 0 && now - deliver->backlog_asked < SCRIBE_BACKLOG_AGAIN_MS) {
		deliver_wake(deliver, deliver->backlog_asked + SCRIBE_BACKLOG_AGAIN_MS);
		return;
	}
	ask.number = ++deliver->last_number;
	if (!scribe_tell(deliver, &ask, now)) {
		scribe_try_again(deliver, now);
		return;
	}
	deliver->backlog_number = ask.number;
	deliver->backlog_until = deliver->backlog_asked == 0 ? now + SCRIBE_BACKLOG_MS : 0;
	deliver->backlog_asked = deliver->backlog_began = now;
	deliver_wake(deliver, now + SCRIBE_BACKLOG_AGAIN_MS);
}

bool scribe_backlog(struct deliver *deliver, mono_ms now)
{
	if (!deliver->backlog_over)
		scribe_ask(deliver, now);
	if (now < deliver->backlog_until) {
		deliver_wake(deliver, deliver->backlog_until);
		return false;
	}
	if (deliver->backlog_over)
		deliver->backlog_began = 0;
	return true;
}

void scribe_more(struct deliver *deliver, mono_ms now)
{
	mono_ms most;

	if (deliver->backlog_began == 0)
		deliver->backlog_began = now;
	most = deliver->backlog_began + SCRIBE_BACKLOG_MAX_MS;
	deliver->backlog_until = now + SCRIBE_BACKLOG_MS < most ? now + SCRIBE_BACKLOG_MS : most;
}

/* --- what the scribe says --- */

static void scribe_on_row(struct deliver *deliver, const struct delivery *delivery, struct deliver_now now)
{
	struct waiting_alert *alert = waiting_find(&deliver->waiting, delivery->alert.id);
	struct channel *channel = channels_find(&deliver->channels, delivery->row.channel);
	struct waiting_row *row;

	if (alert == NULL || channel == NULL)
		return;
	scribe_more(deliver, now.mono);
	row = waiting_row(alert, channel->name);
	if (row != NULL ? row->channel != channel : alert->done)
		return;
	if (row == NULL)
		row = waiting_add_row(alert, channel, channel->name);
	if (row == NULL)
		return;
	if (row->hold == HOLD_NEW)
		row->hold = HOLD_NONE;
	hold_restore(alert, row, &delivery->row, now);
}

static void scribe_confirm(struct waiting_report *report, uint64_t number)
{
	if (number != 0 && report->number == number)
		report->number = 0;
}

static void scribe_on_kept(struct deliver *deliver, uint64_t number)
{
	deliver->spool_why[0] = '\0';
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next) {
		scribe_confirm(&a->report, number);
		for (size_t i = 0; i < a->rows; i++)
			scribe_confirm(&a->row[i].report, number);
	}
}

/* Of all: those that failed. Of one: those that are held back as well. */
static void scribe_retry_row(struct deliver *deliver, struct waiting_alert *alert, struct waiting_row *row, bool all,
			     mono_ms now)
{
	bool dead = row->state == DELIVERY_DEAD;

	if (row->channel == NULL || (row->state != DELIVERY_WAITING && !dead) || row->channel->attempt.row == row ||
	    (all && !dead && row->attempts == 0))
		return;
	if (dead && alert->done) {
		alert->done = false;
		alert->report = (struct waiting_report){0};
		deliver->waiting.done--;
		deliver->waiting.open++;
	}
	row->state = DELIVERY_WAITING;
	row->report.due = true;
	waiting_hold(row, HOLD_NONE, now, 0, "is tried at once, as a person asked");
}

static void scribe_on_person(struct deliver *deliver, const struct delivery *delivery, mono_ms now)
{
	uint64_t id = delivery->alert.id;

	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next) {
		if ((id != 0 && a->alert.id != id) || a->alert.told == TOLD_TEST)
			continue;
		for (size_t i = 0; i < a->rows; i++) {
			if (delivery->type == DELIVERY_RETRY)
				scribe_retry_row(deliver, a, &a->row[i], id == 0, now);
			else if (a->row[i].state == DELIVERY_WAITING || a->row[i].state == DELIVERY_DEAD)
				deliver_drop_row(deliver, a, &a->row[i], "dropped by a person");
		}
	}
	if (deliver->backlog_over)
		deliver->backlog_until = 0;
}

/* What the spool could not keep is told by the next message of each channel. That it keeps nothing is over with
 * the first report that it confirms. */
static void scribe_on_lost(struct deliver *deliver, const struct delivery *delivery)
{
	struct buffer why;

	for (size_t i = 0; i < deliver->channels.count; i++) {
		deliver->channels.row[i]->lost += delivery->lost;
		deliver->channels.row[i]->spool_told &= delivery->row.why[0] == '\0';
	}
	if (delivery->row.why[0] == '\0')
		return;
	BUFFER_OVER(&why, deliver->spool_why);
	buffer_add(&why, delivery->row.why);
}

void scribe_on(struct deliver *deliver, const struct delivery *delivery, struct deliver_now now)
{
	if (delivery->type == DELIVERY_ROW) {
		scribe_on_row(deliver, delivery, now);
	} else if (delivery->type == DELIVERY_KEPT) {
		scribe_on_kept(deliver, delivery->number);
	} else if (delivery->type == DELIVERY_END) {
		if (deliver->backlog_asked == 0 || delivery->number != deliver->backlog_number)
			return; /* it is for who was here before us */
		deliver->backlog_over = true;
		deliver->backlog_until = 0;
	} else if (delivery->type == DELIVERY_LOST) {
		scribe_on_lost(deliver, delivery);
	} else if (delivery->type == DELIVERY_RETRY || delivery->type == DELIVERY_DROP) {
		scribe_on_person(deliver, delivery, now.mono);
	}
}

/* --- what is told --- */

/* False: its end takes no more. */
static bool scribe_report(struct deliver *deliver, struct waiting_report *report, struct delivery *delivery,
			  mono_ms now)
{
	if (!report->due && report->number == 0)
		return true;
	if (!report->due && now - report->told < DELIVER_REPORT_MS) {
		deliver_wake(deliver, report->told + DELIVER_REPORT_MS);
		return true;
	}
	if (report->due)
		report->number = ++deliver->last_number;
	report->due = false;
	report->told = now;
	delivery->number = report->number;
	if (!scribe_tell(deliver, delivery, now)) {
		report->due = true;
		report->number = 0;
		return false;
	}
	deliver_wake(deliver, now + DELIVER_REPORT_MS);
	return true;
}

static bool scribe_report_row(struct deliver *deliver, struct waiting_alert *alert, struct waiting_row *row,
			      mono_ms now)
{
	struct delivery delivery = {.version = DELIVERY_VERSION, .type = DELIVERY_ROW};

	/* What is under way will change at once; and what was not tried yet does not overwrite what the spool knows. */
	if ((row->channel != NULL && row->channel->attempt.row == row) || (!row->touched && !deliver->backlog_over))
		return true;
	delivery.alert.id = alert->alert.id;
	_Static_assert(sizeof(delivery.row.channel) == sizeof(row->name), "both are names");
	for (size_t i = 0; i < sizeof(row->name); i++)
		delivery.row.channel[i] = row->name[i];
	delivery.row.state = row->state;
	delivery.row.attempts = row->attempts;
	delivery.row.next_at = row->next_at;
	_Static_assert(sizeof(delivery.row.why) == sizeof(row->why), "both are whys");
	for (size_t i = 0; i < sizeof(row->why); i++)
		delivery.row.why[i] = row->why[i];
	return scribe_report(deliver, &row->report, &delivery, now);
}

static bool scribe_report_alert(struct deliver *deliver, struct waiting_alert *alert, mono_ms now)
{
	struct delivery done = {.version = DELIVERY_VERSION, .type = DELIVERY_DONE};

	/* A test is nobody's letter: of it the scribe hears that it is over, and no more. */
	for (size_t i = 0; i < alert->rows && alert->alert.told != TOLD_TEST; i++)
		if (!scribe_report_row(deliver, alert, &alert->row[i], now))
			return false;
	done.alert.id = alert->alert.id;
	return !alert->done || scribe_report(deliver, &alert->report, &done, now);
}

static bool scribe_is_confirmed(const struct waiting_alert *alert)
{
	if (!alert->done || alert->report.due || alert->report.number != 0)
		return false;
	for (size_t i = 0; i < alert->rows && alert->alert.told != TOLD_TEST; i++)
		if (alert->row[i].report.due || alert->row[i].report.number != 0)
			return false;
	return true;
}

/* Those of which all is confirmed; without a scribe the oldest beyond a number. */
static void scribe_let_go(struct deliver *deliver, mono_ms now)
{
	size_t most = scribe_is_gone(deliver, now) ? DELIVER_UNCONFIRMED_MAX : DELIVER_ALERTS_MAX;

	for (struct waiting_alert *a = deliver->waiting.first, *next; a != NULL; a = next) {
		next = a->next;
		if (!a->done || (!scribe_is_confirmed(a) && deliver->waiting.done <= most))
			continue;
		deliver->recent[deliver->recents++ % DELIVER_RECENT] = a->alert.id;
		waiting_remove(&deliver->waiting, a);
	}
}

void scribe_flush(struct deliver *deliver, mono_ms now)
{
	bool takes = true;

	if (now < deliver->backlog_until)
		return; /* the same, of rows that the rest of the backlog is about */
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL && takes; a = a->next)
		takes = scribe_report_alert(deliver, a, now);
	if (!takes)
		scribe_try_again(deliver, now);
	else if (deliver->scribe_lost == 0 && deliver->spool_why[0] == '\0')
		for (size_t i = 0; i < deliver->channels.count; i++)
			deliver->channels.row[i]->spool_told = false;
	scribe_let_go(deliver, now);
}
