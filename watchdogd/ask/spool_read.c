#include "ask/spool_read.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/diag.h"
#include "base/file.h"
#include "share/spool.h"

enum { SPOOL_READ_BUSY_MS = 2000 };

static int spool_read_fail(struct spool_read *read)
{
	(void)snprintf(read->why, sizeof(read->why), "%s", sqlite3_errmsg(read->handle));
	return -EIO;
}

/* Nothing is written ahead: nobody has it open. SQLite would then make files beside it to read it, which not
 * everybody who reads may; immutable, it does not. */
static bool spool_read_is_still(const char *path)
{
	char wal[PATH_BYTES + 8];

	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	return access(wal, F_OK) < 0 && errno == ENOENT;
}

/* "file:PATH?immutable=1" with what means something in a URI as %XX. */
static void spool_read_uri(const char *path, struct buffer *uri)
{
	buffer_add(uri, "file:");
	for (; *path != '\0'; path++) {
		if (strchr("?#%", *path) != NULL)
			buffer_addf(uri, "%%%02x", (unsigned char)*path);
		else
			buffer_add_char(uri, *path);
	}
	buffer_add(uri, "?immutable=1");
}

static int spool_read_open_file(struct spool_read *read, const char *path)
{
	char uri[3 * PATH_BYTES + 32];
	struct buffer b;
	bool still = spool_read_is_still(path);
	int result;

	BUFFER_OVER(&b, uri);
	if (still)
		spool_read_uri(path, &b);
	result = sqlite3_open_v2(still ? uri : path, &read->handle,
				 SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | (still ? SQLITE_OPEN_URI : 0), NULL);
	if (result != SQLITE_OK)
		return spool_read_fail(read);
	(void)sqlite3_busy_timeout(read->handle, SPOOL_READ_BUSY_MS);
	/* One moment of it for all queries. */
	if (sqlite3_exec(read->handle, "PRAGMA trusted_schema = OFF; BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return spool_read_fail(read);
	return 0;
}

/* What open(2) says is clearer than what SQLite would. */
static int spool_read_may(struct spool_read *read, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int error = fd < 0 ? -errno : 0;

	(void)file_close(fd);
	if (error < 0)
		(void)snprintf(read->why, sizeof(read->why), "%s", diag_errno(error));
	return error;
}

static int spool_read_check_version(struct spool_read *read)
{
	int error = 0;
	uint64_t version;

	if (!spool_read_begin(read, "PRAGMA user_version", 0) || !spool_read_next(read, &error))
		return spool_read_fail(read);
	version = spool_read_number(read, 0);
	if (version == SPOOL_SCHEMA_VERSION)
		return 0;
	if (version == 0) {
		(void)snprintf(read->why, sizeof(read->why), "nothing was written to it yet; the log says why where that fails");
		return -ENODATA;
	}
	(void)snprintf(read->why, sizeof(read->why), "it is of version %u, not %d; watchdogd and watchdogctl must be of one build",
		       (unsigned)version, SPOOL_SCHEMA_VERSION);
	return -EPROTO;
}

int spool_read_open(struct spool_read *read, const char *path)
{
	int error;

	memset(read, 0, sizeof(*read));
	error = spool_read_may(read, path);
	if (error == 0)
		error = spool_read_open_file(read, path);
	return error == 0 ? spool_read_check_version(read) : error;
}

void spool_read_close(struct spool_read *read)
{
	(void)sqlite3_finalize(read->statement);
	(void)sqlite3_close(read->handle);
	memset(read, 0, sizeof(*read));
}

bool spool_read_begin(struct spool_read *read, const char *sql, uint64_t id)
{
	(void)sqlite3_finalize(read->statement);
	read->statement = NULL;
	if (sqlite3_prepare_v2(read->handle, sql, -1, &read->statement, NULL) != SQLITE_OK) {
		(void)spool_read_fail(read);
		return false;
	}
	if (sqlite3_bind_parameter_count(read->statement) > 0)
		(void)sqlite3_bind_int64(read->statement, 1, (int64_t)id);
	return true;
}

bool spool_read_next(struct spool_read *read, int *error)
{
	int result = sqlite3_step(read->statement);

	if (result != SQLITE_ROW && result != SQLITE_DONE)
		*error = spool_read_fail(read);
	return result == SQLITE_ROW;
}

uint64_t spool_read_number(const struct spool_read *read, int column)
{
	return (uint64_t)sqlite3_column_int64(read->statement, column);
}

const char *spool_read_text(const struct spool_read *read, int column, size_t *len)
{
	const unsigned char *text = sqlite3_column_text(read->statement, column);

	*len = text != NULL ? (size_t)sqlite3_column_bytes(read->statement, column) : 0;
	return text != NULL ? (const char *)text : "";
}
