/* Where a swap file may lie: in a directory that root alone can write, reached over no symbolic link, on a file
 * system that can hold one. Whoever could put another file in its place would read and write all that is swapped. */
#ifndef WD_SWAPFILE_PLACE_H
#define WD_SWAPFILE_PLACE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/swapfs.h"
#include "swapfile_order.h"

/* Open its directory: a descriptor, the caller's; or -errno and why (never -ENOENT: that is a file's). way: how a
 * file is made there. */
int swapfile_place_open(const struct swapfile_order *order, const struct swapfs **fs, struct buffer *why);

/* `more` bytes fit on the file system of fd, and what must be free is left. 0, or -ENOSPC and why. */
int swapfile_place_has(int fd, const struct swapfile_order *order, uint64_t more, struct buffer *why);

/* "512 MiB" */
void swapfile_add_mib(struct buffer *text, uint64_t bytes);

#endif
