/* The work itself, as the child does it: it may wait, and is killed when it takes too long. */
#ifndef WD_SWAPFILE_MAKE_H
#define WD_SWAPFILE_MAKE_H

#include "base/buffer.h"
#include "swapfile_order.h"

/* 0, or -errno; said: what was done or seen, or why not. LOOK: -ENOENT, there is none. */
int swapfile_do(const struct swapfile_order *order, struct buffer *said);

#endif
