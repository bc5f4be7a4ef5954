/* A walk over the directories below a kept one of /proc or /sys, without opendir: getdents64 into a
 * buffer of its own, depth bounded, no recursion. Who walks says which directories are entered. */
#ifndef WD_SEE_DIRWALK_H
#define WD_SEE_DIRWALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"

enum {
	DIRWALK_DEPTH = 24,
	DIRWALK_ENTERED_MAX = 8192, /* of one walk: a hostile tree ends it, not us */
	DIRWALK_BUFFER_BYTES = 4096,
};

struct dirwalk {
	struct dirwalk_level {
		int fd;         /* level 0: borrowed */
		int64_t resume; /* where it goes on after what was entered */
		uint32_t path_len;
	} level[DIRWALK_DEPTH];
	int depth; /* of the directory being read */
	uint32_t entered;
	bool cut;              /* a bound was reached: something was not seen */
	int at, len;           /* in buffer */
	uint32_t path_len;     /* of the directory being read */
	char path[PATH_BYTES]; /* below level 0, of the entry last given */
	char buffer[DIRWALK_BUFFER_BYTES] __attribute__((aligned(8)));
};

/* Begin at dir, a descriptor opened for reading, which stays the caller's (its offset is used). */
void dirwalk_begin(struct dirwalk *walk, int dir);

/* The next directory's name, valid until the next call; NULL when all was seen. walk->path is its
 * path below the begin. Levels that were entered are closed as they end. */
const char *dirwalk_next(struct dirwalk *walk);

/* Go into the directory last given. Its descriptor, the walk's until it leaves it; or -errno (gone
 * meanwhile: it is passed over). */
int dirwalk_enter(struct dirwalk *walk);

/* Stop before the end. */
void dirwalk_end(struct dirwalk *walk);

#endif
