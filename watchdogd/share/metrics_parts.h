/* The parts of metrics.c, in the order of the text. */
#ifndef WD_SHARE_METRICS_PARTS_H
#define WD_SHARE_METRICS_PARTS_H

#include "share/metrics.h"
#include "share/metrics_family.h"

/* Begin a family of the table. */
static inline void metrics_begin(struct openmetrics *om, enum metrics_family family)
{
	openmetrics_begin(om, &metrics_families[family]);
}

/* A counter of 64 bits as a sample's value. */
static inline int64_t metrics_count(uint64_t count)
{
	return count > INT64_MAX ? INT64_MAX : (int64_t)count;
}

/* How long ago an instant was, in ms: 0 for one to come. */
static inline int64_t metrics_age_ms(mono_ms at, mono_ms now)
{
	return at < now ? metrics_count(now - at) : 0;
}

/* A reading in bytes, where it is known. unit: "" for the host. */
void metrics_bytes(struct openmetrics *om, const struct state_reading *reading, const char *unit);

/* The same of a time to come, which may be never. */
void metrics_until(struct openmetrics *om, const struct state_reading *reading, const char *unit);

/* The eight readings of pressure from the first on (enum reading_host, reading_unit: some, then full). */
void metrics_pressure(struct openmetrics *om, const struct state_reading *first, const char *unit);

void metrics_host(struct openmetrics *om, const struct state *state);
void metrics_units(struct openmetrics *om, const struct state *state, mono_ms now);
void metrics_rules(struct openmetrics *om, const struct state *state);
void metrics_told(struct openmetrics *om, const struct metrics_of *of); /* actions, alerts, channels */
void metrics_own(struct openmetrics *om, const struct metrics_of *of);  /* the sentinel, the config, the cost */

#endif
