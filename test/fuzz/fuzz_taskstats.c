/* Any bytes as a datagram of taskstats, and the same again: the faults of its threads are kept between. Built by
 * test/fuzz/run. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "see/taskstats.h"

enum { FUZZ_FAMILY = 31 }; /* that of the corpus */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct taskstats_faults faults = {.next = 0};
	struct taskstats_life life;
	void *copy = malloc(size > 0 ? size : 1); /* aligned, and its end is watched */

	memcpy(copy, data, size);
	for (int i = 0; i < 2; i++)
		if (taskstats_parse(copy, size, FUZZ_FAMILY, &faults, &life))
			assert(life.pid > 0);
	free(copy);
	return 0;
}
