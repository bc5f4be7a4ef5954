#include "words/reading.h"

#include <string.h>

#include "base/bounds.h"

/* PSI: ours over 2 s, and the kernel's averages (Documentation/accounting/psi.rst). */
#define READING_PRESSURE(id, name)                                                                 \
	[id] = {name, READING_PERCENT, 2000},                                                      \
	[id##_AVG10] = {name ".avg10", READING_PERCENT, 10000},                                    \
	[id##_AVG60] = {name ".avg60", READING_PERCENT, 60000},                                    \
	[id##_AVG300] = {name ".avg300", READING_PERCENT, 300000}

const struct reading_word reading_host_words[HOST_READINGS] = {
	[HOST_AVAILABLE] = {"host.available", READING_BYTES, 0},
	[HOST_USED] = {"host.used", READING_BYTES, 0},
	[HOST_SWAP_USED] = {"host.swap.used", READING_BYTES, 0},
	[HOST_SWAP_FREE] = {"host.swap.free", READING_BYTES, 0},
	[HOST_HEADROOM] = {"host.headroom", READING_BYTES, 0},
	[HOST_EXHAUSTED_IN] = {"host.exhausted-in", READING_DURATION, 32000},
	READING_PRESSURE(HOST_PRESSURE_SOME, "host.pressure.some"),
	READING_PRESSURE(HOST_PRESSURE_FULL, "host.pressure.full"),
};

const struct reading_word reading_unit_words[UNIT_READINGS] = {
	[UNIT_MEMORY] = {"memory", READING_BYTES, 0},
	[UNIT_ANON] = {"anon", READING_BYTES, 0},
	[UNIT_SWAP] = {"swap", READING_BYTES, 0},
	[UNIT_GROWTH] = {"growth", READING_BYTES_PER_MIN, 32000},
	[UNIT_EXHAUSTED_IN] = {"exhausted-in", READING_DURATION, 32000},
	READING_PRESSURE(UNIT_PRESSURE_SOME, "pressure.some"),
	READING_PRESSURE(UNIT_PRESSURE_FULL, "pressure.full"),
	[UNIT_EVENTS_LOW] = {"events.low", READING_COUNT, 60000},
	[UNIT_EVENTS_HIGH] = {"events.high", READING_COUNT, 60000},
	[UNIT_EVENTS_MAX] = {"events.max", READING_COUNT, 60000},
	[UNIT_EVENTS_OOM] = {"events.oom", READING_COUNT, 60000},
	[UNIT_EVENTS_OOM_KILL] = {"events.oom_kill", READING_COUNT, 60000},
	[UNIT_EVENTS_OOM_GROUP_KILL] = {"events.oom_group_kill", READING_COUNT, 60000},
};

static int reading_find(const struct reading_word *words, size_t count, const char *name, size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i].name) == len && memcmp(words[i].name, name, len) == 0)
			return (int)i;
	return -1;
}

int reading_host_find(const char *name, size_t len)
{
	return reading_find(reading_host_words, ARRAY_LEN(reading_host_words), name, len);
}

int reading_unit_find(const char *name, size_t len)
{
	return reading_find(reading_unit_words, ARRAY_LEN(reading_unit_words), name, len);
}
