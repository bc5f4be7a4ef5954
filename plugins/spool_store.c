#include "spool_store.h"

#include <stdbool.h>

#include "share/ledger.h"
#include "share/spool.h"

enum {
	SPOOL_STORE_DAY_MS = 86400000,
	SPOOL_STORE_DEAD_DAYS = 30,
	SPOOL_STORE_EARLY_MAX = 1000,    /* reports without an alert */
	SPOOL_STORE_FINISHED_MAX = 4000, /* alerts that have left, of the last day */
};

/* In `finished`: everybody has, as it was here and left. */
#define SPOOL_STORE_LEFT (WITH_ACTOR | WITH_MESSENGER | WITH_SPOOL)

/* For what is changed, where how much does not matter. */
static int spool_store_run(struct spool_db *db, enum spool_statement which, const struct spool_value *values, size_t count)
{
	int changed = spool_db_run(db, which, values, count);

	return changed < 0 ? changed : 0;
}

static wall_ms spool_store_before(wall_ms wall, wall_ms for_ms)
{
	return wall > for_ms ? wall - for_ms : 0;
}

/* 1: it is here, owed by *owed; 0: it is not; -errno. */
static int spool_store_owed(struct spool_db *db, uint64_t id, unsigned *owed)
{
	int got = spool_db_find(db, SPOOL_ALERT_OWED, SPOOL_VALUES(SPOOL_N(id)));

	if (got > 0) {
		*owed = (unsigned)sqlite3_column_int64(db->statement[SPOOL_ALERT_OWED], 0);
		spool_db_reset(db, SPOOL_ALERT_OWED);
	}
	return got;
}

/* Who has said DONE of an alert that is not here; 0: nobody. */
static unsigned spool_store_finished(struct spool_db *db, uint64_t id, int *error)
{
	return (unsigned)spool_db_number(db, SPOOL_FINISHED, SPOOL_VALUES(SPOOL_N(id)), error);
}

static int spool_store_finish(struct spool_db *db, uint64_t id, unsigned who, wall_ms wall)
{
	return spool_store_run(db, SPOOL_FINISHED_PUT, SPOOL_VALUES(SPOOL_N(id), SPOOL_N(who), SPOOL_N(wall)));
}

/* Nobody owes it: it goes, unless there are dead letters of it. That it was here is known for a day, as its
 * reports may come once more, and the alert itself from the ledger. */
static int spool_store_leave(struct spool_db *db, uint64_t id, wall_ms wall)
{
	int left = spool_db_run(db, SPOOL_ALERT_LEAVE, SPOOL_VALUES(SPOOL_N(id)));

	return left <= 0 ? left : spool_store_finish(db, id, SPOOL_STORE_LEFT, wall);
}

static int spool_store_add(struct spool_db *db, const struct delivery_alert *a, unsigned owed)
{
	return spool_store_run(db, SPOOL_ALERT_ADD,
			       SPOOL_VALUES(SPOOL_N(a->id), SPOOL_N(a->thread), SPOOL_N(a->at), SPOOL_N(a->told),
					    SPOOL_N(a->severity), SPOOL_T(a->rule), SPOOL_T(a->unit), SPOOL_T(a->event),
					    SPOOL_T(a->title), SPOOL_T(a->text), SPOOL_N(owed)));
}

int spool_store_keep(struct spool_db *db, const struct delivery_alert *alert, unsigned wants, wall_ms wall)
{
	unsigned owed, finished = 0;
	int error = 0, got = spool_store_owed(db, alert->id, &owed);

	if (got != 0)
		return got < 0 ? got : 0;
	finished = spool_store_finished(db, alert->id, &error);
	if (error < 0 || (finished & WITH_SPOOL) != 0)
		return error;
	owed = wants & (WITH_ACTOR | WITH_MESSENGER) & ~finished;
	error = spool_store_add(db, alert, owed);
	if (error == 0)
		error = spool_store_run(db, SPOOL_EARLY_JOIN, SPOOL_VALUES(SPOOL_N(alert->id)));
	if (error == 0)
		error = spool_store_run(db, SPOOL_EARLY_REMOVE, SPOOL_VALUES(SPOOL_N(alert->id)));
	return error == 0 && owed == 0 ? spool_store_leave(db, alert->id, wall) : error;
}

int spool_store_row(struct spool_db *db, uint64_t id, unsigned deliverer, const struct delivery_row *row, wall_ms wall)
{
	unsigned owed = 0, finished;
	int error = 0, got = spool_store_owed(db, id, &owed);

	if (got < 0)
		return got;
	/* Said before DONE, told again after it: nobody waits any more. */
	if (got > 0 && (owed & deliverer) == 0 && row->state == DELIVERY_WAITING)
		return 0;
	if (got == 0) {
		finished = spool_store_finished(db, id, &error);
		if (error < 0 || (finished & (deliverer | WITH_SPOOL)) != 0)
			return error;
	}
	return spool_store_run(db, got > 0 ? SPOOL_ROW_PUT : SPOOL_EARLY_PUT,
			       SPOOL_VALUES(SPOOL_N(id), SPOOL_T(row->channel), SPOOL_N(deliverer), SPOOL_N(row->state),
					    SPOOL_N(row->attempts), SPOOL_N(row->next_at), SPOOL_T(row->why),
					    SPOOL_N(wall)));
}

int spool_store_done(struct spool_db *db, uint64_t id, unsigned deliverer, wall_ms wall)
{
	int changed = spool_db_run(db, SPOOL_ALERT_DONE, SPOOL_VALUES(SPOOL_N(id), SPOOL_N(deliverer)));

	if (changed < 0)
		return changed;
	return changed > 0 ? spool_store_leave(db, id, wall) : spool_store_finish(db, id, deliverer, wall);
}

/* --- bounds --- */

/* More waits than may. */
static bool spool_store_is_full(struct spool_db *db, int *error)
{
	int64_t pages, unused = 0, alerts = 0;

	pages = spool_db_number(db, SPOOL_PAGES, NULL, 0, error);
	if (*error == 0)
		unused = spool_db_number(db, SPOOL_PAGES_FREE, NULL, 0, error);
	if (*error == 0)
		alerts = spool_db_number(db, SPOOL_ALERT_COUNT, SPOOL_VALUES(SPOOL_N(0)), error);
	return *error == 0 && (alerts > SPOOL_ALERTS_MAX || (pages - unused) * db->page_bytes > SPOOL_BYTES_MAX);
}

static int spool_store_lose(struct spool_db *db, uint64_t id, unsigned owed, wall_ms wall)
{
	int error = spool_store_run(db, SPOOL_ALERT_REMOVE, SPOOL_VALUES(SPOOL_N(id)));

	if (error == 0)
		error = spool_store_finish(db, id, SPOOL_STORE_LEFT, wall);
	for (unsigned who = WITH_ACTOR; error == 0 && who <= WITH_MESSENGER; who <<= 1)
		if ((owed & who) != 0)
			error = spool_store_run(db, SPOOL_LOST_ADD, SPOOL_VALUES(SPOOL_N(who)));
	return error;
}

int spool_store_bound(struct spool_db *db, wall_ms wall, unsigned *lost)
{
	int error = 0;

	*lost = 0;
	while (error == 0 && spool_store_is_full(db, &error)) {
		int got = spool_db_find(db, SPOOL_ALERT_LEAST, NULL, 0);
		uint64_t id;
		unsigned owed;

		if (got <= 0)
			return got;
		id = (uint64_t)sqlite3_column_int64(db->statement[SPOOL_ALERT_LEAST], 0);
		owed = (unsigned)sqlite3_column_int64(db->statement[SPOOL_ALERT_LEAST], 1);
		spool_db_reset(db, SPOOL_ALERT_LEAST);
		error = spool_store_lose(db, id, owed, wall);
		*lost += 1;
	}
	return error;
}

int spool_store_prune(struct spool_db *db, wall_ms wall)
{
	wall_ms day = spool_store_before(wall, SPOOL_STORE_DAY_MS);
	wall_ms month = spool_store_before(wall, (wall_ms)SPOOL_STORE_DEAD_DAYS * SPOOL_STORE_DAY_MS);
	int error = spool_store_run(db, SPOOL_EARLY_PRUNE, SPOOL_VALUES(SPOOL_N(day), SPOOL_N(SPOOL_STORE_EARLY_MAX)));

	if (error == 0)
		error = spool_store_run(db, SPOOL_FINISHED_PRUNE,
					SPOOL_VALUES(SPOOL_N(day), SPOOL_N(SPOOL_STORE_FINISHED_MAX)));
	if (error == 0)
		error = spool_store_run(db, SPOOL_DEAD_PRUNE, SPOOL_VALUES(SPOOL_N(month), SPOOL_N(SPOOL_DEAD_MAX)));
	return error == 0 ? spool_store_run(db, SPOOL_DEAD_LEAVE, NULL, 0) : error;
}
