#include "spool_read_only.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "share/spool.h"

enum { SPOOL_READ_ONLY_FLAGS = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX };

bool spool_read_only_may_help(int error)
{
	return error == -ENOSPC || error == -EDQUOT || error == -EROFS;
}

/* SQLite reads a database in WAL mode by an index, 32 KiB in its -shm file, which it makes where it is not there; in
 * memory for who has the file alone (sqlite.org/wal.html). To say so takes a lock, which a file that is only read does not
 * get: so without locks. Nobody else writes it: of watchdogd wd-scribe alone does, and that cannot. */
static int spool_read_only_with_wal(struct spool_db *db)
{
	int result = sqlite3_open_v2(db->path, &db->handle, SPOOL_READ_ONLY_FLAGS, "unix-none");

	if (result == SQLITE_OK)
		result = sqlite3_exec(db->handle, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
	return result;
}

/* Closed in order, all is in the file itself, and on a read-only disk not even an empty -wal can be made to say so
 * (sqlite.org/uri.html). */
static int spool_read_only_without(struct spool_db *db)
{
	char text[3 * PATH_BYTES];
	struct stat st;
	struct buffer b;

	BUFFER_OVER(&b, text);
	buffer_addf(&b, "%s-wal", db->path);
	if (lstat(text, &st) == 0 || errno != ENOENT)
		return SQLITE_CANTOPEN;
	BUFFER_OVER(&b, text);
	buffer_add(&b, "file:");
	for (const char *c = db->path; *c != '\0'; c++)
		if (strchr("?#%", *c) != NULL)
			buffer_addf(&b, "%%%02x", (unsigned)*c);
		else
			buffer_add_bytes(&b, c, 1);
	buffer_add(&b, "?immutable=1");
	return sqlite3_open_v2(text, &db->handle, SPOOL_READ_ONLY_FLAGS | SQLITE_OPEN_URI, NULL);
}

static int spool_read_only_take(struct spool_db *db)
{
	char text[32];
	struct buffer said;
	int64_t version = 0;
	int error = spool_db_check(db);

	BUFFER_OVER(&said, text);
	if (error == 0)
		error = spool_db_ask(db, "PRAGMA user_version", &version, &said);
	if (error == 0 && version != SPOOL_SCHEMA_VERSION)
		error = -EBADMSG;
	return error < 0 ? error : spool_db_prepare(db, SPOOL_LASTING_NEXT);
}

int spool_read_only_open(struct spool_db *db)
{
	static int (*const ways[])(struct spool_db *db) = {spool_read_only_with_wal, spool_read_only_without};
	int error = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int result = ways[i](db);

		error = result != SQLITE_OK ? spool_db_fail(db, result) : spool_read_only_take(db);
		if (error == 0)
			return 0;
		spool_db_close(db);
	}
	return error;
}
