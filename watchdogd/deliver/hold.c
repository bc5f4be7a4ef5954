#include "deliver/hold.h"

#include <string.h>

#include "base/buffer.h"
#include "deliver/choose.h"
#include "deliver/refused.h"
#include "deliver/retry.h"
#include "share/ledger.h"

enum { HOLD_LOOK_MS = 600000 }; /* quiet hours are looked at anew so often: the wall clock may be set */

static const char hold_resolved[] = "resolved before it was due";

static bool hold_is_alert(const struct waiting_alert *alert)
{
	return alert->alert.told == TOLD_ALERT;
}

/* Held now, that is not to be sent before something happens. */
static bool hold_is_held(const struct waiting_row *row)
{
	return row->state == DELIVERY_WAITING && row->hold != HOLD_NONE;
}

/* The thread knows of what happens to its alert. */
static void hold_set(struct waiting_alert *alert, struct waiting_row *row, enum waiting_hold hold,
		     const struct deliver_now *due, const char *why)
{
	struct thread_known *known = threads_of(&row->channel->threads, alert->alert.id);

	waiting_hold(row, hold, due->mono, due->wall, why);
	row->folds = row->folds || hold == HOLD_FOLD || hold == HOLD_QUIET;
	if (known != NULL)
		known->state = hold == HOLD_NONE ? THREAD_QUEUED : THREAD_HELD;
}

/* --- the stages, in order: each says whether the row stays in it --- */

static bool hold_after(struct waiting_alert *alert, struct waiting_row *row, struct deliver_now now)
{
	uint32_t after_ms = row->channel->config->after_ms;
	uint64_t left = retry_until(alert->alert.at + after_ms, now.wall, after_ms);
	const struct deliver_now due = {now.mono + left, now.wall + left};

	if (delivery_is_refusal(&alert->alert) || left == 0)
		return false;
	hold_set(alert, row, HOLD_AFTER, &due, "goes if nobody acknowledges it by then");
	return true;
}

static bool hold_fold(struct waiting_alert *alert, struct waiting_row *row, struct deliver_now now)
{
	struct threads *threads = &row->channel->threads;
	uint32_t fold_ms = row->channel->config->fold_ms;
	struct thread_known *known = threads_of(threads, alert->alert.id), *window;
	struct deliver_now due;

	if (delivery_is_refusal(&alert->alert) || !hold_is_alert(alert) || fold_ms == 0 || known == NULL)
		return false;
	window = threads_window(threads, &alert->alert, fold_ms, now.mono);
	if (window == NULL || window->opened + fold_ms <= now.mono)
		return false;
	due.mono = window->opened + fold_ms;
	due.wall = now.wall + (due.mono - now.mono);
	row->thread = known->as = window->as;
	hold_set(alert, row, HOLD_FOLD, &due, "goes with others of its rule and unit then");
	return true;
}

/* What follows on an alert that was worth waking someone for is, too; and so is the all-clear of any that went. */
static bool hold_quiet(struct waiting_alert *alert, struct waiting_row *row, struct deliver_now now)
{
	struct channel *channel = row->channel;
	const struct thread_known *known = threads_find(&channel->threads, alert->alert.thread);
	struct deliver_now due = {now.mono, channel->quiet_until};

	if (due.wall == 0 || alert->alert.severity >= SEVERITY_CRITICAL)
		return false;
	if (!hold_is_alert(alert) && known != NULL && known->state >= THREAD_QUEUED &&
	    (known->severity >= SEVERITY_CRITICAL || alert->alert.told == TOLD_CLEAR))
		return false;
	due.mono += retry_until(due.wall, now.wall, HOLD_LOOK_MS);
	hold_set(alert, row, HOLD_QUIET, &due, "goes when the quiet hours end");
	return true;
}

/* It goes; where it is an alert that was not folded, a window begins. */
static void hold_release(struct waiting_alert *alert, struct waiting_row *row, mono_ms now)
{
	struct thread_known *known = threads_of(&row->channel->threads, alert->alert.id);
	struct thread_known *thread = threads_find(&row->channel->threads, alert->alert.thread);
	const struct deliver_now at_once = {now, 0};

	hold_set(alert, row, HOLD_NONE, &at_once, "");
	if (thread != NULL)
		thread->last = now;
	if (known == NULL || !hold_is_alert(alert) || known->as != known->thread)
		return;
	known->opens = true;
	known->opened = now;
}

/* From a stage on; what stays in none of them goes. */
static void hold_from(struct waiting_alert *alert, struct waiting_row *row, enum waiting_hold stage,
		      struct deliver_now now)
{
	bool may_wait = alert->alert.told == TOLD_ALERT || alert->alert.told == TOLD_REPEAT;

	if (stage <= HOLD_AFTER && may_wait && hold_after(alert, row, now))
		return;
	if (stage <= HOLD_FOLD && hold_fold(alert, row, now))
		return;
	if (stage <= HOLD_QUIET && hold_quiet(alert, row, now))
		return;
	hold_release(alert, row, now.mono);
}

/* --- a new alert --- */

static void hold_choose_alert(struct deliver *deliver, struct waiting_alert *alert, struct channel *channel,
			      struct deliver_now now)
{
	bool wants = choose_wants(deliver->config, channel->config, &alert->alert);
	const struct thread_known *before = threads_find(&channel->threads, alert->alert.thread);
	uint64_t as = before != NULL ? before->as : alert->alert.thread;
	struct thread_known *known =
		threads_add(&channel->threads, &alert->alert, wants ? THREAD_QUEUED : THREAD_UNWANTED);
	struct waiting_row *row = wants ? waiting_add_row(alert, channel, channel->name) : NULL;

	known->opened = now.mono;
	known->as = as;
	if (row == NULL)
		return;
	row->thread = as;
	hold_from(alert, row, HOLD_AFTER, now);
}

/* An all-clear ends what is held of its thread. True: something of it went, or will. */
static bool hold_resolve(struct deliver *deliver, struct waiting_alert *clear, struct channel *channel,
			 const struct thread_known *known)
{
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next) {
		struct waiting_row *row = waiting_row(a, channel->name);

		if (a != clear && row != NULL && a->alert.thread == clear->alert.thread && hold_is_held(row))
			deliver_end_row(a, row, DELIVERY_DROPPED, hold_resolved);
	}
	return known->replied || known->state >= THREAD_QUEUED;
}

/* What belongs to a thread that is held goes with its alert; what only folds, at once, below the first. */
static enum waiting_hold hold_of_thread(struct deliver *deliver, const struct waiting_alert *alert,
					const struct channel *channel, struct thread_known *known)
{
	struct waiting_alert *first = waiting_find(&deliver->waiting, known->id);
	const struct waiting_row *row = first != NULL ? waiting_row(first, channel->name) : NULL;

	if (known->state != THREAD_HELD || row == NULL)
		return HOLD_NONE;
	if (row->hold == HOLD_QUIET && alert->alert.severity >= SEVERITY_CRITICAL)
		return HOLD_NONE;
	if (row->hold == HOLD_FOLD) {
		known->replied = true;
		return HOLD_NONE;
	}
	return HOLD_THREAD;
}

/* Of a thread that the channel does not have. What became worse than its alert was may be for it all the same; and
 * that it still goes on, where the alert itself was refused. */
static bool hold_wants_unknown(const struct deliver *deliver, const struct waiting_alert *alert,
			       const struct channel *channel, const struct thread_known *known)
{
	if (known != NULL &&
	    (alert->alert.told == TOLD_CLEAR || (known->state == THREAD_DROPPED && alert->alert.told != TOLD_REPEAT)))
		return false;
	return choose_wants(deliver->config, channel->config, &alert->alert) &&
	       (channel->config->after_ms == 0 || alert->alert.told == TOLD_REPEAT);
}

/* An alert that is held itself is news when it goes. `repeat` is the sentinel's as well: its clock may tick a
 * moment before ours. */
static bool hold_is_repeated_too_soon(const struct waiting_alert *alert, const struct channel *channel,
				      const struct thread_known *known, mono_ms now)
{
	uint32_t repeat_ms = channel->config->repeat_ms;

	if (alert->alert.told != TOLD_REPEAT)
		return false;
	return known->state == THREAD_HELD || repeat_ms == CONFIG_NEVER ||
	       (repeat_ms != 0 && known->last != 0 && now - known->last < repeat_ms - repeat_ms / 16);
}

static void hold_choose_follower(struct deliver *deliver, struct waiting_alert *alert, struct channel *channel,
				 struct deliver_now now)
{
	const struct deliver_now at_once = {now.mono, 0};
	struct thread_known *known = threads_find(&channel->threads, alert->alert.thread);
	struct waiting_row *row;

	if (known == NULL || known->state <= THREAD_DROPPED) {
		if (!hold_wants_unknown(deliver, alert, channel, known))
			return;
		known = threads_add(&channel->threads, &alert->alert, THREAD_QUEUED);
	}
	if (hold_is_repeated_too_soon(alert, channel, known, now.mono))
		return;
	row = waiting_add_row(alert, channel, channel->name);
	if (row == NULL)
		return;
	row->thread = known->as;
	if (alert->alert.told == TOLD_CLEAR && !hold_resolve(deliver, alert, channel, known))
		deliver_end_row(alert, row, DELIVERY_DROPPED, hold_resolved);
	else if (hold_of_thread(deliver, alert, channel, known) == HOLD_THREAD)
		hold_set(alert, row, HOLD_THREAD, &at_once, "goes with its thread's alert");
	else
		hold_from(alert, row, HOLD_AFTER, now);
}

void hold_choose(struct deliver *deliver, struct waiting_alert *alert, struct channel *channel, struct deliver_now now)
{
	struct waiting_row *row;

	if (alert->alert.told == TOLD_ALERT) {
		hold_choose_alert(deliver, alert, channel, now);
	} else if (alert->alert.told != TOLD_TEST) {
		hold_choose_follower(deliver, alert, channel, now);
	} else if (strcmp(alert->alert.rule, channel->name) == 0) {
		row = waiting_add_row(alert, channel, channel->name);
		if (row != NULL)
			row->hold = HOLD_NONE;
	}
}

/* --- of the spool --- */

static void hold_restore_waiting(struct waiting_alert *alert, struct waiting_row *row,
				 const struct delivery_row *spooled, struct deliver_now now)
{
	uint64_t left = retry_until(spooled->next_at, now.wall, RETRY_SERVER_MAX_MS);
	uint32_t fold_ms = row->channel->config->fold_ms;
	const struct deliver_now due = {now.mono + left, spooled->next_at};
	struct thread_known *known = threads_of(&row->channel->threads, alert->alert.id);

	row->attempts = spooled->attempts;
	if (spooled->attempts > 0) {
		hold_set(alert, row, HOLD_NONE, &due, spooled->why);
	} else if (spooled->next_at != 0 && row->hold != HOLD_AFTER && row->hold != HOLD_THREAD) {
		hold_set(alert, row, hold_is_alert(alert) ? HOLD_FOLD : HOLD_QUIET, &due, spooled->why);
		/* The first of its window went before we began: it stands for that, for those that come until it is over. */
		if (known != NULL && hold_is_alert(alert)) {
			known->opens = left < fold_ms && now.mono + left > fold_ms;
			known->opened = now.mono + left - fold_ms;
		}
	}
	row->report.due = false;
}

void hold_restore(struct waiting_alert *alert, struct waiting_row *row, const struct delivery_row *spooled,
		  struct deliver_now now)
{
	struct thread_known *known = threads_of(&row->channel->threads, alert->alert.id);

	if (row->touched || row->channel->attempt.row == row)
		return;
	if (spooled->state == DELIVERY_WAITING) {
		hold_restore_waiting(alert, row, spooled, now);
		return;
	}
	row->attempts = spooled->attempts;
	waiting_set(row, (enum delivery_state)spooled->state, spooled->why);
	/* Its alert is not done: that people were told may be what was missing. */
	if (row->state == DELIVERY_DEAD)
		refused_note(alert, row);
	row->report.due = false;
	if (known != NULL)
		known->state = spooled->state == DELIVERY_TAKEN ||
					       strncmp(spooled->why, HOLD_FOLDED, strlen(HOLD_FOLDED)) == 0
				       ? THREAD_WENT
				       : THREAD_DROPPED;
}

/* --- later --- */

static void hold_look_thread(struct waiting_alert *alert, struct waiting_row *row, struct deliver_now now)
{
	const struct thread_known *known = threads_find(&row->channel->threads, alert->alert.thread);

	if (known != NULL && known->state <= THREAD_DROPPED) {
		deliver_end_row(alert, row, DELIVERY_DROPPED, "the alert of its thread was not sent");
		return;
	}
	if (known != NULL && known->state == THREAD_HELD)
		return;
	if (known != NULL)
		row->thread = known->as;
	hold_from(alert, row, HOLD_QUIET, now);
}

void hold_look(struct deliver *deliver, struct waiting_alert *alert, struct waiting_row *row, struct deliver_now now)
{
	if (row->hold == HOLD_THREAD)
		hold_look_thread(alert, row, now);
	else if (row->hold == HOLD_QUIET && row->channel->quiet_until == 0)
		hold_from(alert, row, HOLD_THREAD, now);
	else if (hold_is_held(row) && row->due <= now.mono)
		hold_from(alert, row, row->hold == HOLD_QUIET ? HOLD_QUIET : (enum waiting_hold)(row->hold + 1), now);
	if (hold_is_held(row) && row->hold != HOLD_THREAD)
		deliver_wake(deliver, row->due);
}

/* --- several become one --- */

/* An alert and its repetition are the same news, what steps came to and what became of a death are other news. */
static bool hold_is_news_of(const struct waiting_alert *a)
{
	return a->alert.told == TOLD_ALERT || a->alert.told == TOLD_REPEAT;
}

static struct waiting_row *hold_may_merge(struct waiting_alert *other, const struct waiting_alert *with,
					  const struct channel *channel)
{
	struct waiting_row *row = waiting_row(other, channel->name);

	if (row == NULL || row->state != DELIVERY_WAITING || row->hold != HOLD_NONE || !row->folds ||
	    row->attempts > 0 || delivery_is_refusal(&other->alert) || other->alert.told == TOLD_CLEAR)
		return NULL;
	if (hold_is_news_of(other) != hold_is_news_of(with) ||
	    threads_matter(&other->alert) != threads_matter(&with->alert))
		return NULL;
	return row;
}

/* One that became part of the carrier's message. What else of its thread was held with it is told by that, too. */
static void hold_drop_into(struct deliver *deliver, struct waiting_alert *one, struct channel *channel,
			   const struct waiting_alert *carrier, uint64_t as)
{
	struct thread_known *known = threads_of(&channel->threads, one->alert.id);
	char why[64], id[16];
	struct buffer text;

	delivery_format_id(carrier->alert.id, id);
	BUFFER_OVER(&text, why);
	buffer_addf(&text, HOLD_FOLDED "%s", id);
	deliver_end_row(one, waiting_row(one, channel->name), DELIVERY_DROPPED, why);
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next) {
		struct waiting_row *row = waiting_row(a, channel->name);

		if (row != NULL && row->hold == HOLD_THREAD && hold_is_held(row) &&
		    a->alert.thread == one->alert.thread && one->alert.thread != carrier->alert.thread)
			deliver_end_row(a, row, DELIVERY_DROPPED, why);
	}
	if (known == NULL)
		return;
	known->state = THREAD_WENT;
	known->as = as;
}

void hold_merge(struct deliver *deliver, struct waiting_alert **alert, struct waiting_row **row)
{
	struct channel *channel = (*row)->channel;
	struct waiting_alert *with = *alert, *carrier = *alert;
	uint32_t count = 0;

	if (hold_may_merge(with, with, channel) == NULL)
		return;
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next)
		if (hold_may_merge(a, with, channel) != NULL && (hold_is_alert(a) || !hold_is_alert(carrier)))
			carrier = a;
	*alert = carrier;
	*row = waiting_row(carrier, channel->name);
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next) {
		if (hold_may_merge(a, with, channel) == NULL)
			continue;
		count += a->alert.told == carrier->alert.told;
		if (a != carrier)
			hold_drop_into(deliver, a, channel, carrier, (*row)->thread);
	}
	(*row)->count = count;
	(*row)->within_ms = carrier->alert.at > with->alert.at ? carrier->alert.at - with->alert.at : 0;
}

bool hold_is_acked(const struct waiting_alert *alert, const struct waiting_row *row)
{
	if (row->state != DELIVERY_WAITING || row->channel == NULL || row->channel->attempt.row == row)
		return false;
	return alert->alert.told == TOLD_REPEAT ||
	       (hold_is_alert(alert) && !delivery_is_refusal(&alert->alert) && row->attempts == 0 &&
		row->channel->config->after_ms > 0);
}
