/* What is asked of the plugin swapfile: the target of a request in words (do/swap.c of the sentinel writes it). */
#ifndef WD_SWAPFILE_ORDER_H
#define WD_SWAPFILE_ORDER_H

#include <stdint.h>

#include "base/bounds.h"

enum swapfile_work {
	SWAPFILE_LOOK,  /* is it there, and right? */
	SWAPFILE_MAKE,
	SWAPFILE_ON,
	SWAPFILE_OFF,
	SWAPFILE_CLEAN, /* what was begun and not finished is removed; asked by the plugin itself */
	SWAPFILE_WORKS,
};

struct swapfile_order {
	enum swapfile_work work;
	uint64_t size_bytes, free_bytes; /* free: what must be left on the file system */
	int priority;                    /* of swapon(2); -1: the kernel's choice */
	char path[PATH_BYTES];           /* absolute */
	char dir[PATH_BYTES];            /* the same in two: "/" at least, and the name */
	char name[PATH_BYTES];
	char half[PATH_BYTES];           /* name of a file that is not whole yet, beside it */
};

/* "make 536870912 1073741824 -1 /swap". 0, or -EINVAL. */
int swapfile_order_parse(struct swapfile_order *order, const char *target);

#endif
