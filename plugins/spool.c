/* spool: keeps alerts on the disk until every channel has taken or dropped them, and gives what waits to who
 * delivers. What comes in one turn of the worker is one transaction, confirmed when it is on the disk. A disk that
 * cannot be written stops nothing: who asked is told that it is not kept, what was asked waits here (bounded), and
 * it is tried again every 5 s. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "share/delivery.h"
#include "share/ledger.h"
#include "share/plugin.h"
#include "share/spool.h"
#include "spool_backlog.h"
#include "spool_command.h"
#include "spool_db.h"
#include "spool_store.h"

enum {
	SPOOL_ITEMS_MAX = 2 * ENTRIES_MAX, /* all alerts of the ledger, and as many reports */
	SPOOL_AGAIN_MS = 5000,             /* after the disk refused */
	SPOOL_FULL_MS = 100,               /* until a deliverer that does not read is tried again */
	SPOOL_PRUNE_MS = 3600000,
	SPOOL_DELIVERERS = 2,
};

/* What is to be written with the next transaction. */
struct spool_item {
	bool is_alert;    /* otherwise a report */
	bool told;        /* that it is not kept */
	unsigned who;     /* an alert's `wants`; who reports */
	struct delivery delivery;
};

static struct {
	const struct plugin_host *host;
	char dir[PATH_BYTES];  /* "": not told yet */
	struct spool_db db;
	struct spool_item *item; /* SPOOL_ITEMS_MAX; NULL: no memory */
	size_t items;
	int trouble;           /* -errno of the disk; 0: none */
	mono_ms trouble_since, again_at;
	mono_ms prune_at;
	bool tell_lost;        /* there may be losses that a deliverer does not know */
	bool more, full;       /* how the last turn ended for what waits */
	struct spool_backlog to[SPOOL_DELIVERERS];
} spool;

static void spool_log(int level, const char *text)
{
	spool.host->log(level, text);
}

/* --- trouble --- */

/* Who asked to keep an alert is told once; a report comes again by itself. */
static void spool_fail_items(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < spool.items; i++) {
		struct spool_item *item = &spool.item[i];

		if (!item->is_alert)
			continue;
		if (!item->told)
			spool.host->kept(item->delivery.alert.id, spool.trouble, spool.db.why);
		item->told = true;
		if (kept != i)
			spool.item[kept] = *item;
		kept++;
	}
	spool.items = kept;
}

static void spool_on_trouble(int error, mono_ms now)
{
	char said[TEXT_BYTES];

	spool_db_close(&spool.db);
	spool.again_at = now + SPOOL_AGAIN_MS;
	if (spool.trouble == 0) {
		spool.trouble_since = now;
		(void)snprintf(said, sizeof(said), "cannot keep alerts on the disk: %s; they are sent from memory meanwhile",
			       spool.db.why);
		spool_log(LOG_WARNING, said);
		for (int i = 0; i < SPOOL_DELIVERERS; i++)
			spool.to[i].say_trouble = true;
	}
	spool.trouble = error;
	spool_fail_items();
}

static void spool_on_good(mono_ms now)
{
	char said[128], span[32];

	if (spool.trouble == 0)
		return;
	(void)snprintf(said, sizeof(said), "alerts are kept on the disk again, after %s",
		       clock_format_span(now - spool.trouble_since, span));
	spool_log(LOG_INFO, said);
	spool.trouble = 0;
	for (int i = 0; i < SPOOL_DELIVERERS; i++)
		spool.to[i].say_trouble = false;
}

/* --- one transaction --- */

static int spool_open_db(void)
{
	int error;

	if (spool_db_has_moved(&spool.db)) {
		spool_log(LOG_WARNING, "the spool's file was taken away or replaced: what waited in it is not known");
		spool_db_close(&spool.db);
	}
	if (spool.db.handle != NULL)
		return 0;
	error = spool_db_open(&spool.db, spool.dir);
	if (error == 0) {
		spool.prune_at = 0;
		spool.tell_lost = true;
	}
	return error;
}

static int spool_apply(const struct spool_item *item, wall_ms wall)
{
	const struct delivery *d = &item->delivery;

	if (item->is_alert)
		return spool_store_keep(&spool.db, &d->alert, item->who, wall);
	if (d->type == DELIVERY_ROW)
		return spool_store_row(&spool.db, d->alert.id, item->who, &d->row, wall);
	return spool_store_done(&spool.db, d->alert.id, item->who, wall);
}

static int spool_write(mono_ms now, unsigned *lost)
{
	wall_ms wall = clock_wall();
	int error = spool_db_begin(&spool.db);

	for (size_t i = 0; i < spool.items && error == 0; i++)
		error = spool_apply(&spool.item[i], wall);
	if (error == 0 && now >= spool.prune_at)
		error = spool_store_prune(&spool.db, wall);
	if (error == 0)
		error = spool_store_bound(&spool.db, wall, lost);
	if (error == 0)
		error = spool_db_commit(&spool.db);
	if (error < 0)
		spool_db_rollback(&spool.db);
	return error;
}

static void spool_confirm(void)
{
	struct delivery kept;

	for (size_t i = 0; i < spool.items; i++) {
		const struct spool_item *item = &spool.item[i];

		if (item->is_alert) {
			spool.host->kept(item->delivery.alert.id, 0, "");
		} else if (item->delivery.number != 0) {
			delivery_make(&kept, DELIVERY_KEPT, item->delivery.alert.id);
			kept.number = item->delivery.number;
			/* Where it does not read, the report comes again, and is confirmed then. */
			(void)spool.host->deliver(item->who, &kept);
		}
	}
	spool.items = 0;
}

static void spool_say_lost(unsigned lost)
{
	char said[192];

	if (lost == 0)
		return;
	spool.tell_lost = true;
	(void)snprintf(said, sizeof(said), "the spool is full: %u %s that waited gave way, the least severe and oldest first",
		       lost, lost == 1 ? "alert" : "alerts");
	spool_log(LOG_WARNING, said);
}

/* What a broken file costs is told; a new one is begun at once. */
static int spool_begin_anew(void)
{
	char said[TEXT_BYTES];
	int error = spool_db_set_aside(&spool.db, clock_wall(), said, sizeof(said));

	spool_log(LOG_WARNING, said);
	return error;
}

static int spool_try(mono_ms now)
{
	unsigned lost = 0;
	int error = spool_open_db();

	if (error == 0)
		error = spool_write(now, &lost);
	if (error < 0)
		return error;
	if (now >= spool.prune_at)
		spool.prune_at = now + SPOOL_PRUNE_MS;
	spool_on_good(now);
	spool_confirm();
	spool_say_lost(lost);
	return 0;
}

/* Write all that came; after an error not before its time. */
static void spool_flush(mono_ms now)
{
	int error;

	if (spool.dir[0] == '\0')
		return;
	if (spool.trouble != 0 && now < spool.again_at) {
		spool_fail_items();
		return;
	}
	if (spool.items == 0 && spool.db.handle != NULL && now < spool.prune_at)
		return;
	error = spool_try(now);
	if (spool_db_is_broken(error) && spool_begin_anew() == 0)
		error = spool_try(now);
	if (error < 0)
		spool_on_trouble(error, now);
}

/* --- to who delivers --- */

/* To be counted as told once it is on its way. */
static int spool_tell_lost(struct spool_backlog *to)
{
	struct delivery message;
	int error = 0;
	int64_t count = spool_db_number(&spool.db, SPOOL_LOST, SPOOL_VALUES(SPOOL_N(to->deliverer)), &error);

	if (error < 0 || count <= 0)
		return error;
	delivery_make(&message, DELIVERY_LOST, 0);
	message.lost = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
	if (spool.host->deliver(to->deliverer, &message) == 0) {
		spool.tell_lost = true;
		return 0;
	}
	error = spool_db_run(&spool.db, SPOOL_LOST_TOLD, SPOOL_VALUES(SPOOL_N(to->deliverer), SPOOL_N(count)));
	return error < 0 ? error : 0;
}

static void spool_tell_trouble(struct spool_backlog *to)
{
	struct delivery message;
	struct buffer why;

	delivery_make(&message, DELIVERY_LOST, 0);
	BUFFER_OVER(&why, message.row.why);
	buffer_add(&why, spool.db.why);
	if (spool.host->deliver(to->deliverer, &message) != 0)
		to->say_trouble = false;
}

static int spool_send(void)
{
	bool tell = spool.tell_lost && spool.db.handle != NULL;
	int error = 0;

	spool.more = spool.full = false;
	if (tell)
		spool.tell_lost = false;
	for (int i = 0; i < SPOOL_DELIVERERS && error >= 0; i++) {
		if (spool.to[i].say_trouble)
			spool_tell_trouble(&spool.to[i]);
		if (tell)
			error = spool_tell_lost(&spool.to[i]);
		if (error == 0)
			error = spool_backlog_send(&spool.to[i], &spool.db, spool.host);
		spool.more |= error == SPOOL_BACKLOG_MORE;
		spool.full |= error == SPOOL_BACKLOG_FULL;
	}
	return error < 0 ? error : 0;
}

/* --- the plugin --- */

static int spool_open(const struct plugin_host *host)
{
	memset(&spool, 0, sizeof(spool));
	spool.host = host;
	for (int i = 0; i < SPOOL_DELIVERERS; i++)
		spool.to[i].deliverer = i == 0 ? WITH_ACTOR : WITH_MESSENGER;
	spool.item = calloc(SPOOL_ITEMS_MAX, sizeof(*spool.item));
	return spool.item != NULL ? 0 : -ENOMEM;
}

static void spool_ask(const struct plugin_request *request)
{
	spool.host->answer(request->id, -EINVAL, "alerts are kept, nothing is carried out by it");
}

static void spool_take_dir(const char *dir)
{
	struct buffer b;

	if (strcmp(dir, spool.dir) == 0)
		return;
	spool_flush(clock_mono());
	spool_db_close(&spool.db);
	if (spool.dir[0] != '\0')
		spool_log(LOG_WARNING, "another state directory: what waited in the old one's spool stays there");
	BUFFER_OVER(&b, spool.dir);
	buffer_add(&b, dir);
	spool.again_at = 0;
}

/* Room for one more, or NULL: what waits for the disk fills all. */
static struct spool_item *spool_add(void)
{
	if (spool.items == SPOOL_ITEMS_MAX)
		spool_flush(clock_mono());
	if (spool.items == SPOOL_ITEMS_MAX)
		return NULL;
	memset(&spool.item[spool.items], 0, sizeof(*spool.item));
	return &spool.item[spool.items++];
}

/* It waits for the disk already. */
static bool spool_has_item(uint64_t id)
{
	for (size_t i = 0; i < spool.items; i++)
		if (spool.item[i].is_alert && spool.item[i].delivery.alert.id == id)
			return true;
	return false;
}

static void spool_keep(const struct delivery_alert *alert, unsigned wants)
{
	struct spool_item *item;

	if (spool.trouble != 0 && spool_has_item(alert->id)) {
		spool.host->kept(alert->id, spool.trouble, spool.db.why);
		return;
	}
	item = spool_add();
	if (item == NULL) {
		spool.host->kept(alert->id, spool.trouble != 0 ? spool.trouble : -ENOBUFS, spool.db.why);
		return;
	}
	item->is_alert = true;
	item->who = wants;
	delivery_make(&item->delivery, DELIVERY_ALERT, alert->id);
	item->delivery.alert = *alert;
}

static void spool_on_delivery(unsigned deliverer, const struct delivery *delivery)
{
	struct spool_item *item;

	if (deliverer != WITH_ACTOR && deliverer != WITH_MESSENGER)
		return;
	if (delivery->type == DELIVERY_BACKLOG) {
		spool_backlog_begin(&spool.to[deliverer == WITH_ACTOR ? 0 : 1]);
		spool.more = true;
	} else if (delivery->type == DELIVERY_ROW || delivery->type == DELIVERY_DONE) {
		item = spool_add();
		if (item == NULL)
			return; /* it comes again */
		item->who = deliverer;
		item->delivery = *delivery;
	} else {
		spool_log(LOG_WARNING, "a deliverer sent what is not for the spool; passed over");
	}
}

/* What goes out to both, once it is in the database: dead letters that wait again, and the order. */
static bool spool_order(const struct spool_command *command)
{
	enum delivery_type type = command->drop ? DELIVERY_DROP : DELIVERY_RETRY;
	bool all = true;

	for (int i = 0; i < SPOOL_DELIVERERS; i++) {
		if (!command->drop && command->dead > 0)
			spool_backlog_begin(&spool.to[i]);
		if (!command->dead_alone)
			all &= spool_backlog_order(&spool.to[i], type, command->id);
	}
	spool.more = true;
	return all;
}

static int spool_command(const char *words, char *answer, size_t size)
{
	struct spool_command command;
	struct buffer said;
	mono_ms now = clock_mono();
	int error;

	buffer_init(&said, answer, size);
	error = spool_command_parse(&command, words, &said);
	if (error < 0)
		return error;
	spool_flush(now); /* it is about what came before it too */
	error = spool.db.handle != NULL ? spool_command_do(&command, &spool.db, clock_wall()) : -ENODEV;
	if (error == -ENOENT) {
		buffer_add(&said, "no alert of that id waits, nor is there a dead letter of it");
		return error;
	}
	if (error < 0 && spool.db.handle != NULL)
		spool_on_trouble(error, now);
	/* Where the database is out of reach, what the deliverers hold in memory is theirs to try or drop all the same. */
	if (!spool_order(&command)) {
		buffer_add(&said, "who delivers does not read now; try again");
		return -EAGAIN;
	}
	if (error < 0)
		buffer_addf(&said, "the spool is out of reach: %s; passed on to who delivers", spool.db.why);
	else
		spool_command_say(&command, &said);
	return error;
}

/* When there is more to do; UINT64_MAX: nothing by itself. */
static mono_ms spool_due(mono_ms now)
{
	mono_ms due = spool.prune_at;
	bool waits = spool.tell_lost;

	if (spool.trouble != 0)
		return spool.again_at;
	if (spool.items > 0 || spool.db.handle == NULL || spool.more)
		return now;
	for (int i = 0; i < SPOOL_DELIVERERS; i++)
		waits |= spool.to[i].say_trouble;
	if (spool.full && now + SPOOL_FULL_MS < due)
		due = now + SPOOL_FULL_MS;
	if (waits && now + SPOOL_AGAIN_MS < due)
		due = now + SPOOL_AGAIN_MS;
	return due;
}

static int spool_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	mono_ms now = clock_mono(), due;
	int left;

	(void)fds;
	(void)max;
	if (spool.dir[0] == '\0')
		return 0;
	due = spool_due(now);
	left = due > now ? (int)(due - now) : 0;
	if (*timeout_ms < 0 || left < *timeout_ms)
		*timeout_ms = left;
	return 0;
}

static void spool_dispatch(const struct pollfd *fds, int count)
{
	mono_ms now = clock_mono();
	int error;

	(void)fds;
	(void)count;
	spool_flush(now);
	error = spool_send();
	if (spool_db_is_broken(error) && spool_begin_anew() == 0)
		error = 0;
	if (error < 0)
		spool_on_trouble(error, now);
}

static void spool_close(void)
{
	spool_flush(clock_mono());
	spool_db_close(&spool.db);
	free(spool.item);
	spool.item = NULL;
	spool.items = 0;
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "spool",
	.open = spool_open,
	.ask = spool_ask,
	.prepare = spool_prepare,
	.dispatch = spool_dispatch,
	.close = spool_close,
	.spool_open = spool_take_dir,
	.keep = spool_keep,
	.on_delivery = spool_on_delivery,
	.command = spool_command,
};
