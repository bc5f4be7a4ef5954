/* Source meminfo: what /proc/meminfo says is left, and when to look again: the less is left and the
 * faster it goes, the sooner. */
#ifndef WD_SEE_SOURCE_MEMINFO_H
#define WD_SEE_SOURCE_MEMINFO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "see/forecast.h"

struct source_meminfo {
	int fd;                   /* kept, or -1 */
	mono_ms at;               /* of the last look */
	uint64_t total_bytes;     /* 0: not known */
	uint64_t available_bytes; /* at the last look */
	double shrink;            /* how fast it went then, bytes a ms; 0: it did not */
	struct forecast forecast; /* of memory and swap together */
};

/* How long the next look may wait (50 to 1000 ms) with so much left of total, going at shrink bytes
 * a ms. */
uint32_t source_meminfo_wait_ms(uint64_t total_bytes, uint64_t available_bytes, double shrink);

#endif
