/* A cgroup of v2 and the files of its memory that the plugins read and write. */
#ifndef WD_PLUGINS_RECLAIM_CGROUP_H
#define WD_PLUGINS_RECLAIM_CGROUP_H

#include <stdint.h>

#include "base/buffer.h"

/* The cgroup at that path below the mount ("bots/xtts", or with a slash before it), where it is still the one of that id
 * (0: whichever). Its descriptor, the caller's; -ESTALE: another one; or -errno. */
int reclaim_cgroup_open(const char *path, uint64_t id);

/* A file with one number in it; UINT64_MAX: "max". 0 or -errno. */
int reclaim_cgroup_read(int dir, const char *file, uint64_t *bytes);

/* "max\n", or the number: as those files want it. */
void reclaim_cgroup_format(struct buffer *out, uint64_t bytes);

/* "without a limit", "1.50 GiB". */
void reclaim_cgroup_tell(struct buffer *out, uint64_t bytes);

#endif
