/* Any bytes as a datagram of the proc connector. Built by test/fuzz/run. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "see/connector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct connector_events events;
	void *copy = malloc(size > 0 ? size : 1); /* aligned, and its end is watched */

	memcpy(copy, data, size);
	(void)connector_parse(copy, size, &events);
	free(copy);
	assert(events.count <= ARRAY_LEN(events.event));
	for (uint32_t i = 0; i < events.count; i++) {
		assert(events.event[i].pid > 0);
		assert(events.event[i].what <= CONNECTOR_EXIT);
		assert(memchr(events.event[i].comm, '\0', sizeof(events.event[i].comm)) != NULL);
	}
	return 0;
}
