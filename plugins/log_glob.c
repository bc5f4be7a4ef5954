#include "log_glob.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buffer.h"

enum { GLOB_DEPTH_MAX = 16 }; /* components with a star; more can hardly be written in a line of the config */

/* One directory on the way, whose names are compared with a component that has a star. */
struct glob_level {
	DIR *dir;
	size_t len;        /* of the path so far, up to and with its slash */
	const char *part;  /* the component */
	size_t part_len;
};

struct glob_walk {
	char path[PATH_BYTES]; /* as far as it is settled */
	struct glob_level level[GLOB_DEPTH_MAX];
	int depth, error;
	void (*found)(void *arg, const char *path);
	void *arg;
};

bool log_glob_is(const char *path)
{
	return strchr(path, '*') != NULL;
}

/* Each star is taken as short as possible; where the rest then fails, the last one takes one byte more. */
static bool glob_matches(const char *part, size_t part_len, const char *name)
{
	const char *end = part + part_len, *star = NULL, *from = NULL;

	if (name[0] == '.' && part[0] != '.')
		return false;
	while (*name != '\0') {
		if (part < end && *part == '*') {
			star = ++part;
			from = name;
		} else if (part < end && *part == *name) {
			part++;
			name++;
		} else if (star != NULL) {
			part = star;
			name = ++from;
		} else {
			return false;
		}
	}
	while (part < end && *part == '*')
		part++;
	return part == end;
}

static void glob_note(struct glob_walk *walk, int error)
{
	if (walk->error == 0 && error != ENOENT && error != ENOTDIR)
		walk->error = -error;
}

/* Add `rest` up to the component with the next star, and open the directory there; without one the path is
 * whole. */
static void glob_descend(struct glob_walk *walk, size_t len, const char *rest)
{
	const char *star = strchr(rest, '*'), *part = star, *end;
	struct glob_level *level = &walk->level[walk->depth];
	size_t fixed;

	while (part != NULL && part > rest && part[-1] != '/')
		part--;
	fixed = part != NULL ? (size_t)(part - rest) : strlen(rest);
	if (len + fixed >= sizeof(walk->path) || (star != NULL && walk->depth == GLOB_DEPTH_MAX)) {
		glob_note(walk, ENAMETOOLONG);
		return;
	}
	memcpy(walk->path + len, rest, fixed);
	walk->path[len + fixed] = '\0';
	if (star == NULL) {
		walk->found(walk->arg, walk->path);
		return;
	}
	end = strchr(star, '/');
	level->dir = opendir(walk->path);
	level->len = len + fixed;
	level->part = part;
	level->part_len = end != NULL ? (size_t)(end - part) : strlen(part);
	if (level->dir != NULL)
		walk->depth++;
	else
		glob_note(walk, errno);
}

/* The next name of the deepest directory, or leave that. */
static void glob_step(struct glob_walk *walk)
{
	struct glob_level *level = &walk->level[walk->depth - 1];
	const struct dirent *entry = readdir(level->dir);
	size_t n;

	if (entry == NULL) {
		(void)closedir(level->dir);
		walk->depth--;
		return;
	}
	if (!glob_matches(level->part, level->part_len, entry->d_name))
		return;
	n = strlen(entry->d_name);
	if (level->len + n >= sizeof(walk->path)) {
		glob_note(walk, ENAMETOOLONG);
		return;
	}
	memcpy(walk->path + level->len, entry->d_name, n);
	glob_descend(walk, level->len + n, level->part + level->part_len);
}

int log_glob(const char *path, void (*found)(void *arg, const char *path), void *arg)
{
	struct glob_walk walk = {.found = found, .arg = arg};

	glob_descend(&walk, 0, path);
	while (walk.depth > 0)
		glob_step(&walk);
	return walk.error;
}
