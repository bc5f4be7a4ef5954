#include "spool_read_only.h"

#include <string.h>
#include <unistd.h>

#include "base/buffer.h"

/* SQLite reads a database in WAL mode by an index, 32 KiB in its -shm file, which it makes where it is not there
 * (sqlite.org/wal.html). Of a full disk: kept in memory, as who has the file alone may do. */
static int spool_read_only_alone(struct spool_db *db)
{
	int result = sqlite3_open_v2(db->path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_exec(db->handle, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
	return result;
}

/* Of a read-only one: by the index that was left there. */
static int spool_read_only_beside(struct spool_db *db)
{
	return sqlite3_open_v2(db->path, &db->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
}

/* Or, where it was closed in order and no -wal is left, by none: all is in the file itself (sqlite.org/uri.html). */
static int spool_read_only_still(struct spool_db *db)
{
	char text[3 * PATH_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, text);
	buffer_addf(&b, "%s-wal", db->path);
	if (access(text, F_OK) == 0)
		return SQLITE_CANTOPEN;
	BUFFER_OVER(&b, text);
	buffer_add(&b, "file:");
	for (const char *c = db->path; *c != '\0'; c++)
		if (strchr("?#%", *c) != NULL)
			buffer_addf(&b, "%%%02x", (unsigned)*c);
		else
			buffer_add_bytes(&b, c, 1);
	buffer_add(&b, "?immutable=1");
	return sqlite3_open_v2(text, &db->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
}

int spool_read_only_open(struct spool_db *db)
{
	static int (*const ways[])(struct spool_db *db) = {spool_read_only_alone, spool_read_only_beside,
							   spool_read_only_still};
	int error = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int result = ways[i](db);

		error = result != SQLITE_OK ? spool_db_fail(db, result) : spool_db_check(db);
		if (error == 0)
			error = spool_db_prepare(db, SPOOL_LASTING_NEXT);
		if (error == 0)
			return 0;
		spool_db_close(db);
	}
	return error;
}
