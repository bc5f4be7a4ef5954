/* /proc/swaps: is the file of [swapfile] on, and how much of it is used? Read only while the config has that
 * section, once a second, and when an action waits for its proof: the kernel holds a mutex while it lists them,
 * and no longer than for a few lines. Switched on or off by whomever. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/root.h"
#include "see/source.h"

#define SOURCE_SWAPS_PATH "/proc/swaps"

enum {
	SWAPS_EVERY_MS = 1000,
	SWAPS_BYTES = 8192, /* at most 32 swaps (MAX_SWAPFILES), a line of some sixty bytes each */
};

static void source_swaps_open(struct see *see)
{
	see->swaps.read_at = 0;
	see->swaps.fd = root_open(SOURCE_SWAPS_PATH, O_RDONLY);
}

/* What follows the path at the beginning of the line, or NULL: it is another's. The kernel writes a blank, tab,
 * newline and backslash as three octal digits (seq_path()), and " (deleted)" behind a file that has no name any
 * more. */
static const char *source_swaps_after(const char *line, const char *path)
{
	static const char deleted[] = "\\040(deleted)";

	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;

		if (strchr(" \t\n\\", *path) == NULL) {
			if (*line++ != *path)
				return NULL;
			continue;
		}
		if (line[0] != '\\' || line[1] != '0' + (c >> 6) || line[2] != '0' + (c >> 3 & 7) || line[3] != '0' + (c & 7))
			return NULL;
		line += 4;
	}
	if (strncmp(line, deleted, sizeof(deleted) - 1) == 0)
		line += sizeof(deleted) - 1;
	return *line == ' ' || *line == '\t' ? line : NULL;
}

/* The next number, in KiB; false: there is none. */
static bool source_swaps_number(const char **text, uint64_t *bytes)
{
	char *end;
	unsigned long long kib;

	*text += strspn(*text, " \t");
	if (**text < '0' || **text > '9')
		return false;
	kib = strtoull(*text, &end, 10);
	*text = end;
	*bytes = kib < UINT64_MAX / 1024 ? (uint64_t)kib * 1024 : UINT64_MAX;
	return true;
}

/* "/swap    file    524284    0    -2": its type, size, used, priority. */
static bool source_swaps_take(struct state_swap *swap, const char *line, const char *path)
{
	const char *at = source_swaps_after(line, path);
	uint64_t size, used;

	if (at == NULL)
		return false;
	at += strspn(at, " \t");
	at += strcspn(at, " \t\n");
	if (!source_swaps_number(&at, &size) || !source_swaps_number(&at, &used))
		return false;
	swap->size_bytes = size;
	swap->used_bytes = used;
	return true;
}

static bool source_swaps_find(struct state_swap *swap, const char *text, const char *path)
{
	for (const char *line = strchr(text, '\n'); line != NULL; line = strchr(line, '\n'))
		if (source_swaps_take(swap, ++line, path))
			return true;
	return false;
}

void source_swaps_refresh(struct see *see, mono_ms now)
{
	const struct config *config = see->with.config;
	struct state_swap *swap = &see->with.state->swap;
	char text[SWAPS_BYTES];
	ssize_t n;

	swap->known = swap->on = false;
	swap->size_bytes = swap->used_bytes = 0;
	if (config->swapfile.path == 0)
		return;
	see->swaps.read_at = now;
	n = see->swaps.fd >= 0 ? file_read(see->swaps.fd, text, sizeof(text)) : see->swaps.fd;
	if (n <= 0) { /* the line of heads is always there */
		see_blind(see, SOURCE_SWAPS, SOURCE_SWAPS_PATH, (int)n);
		return;
	}
	see_sees(see, SOURCE_SWAPS);
	swap->known = true;
	swap->on = source_swaps_find(swap, text, config_string(config, config->swapfile.path));
}

static void source_swaps_look(struct see *see, mono_ms now)
{
	bool wanted = see->with.config->swapfile.path != 0;

	if (!wanted)
		see_sees(see, SOURCE_SWAPS);
	if (!wanted || see->swaps.read_at == 0 || now - see->swaps.read_at >= SWAPS_EVERY_MS)
		source_swaps_refresh(see, now);
}

const struct source_ops source_swaps_ops = {
	.name = "swaps",
	.open = source_swaps_open,
	.look = source_swaps_look,
	.next_ms = NULL,
};
