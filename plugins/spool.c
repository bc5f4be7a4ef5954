/* spool: keeps alerts on the disk until every channel has taken or dropped them, and gives what waits to who
 * delivers; and what else outlives a restart of the host (spool_lasting.c). What is asked goes to the writer (spool_writer.c), what goes out to the two deliverers comes from their
 * backlogs (spool_backlog.c); both do what they can in one turn of the worker, and wait for nobody. */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "share/delivery.h"
#include "share/ledger.h"
#include "share/plugin.h"
#include "spool_backlog.h"
#include "spool_command.h"
#include "spool_db.h"
#include "spool_writer.h"

enum {
	SPOOL_FULL_MS = 100,  /* until a deliverer that does not read is tried again */
	SPOOL_AGAIN_MS = 5000, /* until it is told once more what it has not read */
	SPOOL_DELIVERERS = 2,
};

static struct {
	const struct plugin_host *host;
	struct spool_writer writer;
	bool more, full; /* how the last turn ended for what waits */
	struct spool_backlog to[SPOOL_DELIVERERS];
} spool;

/* --- to who delivers --- */

/* To be counted as told once it is on its way. */
static int spool_tell_lost(struct spool_backlog *to)
{
	struct delivery message;
	int error = 0;
	int64_t count = spool_db_number(&spool.writer.db, SPOOL_LOST, SPOOL_VALUES(SPOOL_N(to->deliverer)), &error);

	if (error < 0 || count <= 0)
		return error;
	delivery_make(&message, DELIVERY_LOST, 0);
	message.lost = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
	if (spool.host->deliver(to->deliverer, &message) == 0) {
		spool.writer.lost = true;
		return 0;
	}
	error = spool_db_run(&spool.writer.db, SPOOL_LOST_TOLD, SPOOL_VALUES(SPOOL_N(to->deliverer), SPOOL_N(count)));
	return error < 0 ? error : 0;
}

static void spool_tell_trouble(struct spool_backlog *to)
{
	struct delivery message;
	struct buffer why;

	if (spool.writer.trouble == 0 || to->troubles == spool.writer.troubles)
		return;
	delivery_make(&message, DELIVERY_LOST, 0);
	BUFFER_OVER(&why, message.row.why);
	buffer_add(&why, spool.writer.db.why);
	if (spool.host->deliver(to->deliverer, &message) != 0)
		to->troubles = spool.writer.troubles;
}

static int spool_send(void)
{
	bool tell = spool.writer.lost && spool.writer.db.handle != NULL;
	int error = 0;

	spool.more = spool.full = false;
	if (tell)
		spool.writer.lost = false;
	for (int i = 0; i < SPOOL_DELIVERERS && error >= 0; i++) {
		spool_tell_trouble(&spool.to[i]);
		if (tell)
			error = spool_tell_lost(&spool.to[i]);
		if (error == 0)
			error = spool_backlog_send(&spool.to[i], &spool.writer.db, spool.host);
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
	return spool_writer_init(&spool.writer, host);
}

static void spool_ask(const struct plugin_request *request)
{
	spool.host->answer(request->id, -EINVAL, "alerts are kept, nothing is carried out by it");
}

static void spool_take_dir(const char *dir)
{
	spool_writer_take_dir(&spool.writer, dir, clock_mono());
}

static void spool_keep(const struct delivery_alert *alert, unsigned wants)
{
	struct spool_item *item;

	if (spool.writer.trouble != 0 && spool_writer_has(&spool.writer, alert->id)) {
		spool.host->kept(alert->id, spool.writer.trouble, spool.writer.db.why);
		return;
	}
	item = spool_writer_add(&spool.writer, clock_mono());
	if (item == NULL) {
		spool.host->kept(alert->id, spool.writer.trouble != 0 ? spool.writer.trouble : -ENOBUFS, spool.writer.db.why);
		return;
	}
	item->is_alert = true;
	item->who = wants;
	delivery_make(&item->delivery, DELIVERY_ALERT, alert->id);
	item->delivery.alert = *alert;
}

static void spool_on_delivery(unsigned deliverer, const struct delivery *delivery)
{
	struct spool_backlog *to = &spool.to[deliverer == WITH_ACTOR ? 0 : 1];
	struct spool_item *item;

	if (deliverer != WITH_ACTOR && deliverer != WITH_MESSENGER)
		return;
	if (delivery->type == DELIVERY_BACKLOG) {
		spool_backlog_begin(to);
		to->number = delivery->number;
		spool.more = true;
	} else if (delivery->type == DELIVERY_ROW || delivery->type == DELIVERY_DONE) {
		item = spool_writer_add(&spool.writer, clock_mono());
		if (item == NULL)
			return; /* it comes again */
		item->who = deliverer;
		item->delivery = *delivery;
	} else {
		spool.host->log(LOG_WARNING, "a deliverer sent what is not for the spool; passed over");
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
	spool_writer_flush(&spool.writer, now); /* it is about what came before it too */
	error = spool.writer.db.handle != NULL ? spool_command_do(&command, &spool.writer.db, clock_wall()) : -ENODEV;
	if (error == -ENOENT) {
		buffer_add(&said, "no alert of that id waits, nor is there a dead letter of it");
		return error;
	}
	if (error < 0 && spool.writer.db.handle != NULL)
		spool_writer_on_error(&spool.writer, error, now);
	/* Where the database is out of reach, what the deliverers hold in memory is theirs to try or drop all the same. */
	if (!spool_order(&command)) {
		buffer_add(&said, "who delivers does not read now; try again");
		return -EAGAIN;
	}
	if (error < 0)
		buffer_addf(&said, "the spool is out of reach: %s; passed on to who delivers", spool.writer.db.why);
	else
		spool_command_say(&command, &said);
	return error;
}

static int spool_keep_lasting(const struct lasting_of *of, const struct lasting *rows, size_t count)
{
	return spool_writer_keep_lasting(&spool.writer, of, rows, count);
}

static mono_ms spool_due(mono_ms now)
{
	mono_ms due = spool_writer_due(&spool.writer, now);

	if (spool.writer.trouble != 0)
		return due;
	if (spool.more)
		return now;
	if (spool.full && now + SPOOL_FULL_MS < due)
		due = now + SPOOL_FULL_MS;
	if (spool.writer.lost && now + SPOOL_AGAIN_MS < due)
		due = now + SPOOL_AGAIN_MS;
	return due;
}

static int spool_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	mono_ms now = clock_mono(), due;
	int left;

	(void)fds;
	(void)max;
	if (spool.writer.dir[0] == '\0')
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
	spool_writer_flush(&spool.writer, now);
	error = spool_send();
	if (error < 0)
		spool_writer_on_error(&spool.writer, error, now);
}

static void spool_close(void)
{
	spool_writer_fini(&spool.writer, clock_mono());
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
	.keep_lasting = spool_keep_lasting,
};
