/* A file that is there: is it a swap file, whole, root's, and nobody else's to read? What is not is never touched. */
#ifndef WD_SWAPFILE_FILE_H
#define WD_SWAPFILE_FILE_H

#include "base/buffer.h"
#include "base/swapfs.h"
#include "swapfile_order.h"

/* dir: swapfile_place_open's. 0; -ENOENT: there is none of that name; or -errno and what is wrong with it. */
int swapfile_file_check(int dir, const char *name, const struct swapfile_order *order, const struct swapfs *fs,
			struct buffer *why);

#endif
