/* Which file systems can hold a swap file, and how one is made there. main says so when the config is checked,
 * the plugin swapfile before it makes one. Only those on which it is known to work: on another the kernel might
 * take the file and lose what it is given. Needs no privileges. */
#ifndef WD_BASE_SWAPFS_H
#define WD_BASE_SWAPFS_H

#include <stddef.h>

enum swapfs_way {
	SWAPFS_NONE,        /* it cannot, or is not known to */
	SWAPFS_WRITE,       /* every block is written: what is only reserved counts as a hole */
	SWAPFS_RESERVE,     /* fallocate(2) is enough, where it is there; else written */
	SWAPFS_NOCOW,       /* fallocate(2), after the empty file was told not to copy on write */
};

struct swapfs {
	const char *name;   /* "ext4"; of one that is not known "" */
	enum swapfs_way way;
};

/* The file system of that f_type (statfs(2)). Never NULL. */
const struct swapfs *swapfs_find(unsigned long type);

/* Why it cannot hold one, in words of at most size bytes: "tmpfs cannot hold a swap file; ...". */
void swapfs_say_why(unsigned long type, char *why, size_t size);

#endif
