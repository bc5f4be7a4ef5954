#include "deliver/attempt.h"

#include <errno.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "deliver/refused.h"
#include "deliver/report.h"
#include "deliver/retry.h"
#include "share/ledger.h"

enum { ATTEMPT_TIMEOUT_MS = 30000 }; /* where the config names none */

/* What this message has to say of losses, and of a spool that keeps nothing: of that once. */
static void attempt_tell_losses(const struct deliver *deliver, struct channel *channel, mono_ms now,
				struct buffer *text)
{
	char span[32];
	bool silent = deliver->scribe_known && deliver->scribe_lost != 0 &&
		      now - deliver->scribe_lost >= DELIVER_NO_SCRIBE_MS;

	channel->attempt.lost = channel->lost;
	channel->attempt.tells_spool = (silent || deliver->spool_why[0] != '\0') && !channel->spool_told;
	if (channel->lost > 0)
		buffer_addf(text, "%u earlier alerts were lost: too many waited. ", channel->lost);
	if (!channel->attempt.tells_spool)
		return;
	if (deliver->spool_why[0] != '\0')
		buffer_addf(text, "The spool keeps nothing now: %s. ", deliver->spool_why);
	else
		buffer_addf(text, "The spool has not answered for %s. ",
			    clock_format_span(now - deliver->scribe_lost, span));
	buffer_add(text, "What waits is in memory alone.");
}

static struct report *attempt_make_report(const struct deliver *deliver, struct channel *channel,
					  struct deliver_now now)
{
	struct delivery_alert alert = channel->attempt.alert->alert;
	char lost[320];
	struct buffer text;

	BUFFER_OVER(&text, lost);
	attempt_tell_losses(deliver, channel, now.mono, &text);
	alert.thread = channel->attempt.row->thread;
	return report_new(&(struct report_of){
		.alert = &alert,
		.config = deliver->config,
		.state = deliver->with.state != NULL ? deliver->with.state(deliver->with.arg) : NULL,
		.attempt = channel->attempt.row->attempts,
		.count = channel->attempt.row->count,
		.within_ms = channel->attempt.row->within_ms,
		.lost = text.text,
		.wall = now.wall,
	});
}

void attempt_begin(struct deliver *deliver, struct waiting_alert *alert, struct waiting_row *row, struct deliver_now now)
{
	struct channel *channel = row->channel;
	uint32_t timeout_ms = channel->config->timeout_ms != 0 ? channel->config->timeout_ms : ATTEMPT_TIMEOUT_MS;
	uint64_t delivery = ++deliver->last_delivery;
	struct report *report;

	row->attempts++;
	row->touched = true;
	channel->attempts++;
	channel->attempt = (struct channel_attempt){
		.delivery = delivery,
		.alert = alert,
		.row = row,
		.plugin = channel->plugin,
		.until = now.mono + timeout_ms + ATTEMPT_GRACE_MS,
	};
	if (channel->missing[0] != '\0') {
		attempt_end(deliver, channel, PLUGIN_LATER, 0, channel->missing, now);
		return;
	}
	report = attempt_make_report(deliver, channel, now);
	if (report == NULL)
		attempt_end(deliver, channel, PLUGIN_LATER, 0, "no memory for its message", now);
	else
		channel->plugin->send(delivery, channel->given, report_message(report));
	report_free(report);
}

/* --- what came of it --- */

/* Said once, until one is taken: each attempt would fill the log. Of what is refused for good the sentinel tells. */
static void attempt_note_failure(struct channel *channel, enum plugin_sent result, const char *text, wall_ms wall)
{
	struct buffer why;

	if (channel->failing_since == 0 && result != PLUGIN_NEVER)
		diag_warning("channel %s does not take alerts now: %s", channel->name, text);
	if (channel->failing_since == 0)
		channel->failing_since = wall;
	BUFFER_OVER(&why, channel->why);
	buffer_add(&why, text);
}

static void attempt_note_success(struct channel *channel)
{
	if (channel->failing_since != 0)
		diag_info("channel %s takes alerts again", channel->name);
	channel->failing_since = 0;
}

static void attempt_taken(struct channel *channel, const struct channel_attempt *attempt, const char *text,
			  mono_ms now)
{
	struct thread_known *thread = threads_find(&channel->threads, attempt->alert->alert.thread);

	attempt_note_success(channel);
	channel->lost -= attempt->lost;
	channel->spool_told = channel->spool_told || attempt->tells_spool;
	if (thread != NULL)
		thread->last = now;
	deliver_end_row(attempt->alert, attempt->row, DELIVERY_TAKEN, text);
}

static void attempt_dead(const struct channel_attempt *attempt, const char *why)
{
	deliver_end_row(attempt->alert, attempt->row, DELIVERY_DEAD, why);
	refused_note(attempt->alert, attempt->row);
}

static void attempt_later(const struct channel *channel, const struct channel_attempt *attempt, uint32_t again_ms,
			  const char *text, struct deliver_now now)
{
	struct waiting_alert *alert = attempt->alert;
	struct waiting_row *row = attempt->row;
	uint64_t age_ms = retry_age(alert->alert.at, now.wall, alert->age_ms, now.mono - alert->came);
	uint32_t retry_for_ms = channel->config->retry_for_ms;
	uint32_t wait_ms = retry_wait(alert->alert.id, channel->name, row->attempts, again_ms);
	char why[sizeof(row->why)], span[32];
	struct buffer given_up;

	if (age_ms >= retry_for_ms) {
		BUFFER_OVER(&given_up, why);
		buffer_addf(&given_up, "given up after %s: %s", clock_format_span(age_ms, span), text);
		attempt_dead(attempt, why);
		return;
	}
	/* The last attempt is at the end of its time, unless the server says later. */
	if (again_ms == 0 && wait_ms > retry_for_ms - age_ms)
		wait_ms = (uint32_t)(retry_for_ms - age_ms);
	waiting_hold(row, HOLD_NONE, now.mono + wait_ms, now.wall + wait_ms, text);
	row->report.due = true;
}

/* A test is tried once, and is no alert that was taken or given up; that the channel works or not is shown by it. */
static void attempt_tested(struct deliver *deliver, struct channel *channel, const struct channel_attempt *attempt,
			   enum plugin_sent result, const char *text)
{
	static const int results[] = {[PLUGIN_TAKEN] = 1, [PLUGIN_LATER] = -EAGAIN, [PLUGIN_NEVER] = -EREMOTEIO};

	if (result == PLUGIN_TAKEN)
		attempt_note_success(channel);
	waiting_set(attempt->row, result == PLUGIN_TAKEN ? DELIVERY_TAKEN : DELIVERY_DROPPED, text);
	deliver->with.tested(deliver->with.arg, attempt->alert->alert.id, results[result], text);
}

void attempt_end(struct deliver *deliver, struct channel *channel, enum plugin_sent result, uint32_t again_ms,
		 const char *text, struct deliver_now now)
{
	const struct channel_attempt attempt = channel->attempt;

	channel->attempt.delivery = 0;
	channel->attempt.row = NULL;
	channel->attempt.alert = NULL;
	if (result != PLUGIN_TAKEN)
		attempt_note_failure(channel, result, text, now.wall);
	if (attempt.alert->alert.told == TOLD_TEST)
		attempt_tested(deliver, channel, &attempt, result, text);
	else if (result == PLUGIN_TAKEN)
		attempt_taken(channel, &attempt, text, now.mono);
	else if (result == PLUGIN_NEVER)
		attempt_dead(&attempt, text);
	else
		attempt_later(channel, &attempt, again_ms, text, now);
}

void attempt_cancel(struct channel *channel)
{
	const struct channel_attempt attempt = channel->attempt;

	if (attempt.delivery == 0)
		return;
	channel->attempt.delivery = 0;
	channel->attempt.row = NULL;
	channel->attempt.alert = NULL;
	if (attempt.plugin->cancel != NULL)
		attempt.plugin->cancel(attempt.delivery);
}

void attempt_look(struct deliver *deliver, struct channel *channel, struct deliver_now now)
{
	const struct channel_attempt attempt = channel->attempt;

	if (attempt.delivery == 0)
		return;
	if (now.mono < attempt.until) {
		deliver_wake(deliver, attempt.until);
		return;
	}
	if (attempt.plugin->cancel != NULL)
		attempt.plugin->cancel(attempt.delivery);
	if (channel->attempt.delivery == attempt.delivery)
		attempt_end(deliver, channel, PLUGIN_LATER, 0, "its plugin gave no answer in time", now);
}
