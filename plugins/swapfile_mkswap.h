/* mkswap of util-linux, which knows what a swap file's header is, and what SELinux wants of it. */
#ifndef WD_SWAPFILE_MKSWAP_H
#define WD_SWAPFILE_MKSWAP_H

#include "base/buffer.h"

/* Run it on the file of that name in dir. 0, or -errno and why, with the last line that it said. */
int swapfile_mkswap(int dir, const char *name, struct buffer *why);

#endif
