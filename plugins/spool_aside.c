#include "spool_aside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "share/spool.h"

#define SPOOL_ASIDE_PREFIX SPOOL_FILE ".corrupt-"

/* Of a database: not of what is written ahead of one, which goes with it. */
static bool spool_aside_is_one(const char *name)
{
	size_t len = strlen(name);

	return strncmp(name, SPOOL_ASIDE_PREFIX, strlen(SPOOL_ASIDE_PREFIX)) == 0 &&
	       (len < 4 || strcmp(name + len - 4, "-wal") != 0);
}

/* How many there are, and the oldest: the names hold the time, so they sort by it. */
static unsigned spool_aside_count(DIR *dir, char oldest[NAME_MAX + 1])
{
	unsigned count = 0;
	const struct dirent *entry;

	rewinddir(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (!spool_aside_is_one(entry->d_name))
			continue;
		if (count++ == 0 || strcmp(entry->d_name, oldest) < 0)
			(void)snprintf(oldest, NAME_MAX + 1, "%s", entry->d_name);
	}
	return count;
}

static void spool_aside_prune(const char *path)
{
	char oldest[NAME_MAX + 1] = "", dir_path[PATH_BYTES], wal[NAME_MAX + 8];
	struct buffer b;
	DIR *dir;

	BUFFER_OVER(&b, dir_path);
	buffer_add_bytes(&b, path, strlen(path) - strlen("/" SPOOL_FILE));
	dir = opendir(b.len > 0 ? dir_path : "/");
	if (dir == NULL)
		return;
	while (spool_aside_count(dir, oldest) > SPOOL_ASIDE_MAX) {
		(void)snprintf(wal, sizeof(wal), "%s-wal", oldest);
		(void)unlinkat(dirfd(dir), wal, 0);
		if (unlinkat(dirfd(dir), oldest, 0) < 0)
			break;
	}
	(void)closedir(dir);
}

int spool_aside(const char *path, wall_ms wall, char *aside, size_t size)
{
	char at[21], beside[2][PATH_BYTES + 8];
	struct buffer b;
	int error;

	clock_format(wall, at);
	buffer_init(&b, aside, size);
	buffer_addf(&b, "%s.corrupt-%s", path, at);
	if (b.cut)
		return -ENAMETOOLONG;
	/* What is written ahead first: beside a new database it would be taken for its own. */
	(void)snprintf(beside[0], sizeof(beside[0]), "%s-wal", path);
	(void)snprintf(beside[1], sizeof(beside[1]), "%s-wal", aside);
	if (rename(beside[0], beside[1]) < 0 && errno != ENOENT)
		return -errno;
	(void)snprintf(beside[0], sizeof(beside[0]), "%s-shm", path);
	(void)unlink(beside[0]);
	error = rename(path, aside) < 0 ? -errno : 0;
	if (error == 0)
		spool_aside_prune(path);
	return error;
}
