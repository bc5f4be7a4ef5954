/* The spool's database: opened, checked, its statements prepared; a broken one is set aside. Every call
 * gives 0 or -errno; why is then in db->why. After an error the database is closed by its owner and opened
 * anew later: nothing is mended in place. */
#ifndef WD_PLUGINS_SPOOL_DB_H
#define WD_PLUGINS_SPOOL_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"

enum spool_statement {
	SPOOL_BEGIN,
	SPOOL_COMMIT,
	SPOOL_ALERT_OWED,
	SPOOL_ALERT_ADD,
	SPOOL_ALERT_DONE,
	SPOOL_ALERT_NEXT,
	SPOOL_ALERT_COUNT,
	SPOOL_ALERT_LEAST,
	SPOOL_ALERT_REMOVE,
	SPOOL_ALERT_LEAVE,
	SPOOL_ROW_PUT,
	SPOOL_ROW_NEXT,
	SPOOL_ROW_DEAD_OF,
	SPOOL_EARLY_PUT,
	SPOOL_EARLY_JOIN,
	SPOOL_EARLY_REMOVE,
	SPOOL_EARLY_PRUNE,
	SPOOL_FINISHED,
	SPOOL_FINISHED_PUT,
	SPOOL_FINISHED_PRUNE,
	SPOOL_DEAD_PRUNE,
	SPOOL_DEAD_OWED,
	SPOOL_DEAD_RETRY,
	SPOOL_DEAD_DROP,
	SPOOL_DEAD_LEAVE,
	SPOOL_DROP_FINISH,
	SPOOL_DROP,
	SPOOL_LOST,
	SPOOL_LOST_ADD,
	SPOOL_LOST_TOLD,
	SPOOL_PAGES,
	SPOOL_PAGES_FREE,
	SPOOL_LASTING_NEXT, /* from here on: of what lasts */
	SPOOL_LASTING_ADD,
	SPOOL_LASTING_CLEAR,
	SPOOL_LEDGER,
	SPOOL_LEDGER_PUT,
	SPOOL_STATEMENTS,
};

struct spool_db {
	sqlite3 *handle; /* NULL: closed */
	sqlite3_stmt *statement[SPOOL_STATEMENTS];
	char path[PATH_BYTES];
	int64_t page_bytes;
	char why[256];   /* of the last error, for a person */
};

/* A value to bind: a number, or a text (borrowed for the call). */
struct spool_value {
	int64_t number;
	const char *text; /* NULL: the number counts */
};
#define SPOOL_N(n) ((struct spool_value){.number = (int64_t)(n)})
#define SPOOL_T(t) ((struct spool_value){.text = (t)})

/* Open, or make, the database in that directory. 0; -EBADMSG: it is broken, or of another version; -errno. */
int spool_db_open(struct spool_db *db, const char *dir);
void spool_db_close(struct spool_db *db);

/* Its parts, for one that is opened otherwise (spool_read_only.h): -errno of a result of SQLite's, and why; whether the
 * file is sound; the first value of a statement that is asked once, as a number and as text; the statements from `first`
 * on. */
int spool_db_fail(struct spool_db *db, int result);
int spool_db_check(struct spool_db *db);
int spool_db_ask(struct spool_db *db, const char *sql, int64_t *number, struct buffer *text);
int spool_db_prepare(struct spool_db *db, enum spool_statement first);

/* The error says that the file is broken, which no waiting mends. */
bool spool_db_is_broken(int error);

/* Close it and rename it to spool.db.corrupt-TIME, so that the next open begins a new one; said: what was done, for
 * a person. 0 or -errno. */
int spool_db_set_aside(struct spool_db *db, wall_ms wall, char *said, size_t size);

/* The file at the path is another one than the one that is open, or none. */
bool spool_db_has_moved(struct spool_db *db);

/* Bind values (its parameters in order) and step to the first row. 1: a row is there, read by sqlite3_column_*,
 * ended by spool_db_reset; 0: none, already reset; -errno. */
int spool_db_find(struct spool_db *db, enum spool_statement which, const struct spool_value *values, size_t count);
/* The next row, likewise. */
int spool_db_next(struct spool_db *db, enum spool_statement which);
void spool_db_reset(struct spool_db *db, enum spool_statement which);

/* Bind and carry out whole. How many rows it changed, or -errno. */
int spool_db_run(struct spool_db *db, enum spool_statement which, const struct spool_value *values, size_t count);

/* Bind and give the number in the first column of the first row, `none` where there is no row; or -errno in
 * *error (else 0). */
int64_t spool_db_number(struct spool_db *db, enum spool_statement which, const struct spool_value *values, size_t count,
			int *error);

#define SPOOL_VALUES(...)                                                                            \
	(const struct spool_value[]){__VA_ARGS__}, sizeof((const struct spool_value[]){__VA_ARGS__}) / \
							   sizeof(struct spool_value)

/* One transaction. A rollback says nothing more: why stays. */
int spool_db_begin(struct spool_db *db);
int spool_db_commit(struct spool_db *db);
void spool_db_rollback(struct spool_db *db);

#endif
