/* The readings, as the config writes them: one table of name, dimension, window. Sources fill the
 * values in (share/state.h), conditions compare them. A reading is named in one place only: here. */
#ifndef WD_WORDS_READING_H
#define WD_WORDS_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reading_dimension {
	READING_BYTES,        /* int64 bytes; a bound may also be % of the reading's total */
	READING_PERCENT,      /* 1/1000 % */
	READING_DURATION,     /* ms; may be "never" */
	READING_COUNT,
	READING_BYTES_PER_MIN,
};

/* Of the host. */
enum reading_host {
	HOST_AVAILABLE, HOST_USED, HOST_SWAP_USED, HOST_SWAP_FREE, HOST_HEADROOM, HOST_EXHAUSTED_IN,
	HOST_PRESSURE_SOME, HOST_PRESSURE_SOME_AVG10, HOST_PRESSURE_SOME_AVG60, HOST_PRESSURE_SOME_AVG300,
	HOST_PRESSURE_FULL, HOST_PRESSURE_FULL_AVG10, HOST_PRESSURE_FULL_AVG60, HOST_PRESSURE_FULL_AVG300,
	HOST_READINGS,
};

/* Of a unit. UNIT_EVENTS_*: growth of that key of memory.events within the last 60 s. */
enum reading_unit {
	UNIT_MEMORY, UNIT_ANON, UNIT_SWAP, UNIT_GROWTH, UNIT_EXHAUSTED_IN,
	UNIT_PRESSURE_SOME, UNIT_PRESSURE_SOME_AVG10, UNIT_PRESSURE_SOME_AVG60, UNIT_PRESSURE_SOME_AVG300,
	UNIT_PRESSURE_FULL, UNIT_PRESSURE_FULL_AVG10, UNIT_PRESSURE_FULL_AVG60, UNIT_PRESSURE_FULL_AVG300,
	UNIT_EVENTS_LOW, UNIT_EVENTS_HIGH, UNIT_EVENTS_MAX, UNIT_EVENTS_OOM, UNIT_EVENTS_OOM_KILL,
	UNIT_EVENTS_OOM_GROUP_KILL,
	UNIT_READINGS,
};

struct reading_word {
	const char *name;                 /* "host.available"; of a unit without the unit: "memory" */
	enum reading_dimension dimension;
	uint32_t window_ms;               /* how far back the value reaches; 0: an instant */
};

extern const struct reading_word reading_host_words[HOST_READINGS];
extern const struct reading_word reading_unit_words[UNIT_READINGS];

/* The reading of that name (len bytes), or -1. Host names begin with "host.". */
int reading_host_find(const char *name, size_t len);
int reading_unit_find(const char *name, size_t len);

#endif
