/* swapon(2) and swapoff(2) on a file that was checked. Either may wait in the kernel. */
#ifndef WD_SWAPFILE_SWITCH_H
#define WD_SWAPFILE_SWITCH_H

#include "base/buffer.h"
#include "swapfile_order.h"

/* dir: of the file. 0, also when it is so already, or -errno; said: what was done, or why not. */
int swapfile_switch_on(int dir, const struct swapfile_order *order, struct buffer *said);
int swapfile_switch_off(int dir, const struct swapfile_order *order, struct buffer *said);

#endif
