#include "spool_db.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/file.h"
#include "share/spool.h"
#include "spool_aside.h"

enum {
	SPOOL_DB_BUSY_MS = 1000,    /* who reads it does not hold up who writes: only another writer does */
	SPOOL_DB_MODE = 0640,       /* its group may read */
};

/* Twice the bound, for what is between two commits. */
#define SPOOL_DB_PAGES_MAX (2 * SPOOL_BYTES_MAX / 4096)

static const char spool_db_settings[] =
	"PRAGMA journal_mode = WAL;"
	"PRAGMA synchronous = FULL;"
	"PRAGMA foreign_keys = ON;"
	"PRAGMA temp_store = MEMORY;"
	"PRAGMA trusted_schema = OFF;"
	"PRAGMA cache_size = -1024;"
	"PRAGMA wal_autocheckpoint = 256;"
	"PRAGMA journal_size_limit = 1048576;";

/* States are enum delivery_state (0 waiting, 1 taken, 2 dead, 3 dropped). */
static const char *const spool_db_sql[SPOOL_STATEMENTS] = {
	[SPOOL_BEGIN] = "BEGIN IMMEDIATE",
	[SPOOL_COMMIT] = "COMMIT",
	[SPOOL_ALERT_OWED] = "SELECT owed FROM alerts WHERE id = ?1",
	[SPOOL_ALERT_ADD] = "INSERT INTO alerts(id, thread, at, told, severity, rule, unit, event, title, text, owed)"
			    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[SPOOL_ALERT_DONE] = "UPDATE alerts SET owed = owed & ~?2 WHERE id = ?1",
	[SPOOL_ALERT_NEXT] = "SELECT id, thread, at, told, severity, rule, unit, event, title, text FROM alerts"
			     " WHERE id >= ?1 AND owed & ?2 ORDER BY id LIMIT 1",
	[SPOOL_ALERT_COUNT] = "SELECT count(*) FROM alerts WHERE owed != 0 AND (?1 = 0 OR id = ?1)",
	[SPOOL_ALERT_LEAST] = "SELECT id, owed FROM alerts WHERE owed != 0 ORDER BY severity, id LIMIT 1",
	[SPOOL_ALERT_REMOVE] = "DELETE FROM alerts WHERE id = ?1",
	[SPOOL_ALERT_LEAVE] = "DELETE FROM alerts WHERE id = ?1 AND owed = 0"
			      " AND NOT EXISTS (SELECT 1 FROM rows WHERE alert = ?1 AND state = 2)",
	/* What was taken stays taken: an older report may come after it. */
	[SPOOL_ROW_PUT] = "INSERT INTO rows(alert, channel, deliverer, state, attempts, next_at, why, at)"
			  " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(alert, channel) DO UPDATE SET"
			  " deliverer = ?3, state = ?4, attempts = ?5, next_at = ?6, why = ?7, at = ?8"
			  " WHERE state != 1",
	[SPOOL_ROW_NEXT] = "SELECT channel, state, attempts, next_at, why FROM rows"
			   " WHERE alert = ?1 AND deliverer = ?2 AND channel > ?3"
			   " AND length(CAST(channel AS BLOB)) <= 32 ORDER BY channel LIMIT 1",
	[SPOOL_ROW_DEAD_OF] = "SELECT count(*) FROM rows WHERE state = 2 AND (?1 = 0 OR alert = ?1)",
	[SPOOL_EARLY_PUT] = "INSERT INTO early(alert, channel, deliverer, state, attempts, next_at, why, at)"
			    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(alert, channel) DO UPDATE SET"
			    " deliverer = ?3, state = ?4, attempts = ?5, next_at = ?6, why = ?7, at = ?8"
			    " WHERE state != 1",
	[SPOOL_EARLY_JOIN] = "INSERT OR IGNORE INTO rows SELECT * FROM early WHERE alert = ?1",
	[SPOOL_EARLY_REMOVE] = "DELETE FROM early WHERE alert = ?1",
	[SPOOL_EARLY_PRUNE] = "DELETE FROM early WHERE at < ?1 OR (alert, channel) IN"
			      " (SELECT alert, channel FROM early ORDER BY at DESC LIMIT -1 OFFSET ?2)",
	[SPOOL_FINISHED] = "SELECT deliverers FROM finished WHERE alert = ?1",
	[SPOOL_FINISHED_PUT] = "INSERT INTO finished(alert, deliverers, at) VALUES(?1, ?2, ?3)"
			       " ON CONFLICT(alert) DO UPDATE SET deliverers = deliverers | ?2, at = ?3",
	[SPOOL_FINISHED_PRUNE] = "DELETE FROM finished WHERE at < ?1 OR alert IN"
				 " (SELECT alert FROM finished ORDER BY at DESC LIMIT -1 OFFSET ?2)",
	/* Not removed: while another channel waits, its deliverer has to know that this one is over. */
	[SPOOL_DEAD_PRUNE] = "UPDATE rows SET state = 3 WHERE state = 2 AND (at < ?1 OR (alert, channel) IN"
			     " (SELECT alert, channel FROM rows WHERE state = 2 ORDER BY at DESC, alert DESC"
			     " LIMIT -1 OFFSET ?2))",
	[SPOOL_DEAD_OWED] = "UPDATE alerts SET owed = owed"
			    " | (SELECT max(deliverer & 1) | max(deliverer & 2) FROM rows WHERE alert = id AND state = 2)"
			    " WHERE (?1 = 0 OR id = ?1)"
			    " AND EXISTS (SELECT 1 FROM rows WHERE alert = id AND state = 2)",
	[SPOOL_DEAD_RETRY] = "UPDATE rows SET state = 0, next_at = 0, at = ?2"
			     " WHERE state = 2 AND (?1 = 0 OR alert = ?1)",
	[SPOOL_DEAD_DROP] = "UPDATE rows SET state = 3 WHERE state = 2",
	[SPOOL_DEAD_LEAVE] = "DELETE FROM alerts WHERE owed = 0"
			     " AND NOT EXISTS (SELECT 1 FROM rows WHERE alert = id AND state = 2)",
	[SPOOL_DROP_FINISH] = "INSERT OR REPLACE INTO finished(alert, deliverers, at)"
			      " SELECT id, 7, ?2 FROM alerts WHERE ?1 = 0 OR id = ?1",
	[SPOOL_DROP] = "DELETE FROM alerts WHERE ?1 = 0 OR id = ?1",
	[SPOOL_LOST] = "SELECT count FROM lost WHERE deliverer = ?1",
	[SPOOL_LOST_ADD] = "INSERT INTO lost(deliverer, count) VALUES(?1, 1)"
			   " ON CONFLICT(deliverer) DO UPDATE SET count = count + 1",
	[SPOOL_LOST_TOLD] = "UPDATE lost SET count = max(count - ?2, 0) WHERE deliverer = ?1",
	[SPOOL_PAGES] = "PRAGMA page_count",
	[SPOOL_PAGES_FREE] = "PRAGMA freelist_count",
	[SPOOL_LASTING_NEXT] = "SELECT kind, unit, rule, at, number, what, owed, shed, rules FROM lasting"
			       " ORDER BY kind, unit, rule LIMIT ?1",
	[SPOOL_LASTING_ADD] = "INSERT OR REPLACE INTO lasting(kind, unit, rule, at, number, what, owed, shed,"
			      " rules) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[SPOOL_LASTING_CLEAR] = "DELETE FROM lasting",
	[SPOOL_LEDGER] = "SELECT life, boot_id FROM ledger WHERE one = 1",
	[SPOOL_LEDGER_PUT] = "INSERT OR REPLACE INTO ledger(one, life, boot_id) VALUES(1, ?1, ?2)",
};

/* --- errors --- */

/* Its -errno; -EBADMSG: the file is broken. */
static int spool_db_errno(const struct spool_db *db, int result)
{
	int error = db->handle != NULL ? sqlite3_system_errno(db->handle) : 0;

	switch (result & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_PERM:
		return -EACCES;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return error > 0 ? -error : -EIO;
	}
}

int spool_db_fail(struct spool_db *db, int result)
{
	int error = spool_db_errno(db, result);
	struct buffer why;

	BUFFER_OVER(&why, db->why);
	if (error == -EBADMSG)
		buffer_addf(&why, "%s is broken: %s", db->path, db->handle != NULL ? sqlite3_errmsg(db->handle) : "");
	else
		buffer_addf(&why, "%s: %s", db->path, diag_errno(error));
	return error;
}

bool spool_db_is_broken(int error)
{
	return error == -EBADMSG;
}

/* --- statements --- */

void spool_db_reset(struct spool_db *db, enum spool_statement which)
{
	(void)sqlite3_reset(db->statement[which]); /* says again what step has said */
}

int spool_db_next(struct spool_db *db, enum spool_statement which)
{
	int result = sqlite3_step(db->statement[which]), error;

	if (result == SQLITE_ROW)
		return 1;
	error = result == SQLITE_DONE ? 0 : spool_db_fail(db, result);
	spool_db_reset(db, which);
	return error;
}

static int spool_db_bind(sqlite3_stmt *statement, const struct spool_value *values, size_t count)
{
	int result = SQLITE_OK;

	for (size_t i = 0; i < count && result == SQLITE_OK; i++) {
		if (values[i].text != NULL)
			result = sqlite3_bind_text(statement, (int)i + 1, values[i].text, -1, SQLITE_STATIC);
		else
			result = sqlite3_bind_int64(statement, (int)i + 1, values[i].number);
	}
	return result;
}

int spool_db_find(struct spool_db *db, enum spool_statement which, const struct spool_value *values, size_t count)
{
	int result;

	if (db->handle == NULL)
		return -ENODEV;
	result = spool_db_bind(db->statement[which], values, count);
	return result != SQLITE_OK ? spool_db_fail(db, result) : spool_db_next(db, which);
}

int spool_db_run(struct spool_db *db, enum spool_statement which, const struct spool_value *values, size_t count)
{
	int got = spool_db_find(db, which, values, count);

	while (got > 0)
		got = spool_db_next(db, which);
	return got < 0 ? got : sqlite3_changes(db->handle);
}

int64_t spool_db_number(struct spool_db *db, enum spool_statement which, const struct spool_value *values, size_t count,
			int *error)
{
	int got = spool_db_find(db, which, values, count);
	int64_t number = 0;

	*error = got < 0 ? got : 0;
	if (got > 0) {
		number = sqlite3_column_int64(db->statement[which], 0);
		spool_db_reset(db, which);
	}
	return number;
}

int spool_db_begin(struct spool_db *db)
{
	int got = spool_db_find(db, SPOOL_BEGIN, NULL, 0);

	return got < 0 ? got : 0;
}

int spool_db_commit(struct spool_db *db)
{
	int got = spool_db_find(db, SPOOL_COMMIT, NULL, 0);

	return got < 0 ? got : 0;
}

void spool_db_rollback(struct spool_db *db)
{
	if (db->handle != NULL && sqlite3_get_autocommit(db->handle) == 0)
		(void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* --- opening --- */

static int spool_db_exec(struct spool_db *db, const char *sql)
{
	int result = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return result == SQLITE_OK ? 0 : spool_db_fail(db, result);
}

int spool_db_ask(struct spool_db *db, const char *sql, int64_t *number, struct buffer *text)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW) {
		const unsigned char *said = sqlite3_column_text(statement, 0);

		*number = sqlite3_column_int64(statement, 0);
		buffer_add(text, said != NULL ? (const char *)said : "");
	}
	(void)sqlite3_finalize(statement);
	return result == SQLITE_ROW ? 0 : spool_db_fail(db, result);
}

/* A file of nothing gets its tables; one of another version is as good as broken to us. */
static int spool_db_take_schema(struct spool_db *db)
{
	char text[128];
	struct buffer said;
	int64_t version = 0, tables = 0;
	int error;

	BUFFER_OVER(&said, text);
	error = spool_db_ask(db, "PRAGMA user_version", &version, &said);
	if (error == 0)
		error = spool_db_ask(db, "SELECT count(*) FROM sqlite_schema", &tables, &said);
	if (error < 0 || version == SPOOL_SCHEMA_VERSION)
		return error;
	if (version != 0 || tables != 0) {
		BUFFER_OVER(&said, db->why);
		buffer_addf(&said, "%s is of version %lld, not %d", db->path, (long long)version, SPOOL_SCHEMA_VERSION);
		return -EBADMSG;
	}
	(void)sqlite3_snprintf(sizeof(text), text, "PRAGMA user_version = %d; COMMIT;", SPOOL_SCHEMA_VERSION);
	error = spool_db_exec(db, "BEGIN IMMEDIATE;" SPOOL_SCHEMA);
	return error < 0 ? error : spool_db_exec(db, text);
}

int spool_db_check(struct spool_db *db)
{
	char text[128];
	struct buffer said, why;
	int64_t number;
	int error;

	BUFFER_OVER(&said, text);
	error = spool_db_ask(db, "PRAGMA quick_check(1)", &number, &said);
	if (error < 0 || strcmp(text, "ok") == 0)
		return error;
	BUFFER_OVER(&why, db->why);
	buffer_addf(&why, "%s is broken: %s", db->path, text);
	return -EBADMSG;
}

int spool_db_prepare(struct spool_db *db, enum spool_statement first)
{
	for (int i = (int)first; i < SPOOL_STATEMENTS; i++) {
		int result = sqlite3_prepare_v3(db->handle, spool_db_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
						&db->statement[i], NULL);

		if (result == SQLITE_ERROR) /* it does not fit: the tables are not ours */
			result = SQLITE_CORRUPT;
		if (result != SQLITE_OK)
			return spool_db_fail(db, result);
	}
	return 0;
}

static int spool_db_set_up(struct spool_db *db)
{
	char text[64];
	struct buffer said;
	int error;

	(void)sqlite3_extended_result_codes(db->handle, 1);
	(void)sqlite3_busy_timeout(db->handle, SPOOL_DB_BUSY_MS);
	(void)sqlite3_snprintf(sizeof(text), text, "PRAGMA max_page_count = %d", SPOOL_DB_PAGES_MAX);
	error = spool_db_exec(db, spool_db_settings);
	if (error == 0)
		error = spool_db_exec(db, text);
	if (error == 0)
		error = spool_db_check(db);
	if (error == 0)
		error = spool_db_take_schema(db);
	if (error == 0)
		error = spool_db_exec(db, SPOOL_SCHEMA_LASTING);
	BUFFER_OVER(&said, text);
	if (error == 0)
		error = spool_db_ask(db, "PRAGMA page_size", &db->page_bytes, &said);
	return error < 0 ? error : spool_db_prepare(db, SPOOL_BEGIN);
}

/* Made here, as SQLite would let others read it; a link would lead elsewhere. */
static int spool_db_make_file(struct spool_db *db)
{
	struct buffer why;
	int fd = open(db->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, SPOOL_DB_MODE);
	int error = fd < 0 ? -errno : 0;

	if (fd >= 0)
		(void)fchmod(fd, SPOOL_DB_MODE); /* the umask is not to keep the group out */
	(void)file_close(fd);
	BUFFER_OVER(&why, db->why);
	if (error < 0)
		buffer_addf(&why, "%s: %s", db->path, diag_errno(error));
	return error;
}

int spool_db_open(struct spool_db *db, const char *dir)
{
	struct buffer path;
	int error = 0, result;

	BUFFER_OVER(&path, db->path);
	buffer_addf(&path, "%s/" SPOOL_FILE, dir);
	if (path.cut)
		error = -ENAMETOOLONG;
	if (error == 0)
		error = spool_db_make_file(db);
	if (error < 0)
		return error;
	result = sqlite3_open_v2(db->path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	error = result != SQLITE_OK ? spool_db_fail(db, result) : spool_db_set_up(db);
	if (error < 0)
		spool_db_close(db);
	return error;
}

void spool_db_close(struct spool_db *db)
{
	for (int i = 0; i < SPOOL_STATEMENTS; i++) {
		(void)sqlite3_finalize(db->statement[i]);
		db->statement[i] = NULL;
	}
	(void)sqlite3_close_v2(db->handle);
	db->handle = NULL;
}

bool spool_db_has_moved(struct spool_db *db)
{
	int moved = 0;

	return db->handle != NULL &&
	       sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

int spool_db_set_aside(struct spool_db *db, wall_ms wall, char *said, size_t size)
{
	char aside[PATH_BYTES + 32];
	struct buffer b;
	int error;

	spool_db_close(db);
	error = spool_aside(db->path, wall, aside, sizeof(aside));
	buffer_init(&b, said, size);
	if (error == 0)
		buffer_addf(&b, "%s; it is kept as %s and a new one is begun: what waited in it is not known", db->why, aside);
	else
		buffer_addf(&b, "%s; it cannot be renamed: %s", db->why, diag_errno(error));
	return error;
}
