#include "spool_writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/buffer.h"
#include "spool_lasting.h"
#include "spool_read_only.h"
#include "spool_store.h"

int spool_writer_init(struct spool_writer *w, const struct plugin_host *host)
{
	memset(w, 0, sizeof(*w));
	w->host = host;
	w->item = calloc(SPOOL_WRITER_ITEMS_MAX, sizeof(*w->item));
	return w->item != NULL ? 0 : -ENOMEM;
}

/* --- trouble --- */

/* Who asked to keep an alert is told once; a report comes again by itself. */
static void spool_writer_fail_items(struct spool_writer *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->items; i++) {
		struct spool_item *item = &w->item[i];

		if (!item->is_alert)
			continue;
		if (!item->told)
			w->host->kept(item->delivery.alert.id, w->trouble, w->db.why);
		item->told = true;
		if (kept != i)
			w->item[kept] = *item;
		kept++;
	}
	w->items = kept;
}

static void spool_writer_on_trouble(struct spool_writer *w, int error, mono_ms now)
{
	char said[TEXT_BYTES];

	spool_db_close(&w->db);
	w->again_at = now + SPOOL_WRITER_AGAIN_MS;
	if (w->trouble == 0) {
		w->trouble_since = now;
		(void)snprintf(said, sizeof(said), "cannot keep alerts on the disk: %s; they are sent from memory meanwhile, and a restart of the "
			       "host would forget which units are stopped",
			       w->db.why);
		w->host->log(LOG_WARNING, said);
		w->troubles++;
	}
	w->trouble = error;
	spool_writer_fail_items(w);
}

static void spool_writer_on_good(struct spool_writer *w, mono_ms now)
{
	char said[128], span[32];

	if (w->trouble == 0)
		return;
	(void)snprintf(said, sizeof(said), "alerts are kept on the disk again, after %s",
		       clock_format_span(now - w->trouble_since, span));
	w->host->log(LOG_INFO, said);
	w->trouble = 0;
}

/* --- one transaction --- */

static int spool_writer_read_lasting(struct spool_writer *w, struct spool_db *db)
{
	int error = spool_lasting_read(db, w->host);

	w->lasted = w->lasted || error == 0;
	return error;
}

/* What lasts is wanted now, and not when the disk is mended. That this one cannot be written is told in any case. */
static void spool_writer_read_only(struct spool_writer *w)
{
	struct spool_db db = {0};

	if (w->lasted)
		return;
	memcpy(db.path, w->db.path, sizeof(db.path));
	if (spool_read_only_open(&db) == 0)
		(void)spool_writer_read_lasting(w, &db);
	spool_db_close(&db);
}

static int spool_writer_open_db(struct spool_writer *w)
{
	int error;

	if (spool_db_has_moved(&w->db)) {
		w->host->log(LOG_WARNING, "the spool's file was taken away or replaced: what waited in it is not known");
		spool_db_close(&w->db);
	}
	if (w->db.handle != NULL)
		return 0;
	error = spool_db_open(&w->db, w->dir);
	if (error < 0) {
		if (spool_read_only_may_help(error))
			spool_writer_read_only(w);
		return error;
	}
	w->prune_at = 0;
	w->lost = true;
	return spool_writer_read_lasting(w, &w->db);
}

static int spool_writer_apply(struct spool_writer *w, const struct spool_item *item, wall_ms wall)
{
	const struct delivery *d = &item->delivery;

	if (item->is_alert)
		return spool_store_keep(&w->db, &d->alert, item->who, wall);
	if (d->type == DELIVERY_ROW)
		return spool_store_row(&w->db, d->alert.id, item->who, &d->row, wall);
	return spool_store_done(&w->db, d->alert.id, item->who, wall);
}

static int spool_writer_write(struct spool_writer *w, mono_ms now, unsigned *lost)
{
	wall_ms wall = clock_wall();
	int error = spool_db_begin(&w->db);

	for (size_t i = 0; i < w->items && error == 0; i++)
		error = spool_writer_apply(w, &w->item[i], wall);
	if (error == 0 && w->lasting_due)
		error = spool_lasting_write(&w->db, &w->lasting_of, w->lasting, w->lastings);
	if (error == 0 && now >= w->prune_at)
		error = spool_store_prune(&w->db, wall);
	if (error == 0)
		error = spool_store_bound(&w->db, wall, lost);
	if (error == 0)
		error = spool_db_commit(&w->db);
	if (error < 0)
		spool_db_rollback(&w->db);
	return error;
}

static void spool_writer_confirm(struct spool_writer *w)
{
	struct delivery kept;

	for (size_t i = 0; i < w->items; i++) {
		const struct spool_item *item = &w->item[i];

		if (item->is_alert) {
			w->host->kept(item->delivery.alert.id, 0, "");
		} else if (item->delivery.number != 0) {
			delivery_make(&kept, DELIVERY_KEPT, item->delivery.alert.id);
			kept.number = item->delivery.number;
			/* Where it does not read, the report comes again, and is confirmed then. */
			(void)w->host->deliver(item->who, &kept);
		}
	}
	w->items = 0;
	w->lasting_due = false;
}

static void spool_writer_say_lost(struct spool_writer *w, unsigned lost)
{
	char said[192];

	if (lost == 0)
		return;
	w->lost = true;
	(void)snprintf(said, sizeof(said), "the spool is full: %u %s that waited gave way, the least severe and oldest first",
		       lost, lost == 1 ? "alert" : "alerts");
	w->host->log(LOG_WARNING, said);
}

/* What a broken file costs is told; a new one is begun at once. */
static int spool_writer_begin_anew(struct spool_writer *w)
{
	char said[TEXT_BYTES];
	int error = spool_db_set_aside(&w->db, clock_wall(), said, sizeof(said));

	w->host->log(LOG_WARNING, said);
	return error;
}

static int spool_writer_try(struct spool_writer *w, mono_ms now)
{
	unsigned lost = 0;
	int error = spool_writer_open_db(w);

	if (error == 0)
		error = spool_writer_write(w, now, &lost);
	if (error < 0)
		return error;
	if (now >= w->prune_at)
		w->prune_at = now + SPOOL_WRITER_PRUNE_MS;
	spool_writer_on_good(w, now);
	spool_writer_confirm(w);
	spool_writer_say_lost(w, lost);
	return 0;
}

void spool_writer_flush(struct spool_writer *w, mono_ms now)
{
	int error;

	if (w->dir[0] == '\0')
		return;
	if (w->trouble != 0 && now < w->again_at) {
		spool_writer_fail_items(w);
		return;
	}
	if (w->items == 0 && !w->lasting_due && w->db.handle != NULL && now < w->prune_at)
		return;
	error = spool_writer_try(w, now);
	if (spool_db_is_broken(error) && spool_writer_begin_anew(w) == 0)
		error = spool_writer_try(w, now);
	if (error < 0)
		spool_writer_on_trouble(w, error, now);
}

void spool_writer_on_error(struct spool_writer *w, int error, mono_ms now)
{
	if (!spool_db_is_broken(error) || spool_writer_begin_anew(w) < 0)
		spool_writer_on_trouble(w, error, now);
}

/* --- what is asked --- */

struct spool_item *spool_writer_add(struct spool_writer *w, mono_ms now)
{
	if (w->items == SPOOL_WRITER_ITEMS_MAX)
		spool_writer_flush(w, now);
	if (w->items == SPOOL_WRITER_ITEMS_MAX)
		return NULL;
	memset(&w->item[w->items], 0, sizeof(*w->item));
	return &w->item[w->items++];
}

bool spool_writer_has(const struct spool_writer *w, uint64_t id)
{
	for (size_t i = 0; i < w->items; i++)
		if (w->item[i].is_alert && w->item[i].delivery.alert.id == id)
			return true;
	return false;
}

int spool_writer_keep_lasting(struct spool_writer *w, const struct lasting_of *of, const struct lasting *rows,
			      size_t count)
{
	struct lasting *copy = calloc(count > 0 ? count : 1, sizeof(*copy));

	if (copy == NULL)
		return -ENOMEM;
	if (count > 0)
		memcpy(copy, rows, count * sizeof(*copy));
	free(w->lasting);
	w->lasting = copy;
	w->lastings = count;
	w->lasting_of = *of;
	w->lasting_due = true;
	return 0;
}

void spool_writer_take_dir(struct spool_writer *w, const char *dir, mono_ms now)
{
	struct buffer b;

	if (strcmp(dir, w->dir) == 0)
		return;
	spool_writer_flush(w, now);
	spool_db_close(&w->db);
	if (w->dir[0] != '\0')
		w->host->log(LOG_WARNING, "another state directory: what waited in the old one's spool stays there");
	BUFFER_OVER(&b, w->dir);
	buffer_add(&b, dir);
	w->again_at = 0;
	w->lasted = false;
}

mono_ms spool_writer_due(const struct spool_writer *w, mono_ms now)
{
	if (w->trouble != 0)
		return w->again_at;
	return w->items > 0 || w->lasting_due || w->db.handle == NULL ? now : w->prune_at;
}

void spool_writer_fini(struct spool_writer *w, mono_ms now)
{
	spool_writer_flush(w, now);
	spool_db_close(&w->db);
	free(w->item);
	free(w->lasting);
	w->lasting = NULL;
	w->item = NULL;
	w->items = 0;
}
