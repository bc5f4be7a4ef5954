/* Any bytes as a datagram of sock_diag. Built by test/fuzz/run. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "see/inetdiag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct inetdiag_batch batch;
	void *copy = malloc(size > 0 ? size : 1); /* aligned, and its end is watched */

	memcpy(copy, data, size);
	inetdiag_parse(copy, size, 1, &batch);
	free(copy);
	assert(batch.count <= INETDIAG_BATCH_MAX);
	assert(batch.error <= 0 && batch.error > -4096);
	assert(batch.error == 0 || batch.ended);
	return 0;
}
