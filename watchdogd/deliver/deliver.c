#include "deliver/deliver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/diag.h"
#include "deliver/attempt.h"
#include "deliver/deliver_parts.h"
#include "deliver/hold.h"
#include "deliver/quiet.h"
#include "deliver/refused.h"
#include "deliver/retry.h"
#include "deliver/scribe.h"
#include "share/ledger.h"

enum { DELIVER_TURN_MS = 3600000 }; /* the longest that a turn says to wait: clocks may be set */

/* --- life --- */

struct deliver *deliver_new(const struct deliver_with *with)
{
	struct deliver *deliver = calloc(1, sizeof(*deliver));

	if (deliver == NULL)
		return NULL;
	deliver->with = *with;
	tzset(); /* reads the host's time zone, while files may still be opened */
	return deliver;
}

void deliver_free(struct deliver *deliver)
{
	for (size_t i = 0; i < deliver->channels.count; i++)
		attempt_cancel(deliver->channels.row[i]);
	while (deliver->waiting.first != NULL)
		waiting_remove(&deliver->waiting, deliver->waiting.first);
	channels_fini(&deliver->channels);
	free(deliver);
}

/* --- rows --- */

void deliver_end_row(struct waiting_alert *alert, struct waiting_row *row, enum delivery_state state, const char *why)
{
	struct channel *channel = row->channel;
	struct thread_known *known;

	waiting_set(row, state, why);
	if (channel == NULL)
		return;
	channel->taken += state == DELIVERY_TAKEN;
	channel->dead += state == DELIVERY_DEAD;
	channel->dropped += state == DELIVERY_DROPPED;
	known = threads_of(&channel->threads, alert->alert.id);
	if (known != NULL)
		known->state = state == DELIVERY_TAKEN ? THREAD_WENT : THREAD_DROPPED;
}

void deliver_drop_row(struct deliver *deliver, struct waiting_alert *alert, struct waiting_row *row, const char *why)
{
	if (row->channel != NULL && row->channel->attempt.row == row)
		attempt_cancel(row->channel);
	if (alert->alert.told == TOLD_TEST)
		deliver->with.tested(deliver->with.arg, alert->alert.id, -ECANCELED, why);
	deliver_end_row(alert, row, DELIVERY_DROPPED, why);
}

static void deliver_look_at_quiet(struct deliver *deliver, wall_ms wall)
{
	for (size_t i = 0; i < deliver->channels.count; i++) {
		struct channel *channel = deliver->channels.row[i];

		channel->quiet_until = quiet_until(channel->config->quiet_from_min, channel->config->quiet_to_min, wall);
	}
}

/* --- the config --- */

static const struct plugin *deliver_find_plugin(void *arg, const char *name)
{
	struct deliver *deliver = arg;

	return deliver->with.plugin(deliver->with.arg, name);
}

static void deliver_on_gone(void *arg, struct channel *channel)
{
	struct deliver *deliver = arg;
	size_t dropped = 0;

	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next) {
		struct waiting_row *row = waiting_row(a, channel->name);

		if (row == NULL || row->channel != channel)
			continue;
		if (row->state == DELIVERY_WAITING) {
			deliver_drop_row(deliver, a, row, "the channel is gone from the config");
			dropped++;
		}
		row->channel = NULL;
	}
	if (dropped > 0)
		diag_warning("channel %s is gone from the config, and so are the alerts that waited for it: %zu",
			     channel->name, dropped);
}

int deliver_config(struct deliver *deliver, const struct config *config, const struct vault *vault, wall_ms wall)
{
	const struct channels_with with = {deliver, deliver_find_plugin, deliver_on_gone};
	int error = channels_take(&deliver->channels, config, vault, &with);

	if (error < 0)
		return error;
	deliver->config = config;
	deliver_look_at_quiet(deliver, wall);
	return 0;
}

/* --- alerts --- */

static bool deliver_is_acked(const struct deliver *deliver, const struct waiting_alert *alert)
{
	if (alert->spooled && deliver->acked_all && !deliver->backlog_over)
		return true;
	for (size_t i = 0; i < DELIVER_ACKED; i++)
		if (deliver->acked[i] == alert->alert.thread && alert->alert.thread != 0)
			return true;
	return false;
}

static void deliver_drop_acked(struct waiting_alert *alert)
{
	for (size_t i = 0; i < alert->rows; i++)
		if (hold_is_acked(alert, &alert->row[i]))
			deliver_end_row(alert, &alert->row[i], DELIVERY_DROPPED, "acknowledged");
}

static bool deliver_is_under_way(const struct waiting_alert *alert)
{
	for (size_t i = 0; i < alert->rows; i++)
		if (alert->row[i].channel != NULL && alert->row[i].channel->attempt.row == &alert->row[i])
			return true;
	return false;
}

/* Too many wait: the oldest of the least severe goes, one whose message is on its way excepted. */
static void deliver_keep_bound(struct deliver *deliver)
{
	struct waiting_alert *least = NULL;
	size_t open = 0;

	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next) {
		if (!waiting_is_open(a))
			continue;
		open++;
		if (a->alert.told != TOLD_TEST && !deliver_is_under_way(a) &&
		    (least == NULL || a->alert.severity < least->alert.severity))
			least = a;
	}
	if (least == NULL || open <= DELIVER_ALERTS_MAX)
		return;
	for (size_t i = 0; i < least->rows; i++) {
		if (least->row[i].state != DELIVERY_WAITING)
			continue;
		if (least->row[i].channel != NULL)
			least->row[i].channel->lost++;
		deliver_end_row(least, &least->row[i], DELIVERY_DROPPED, "lost: too many wait, and this was the least severe");
	}
}

/* A new alert from wherever it comes, chosen and held for each channel; have-messages are the caller's. NULL: no
 * memory. */
static struct waiting_alert *deliver_take(struct deliver *deliver, const struct delivery_alert *alert, bool spooled,
					  struct deliver_now now)
{
	struct waiting_alert *added =
		waiting_add(&deliver->waiting, alert, deliver->channels.count);

	if (added == NULL)
		return NULL;
	added->spooled = spooled;
	added->came = now.mono;
	added->age_ms = spooled && now.wall > alert->at ? now.wall - alert->at : 0;
	deliver_look_at_quiet(deliver, now.wall);
	/* A person waits for the word on a test, or has left since: from the spool it is not made. */
	for (size_t i = 0; i < deliver->channels.count && !(spooled && alert->told == TOLD_TEST); i++)
		hold_choose(deliver, added, deliver->channels.row[i], now);
	if (deliver_is_acked(deliver, added))
		deliver_drop_acked(added);
	if (deliver->waiting.open > DELIVER_ALERTS_MAX)
		deliver_keep_bound(deliver);
	return added;
}

static bool deliver_is_recent(const struct deliver *deliver, uint64_t id)
{
	for (size_t i = 0; i < DELIVER_RECENT; i++)
		if (deliver->recent[i] == id && id != 0)
			return true;
	return false;
}

void deliver_alert(struct deliver *deliver, const struct delivery_alert *alert, mono_ms now, wall_ms wall)
{
	const struct waiting_alert *known = waiting_find(&deliver->waiting, alert->id);
	bool wrong = alert->id == 0 || alert->told >= TOLDS || alert->severity >= SEVERITIES;
	bool done = wrong || (known != NULL ? known->done : deliver_is_recent(deliver, alert->id));

	if (known == NULL && !done) {
		known = deliver_take(deliver, alert, false, (struct deliver_now){now, wall});
		if (known == NULL)
			return; /* not copied: the ledger keeps it and asks again */
		if (alert->told == TOLD_TEST && known->rows == 0)
			deliver->with.tested(deliver->with.arg, alert->id, -ENOENT,
					     "no channel of that name whose plugin is here");
	}
	deliver->with.have(deliver->with.arg, alert->id);
	if (done)
		deliver->with.done(deliver->with.arg, alert->id);
}

void deliver_on_scribe(struct deliver *deliver, const struct delivery *delivery, mono_ms now, wall_ms wall)
{
	const struct deliver_now at = {now, wall};

	if (delivery->type != DELIVERY_ALERT) {
		scribe_on(deliver, delivery, at);
		return;
	}
	scribe_more(deliver, now);
	if (waiting_find(&deliver->waiting, delivery->alert.id) == NULL)
		(void)deliver_take(deliver, &delivery->alert, true, at);
}

void deliver_ack(struct deliver *deliver, uint64_t thread)
{
	if (thread != 0)
		deliver->acked[deliver->ackeds++ % DELIVER_ACKED] = thread;
	else
		deliver->acked_all = true;
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next)
		if (thread == 0 || a->alert.thread == thread)
			deliver_drop_acked(a);
}

/* --- what plugins say --- */

void deliver_sent(struct deliver *deliver, uint64_t delivery, enum plugin_sent result, uint32_t again_ms,
		  const char *text, mono_ms now, wall_ms wall)
{
	struct channel *channel = channels_find_delivery(&deliver->channels, delivery);

	if (channel != NULL)
		attempt_end(deliver, channel, result, again_ms, text, (struct deliver_now){now, wall});
}

void deliver_talk(struct deliver *deliver, uint64_t delivery, const char *line)
{
	const struct channel *channel = channels_find_delivery(&deliver->channels, delivery);

	if (channel != NULL && channel->attempt.alert->alert.told == TOLD_TEST)
		deliver->with.tested(deliver->with.arg, channel->attempt.alert->alert.id, 0, line);
}

bool deliver_standing(const struct deliver *deliver, size_t i, struct plugin_standing *standing)
{
	const struct channel *channel = i < deliver->channels.count ? deliver->channels.row[i] : NULL;

	if (channel == NULL)
		return false;
	*standing = (struct plugin_standing){
		.name = channel->name,
		.taken = channel->taken,
		.dead = channel->dead,
		.dropped = channel->dropped,
		.attempts = channel->attempts,
		.failing_since_wall_ms = channel->failing_since,
		.why = channel->failing_since != 0 ? channel->why : "",
	};
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next)
		for (size_t r = 0; r < a->rows; r++)
			standing->waiting += a->row[r].channel == channel && a->row[r].state == DELIVERY_WAITING;
	return true;
}

/* --- a turn --- */

static bool deliver_is_free(const struct waiting_row *row)
{
	return row->state == DELIVERY_WAITING && row->channel != NULL && row->channel->attempt.delivery == 0;
}

/* Tests wait for nothing but for the message that is on its way. */
static void deliver_begin_tests(struct deliver *deliver, struct deliver_now now)
{
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next)
		if (a->alert.told == TOLD_TEST && a->rows > 0 && deliver_is_free(&a->row[0]))
			attempt_begin(deliver, a, &a->row[0], now);
}

/* The first row of each channel that is not held: begun when it is due, else the channel waits for it. */
static void deliver_begin_row(struct deliver *deliver, struct waiting_alert *alert, struct waiting_row *row,
			      struct deliver_now now)
{
	struct channel *channel = row->channel;

	if (!deliver_is_free(row) || row->hold != HOLD_NONE || channel->stopped)
		return;
	channel->stopped = true;
	if (row->due > now.mono) {
		deliver_wake(deliver, row->due);
		return;
	}
	if (row->attempts == 0)
		hold_merge(deliver, &alert, &row);
	attempt_begin(deliver, alert, row, now);
	if (channel->attempt.delivery == 0)
		deliver_wake(deliver, now.mono); /* answered at once: the next one */
	else
		deliver_wake(deliver, channel->attempt.until);
}

static void deliver_begin(struct deliver *deliver, struct deliver_now now)
{
	for (size_t i = 0; i < deliver->channels.count; i++)
		deliver->channels.row[i]->stopped = false;
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next)
		for (size_t i = 0; i < a->rows && a->alert.told != TOLD_TEST; i++)
			deliver_begin_row(deliver, a, &a->row[i], now);
}

/* What no channel wants any more. */
static void deliver_settle(struct deliver *deliver, bool all_came)
{
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next) {
		if (a->done || waiting_is_open(a) || refused_waits(a) || (a->spooled && !all_came))
			continue;
		a->done = true;
		a->report.due = true;
		deliver->waiting.open--;
		deliver->waiting.done++;
		deliver->with.done(deliver->with.arg, a->alert.id);
	}
}

int deliver_turn(struct deliver *deliver, mono_ms now, wall_ms wall)
{
	const struct deliver_now at = {now, wall};
	bool all_came;

	/* Numbers of reports are not those of who was here before us: a late confirmation of one is none of ours. */
	if (deliver->last_number == 0)
		deliver->last_number = wall << 16;
	deliver->wake = UINT64_MAX;
	deliver_look_at_quiet(deliver, wall);
	all_came = scribe_backlog(deliver, now);
	for (size_t i = 0; i < deliver->channels.count; i++)
		attempt_look(deliver, deliver->channels.row[i], at);
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next)
		for (size_t i = 0; i < a->rows; i++)
			if (a->row[i].state == DELIVERY_WAITING && a->row[i].hold != HOLD_NONE)
				hold_look(deliver, a, &a->row[i], at);
	deliver_begin_tests(deliver, at);
	if (all_came)
		deliver_begin(deliver, at);
	refused_turn(deliver, now);
	deliver_settle(deliver, all_came);
	scribe_flush(deliver, now);
	if (deliver->wake == UINT64_MAX)
		return -1;
	if (deliver->wake <= now)
		return 0;
	return deliver->wake - now < DELIVER_TURN_MS ? (int)(deliver->wake - now) : DELIVER_TURN_MS;
}
