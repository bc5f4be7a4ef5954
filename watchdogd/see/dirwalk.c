#include "see/dirwalk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void dirwalk_begin(struct dirwalk *walk, int dir)
{
	walk->level[0] = (struct dirwalk_level){.fd = dir};
	walk->depth = 0;
	walk->entered = 0;
	walk->cut = false;
	walk->at = walk->len = 0;
	walk->path_len = 0;
	walk->path[0] = '\0';
	(void)lseek(dir, 0, SEEK_SET);
}

static bool dirwalk_fill(struct dirwalk *walk)
{
	long n = syscall(SYS_getdents64, walk->level[walk->depth].fd, walk->buffer,
			 sizeof(walk->buffer));

	walk->at = 0;
	walk->len = n > 0 ? (int)n : 0;
	return n > 0;
}

/* Back to the directory above, after the one that was entered. */
static void dirwalk_leave(struct dirwalk *walk)
{
	(void)close(walk->level[walk->depth].fd);
	walk->depth--;
	walk->path_len = walk->level[walk->depth].path_len;
	walk->at = walk->len = 0;
	(void)lseek(walk->level[walk->depth].fd, walk->level[walk->depth].resume, SEEK_SET);
}

static bool dirwalk_take(struct dirwalk *walk, const struct dirent64 *entry)
{
	size_t n = strlen(entry->d_name), slash = walk->path_len > 0;

	if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
	    strcmp(entry->d_name, "..") == 0)
		return false;
	if (walk->path_len + slash + n >= sizeof(walk->path)) {
		walk->cut = true;
		return false;
	}
	if (slash)
		walk->path[walk->path_len] = '/';
	memcpy(walk->path + walk->path_len + slash, entry->d_name, n + 1);
	return true;
}

const char *dirwalk_next(struct dirwalk *walk)
{
	for (;;) {
		const struct dirent64 *entry;

		if (walk->at >= walk->len && !dirwalk_fill(walk)) {
			if (walk->depth == 0)
				return NULL;
			dirwalk_leave(walk);
			continue;
		}
		entry = (const void *)(walk->buffer + walk->at);
		walk->at += entry->d_reclen;
		walk->level[walk->depth].resume = entry->d_off;
		if (dirwalk_take(walk, entry))
			return walk->path + walk->path_len + (walk->path_len > 0);
	}
}

int dirwalk_enter(struct dirwalk *walk)
{
	const char *name = walk->path + walk->path_len + (walk->path_len > 0);
	int fd;

	if (walk->depth + 1 == DIRWALK_DEPTH || walk->entered == DIRWALK_ENTERED_MAX) {
		walk->cut = true;
		return -E2BIG;
	}
	fd = openat(walk->level[walk->depth].fd, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	walk->entered++;
	walk->level[walk->depth].path_len = walk->path_len;
	walk->path_len = (uint32_t)strlen(walk->path);
	walk->depth++;
	walk->level[walk->depth] = (struct dirwalk_level){.fd = fd, .path_len = walk->path_len};
	walk->at = walk->len = 0;
	return fd;
}

void dirwalk_end(struct dirwalk *walk)
{
	while (walk->depth > 0)
		dirwalk_leave(walk);
}
