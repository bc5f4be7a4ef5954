#include "see/source_meminfo.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/root.h"
#include "see/flat.h"
#include "see/source.h"
#include "see/starting.h"

#define SOURCE_MEMINFO_PATH "/proc/meminfo"

enum source_meminfo_key {
	MEMINFO_TOTAL,
	MEMINFO_AVAILABLE,
	MEMINFO_SWAP_TOTAL,
	MEMINFO_SWAP_FREE,
	MEMINFO_KEYS
};

static const struct flat_key source_meminfo_keys[MEMINFO_KEYS] = {
	[MEMINFO_TOTAL] = FLAT_KEY("MemTotal"),
	[MEMINFO_AVAILABLE] = FLAT_KEY("MemAvailable"),
	[MEMINFO_SWAP_TOTAL] = FLAT_KEY("SwapTotal"),
	[MEMINFO_SWAP_FREE] = FLAT_KEY("SwapFree"),
};

/* Memory is taken at some GB a second at most, and swap and page cache put up some resistance
 * before the end; so far away one look a second does, near it each tenth, at the edge each
 * twentieth. Between far and near, in proportion. */
enum {
	MEMINFO_FAR_PCT = 25,
	MEMINFO_NEAR_PCT = 15,
	MEMINFO_EDGE_PCT = 5,
	MEMINFO_NEAR_MS = 100,
	MEMINFO_LOOKS_TO_EDGE = 4, /* at the present speed */
};
#define MEMINFO_KB_MAX                                                                             \
	((uint64_t)1 << 43) /* 8 ZiB: more is garbage (lxcfs has shown negative numbers) */

static void source_meminfo_open(struct see *see)
{
	memset(&see->meminfo, 0, sizeof(see->meminfo));
	see->meminfo.fd = root_open(SOURCE_MEMINFO_PATH, O_RDONLY);
	if (see->meminfo.fd < 0)
		see_blind(see, SOURCE_MEMINFO, SOURCE_MEMINFO_PATH, see->meminfo.fd);
}

uint32_t source_meminfo_wait_ms(uint64_t total_bytes, uint64_t available_bytes, double shrink)
{
	double pct = 100.0 * (double)available_bytes / (double)total_bytes, ms = SEE_NEXT_MAX_MS;
	double to_edge = (double)available_bytes - (double)total_bytes * MEMINFO_EDGE_PCT / 100;

	if (pct < MEMINFO_EDGE_PCT)
		ms = SEE_NEXT_MIN_MS;
	else if (pct < MEMINFO_NEAR_PCT)
		ms = MEMINFO_NEAR_MS;
	else if (pct < MEMINFO_FAR_PCT)
		ms = MEMINFO_NEAR_MS + (SEE_NEXT_MAX_MS - MEMINFO_NEAR_MS) *
					       (pct - MEMINFO_NEAR_PCT) /
					       (MEMINFO_FAR_PCT - MEMINFO_NEAR_PCT);
	if (shrink > 0 && to_edge / shrink / MEMINFO_LOOKS_TO_EDGE < ms)
		ms = to_edge / shrink / MEMINFO_LOOKS_TO_EDGE;
	return ms > SEE_NEXT_MIN_MS ? (uint32_t)ms : SEE_NEXT_MIN_MS;
}

static void source_meminfo_keep(struct source_meminfo *source, uint64_t total, uint64_t available,
				mono_ms now)
{
	bool shrank = source->at != 0 && now > source->at && available < source->available_bytes;

	if (now > source->at || source->at == 0)
		source->shrink = shrank ? (double)(source->available_bytes - available) /
						  (double)(now - source->at)
					: 0;
	source->at = now;
	source->total_bytes = total;
	source->available_bytes = available;
}

static void source_meminfo_set_swap(struct state *state, const uint64_t *bytes, mono_ms now)
{
	int64_t total = (int64_t)bytes[MEMINFO_SWAP_TOTAL],
		free = (int64_t)bytes[MEMINFO_SWAP_FREE];

	state->swap_total_bytes = bytes[MEMINFO_SWAP_TOTAL];
	state_set(&state->host[HOST_SWAP_USED], total - free, total, now);
	state_set(&state->host[HOST_SWAP_FREE], free, total, now);
}

static void source_meminfo_unknown(struct see *see)
{
	static const enum reading_host ours[] = {HOST_AVAILABLE, HOST_USED, HOST_SWAP_USED,
						 HOST_SWAP_FREE, HOST_HEADROOM, HOST_EXHAUSTED_IN};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		see->with.state->host[ours[i]].known = STATE_UNKNOWN;
	see->with.state->swap_total_bytes = 0;
}

/* What was read, in bytes; why it cannot be used, or NULL. */
static const char *source_meminfo_check(uint32_t found, uint64_t values[MEMINFO_KEYS])
{
	for (int i = 0; i < MEMINFO_KEYS; i++) {
		if ((found & 1u << i) == 0 || values[i] > MEMINFO_KB_MAX) {
			found &= ~(1u << i);
			values[i] = 0;
		}
		values[i] *= 1024;
	}
	if (values[MEMINFO_TOTAL] == 0)
		return SOURCE_MEMINFO_PATH " has no usable MemTotal";
	if ((found & 1u << MEMINFO_AVAILABLE) == 0 ||
	    values[MEMINFO_AVAILABLE] > values[MEMINFO_TOTAL])
		return SOURCE_MEMINFO_PATH " has no usable MemAvailable";
	if (values[MEMINFO_SWAP_TOTAL] > 0 &&
	    ((found & 1u << MEMINFO_SWAP_FREE) == 0 ||
	     values[MEMINFO_SWAP_FREE] > values[MEMINFO_SWAP_TOTAL]))
		return SOURCE_MEMINFO_PATH " has no usable SwapFree";
	return NULL;
}

static uint64_t source_meminfo_minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Of what is used: swap that is switched on or off is no growth. */
static void source_meminfo_look_ahead(struct see *see, uint64_t all, uint64_t headroom, mono_ms now)
{
	struct starting starting = starting_look(see, now);

	forecast_add(&see->meminfo.forecast,
		     source_meminfo_minus(source_meminfo_minus(all, headroom), starting.taken_bytes), now);
	forecast_exhausted(&see->meminfo.forecast, source_meminfo_minus(headroom, starting.to_come_bytes),
			   &see->with.state->host[HOST_EXHAUSTED_IN]);
}

static void source_meminfo_set(struct see *see, const uint64_t *bytes, mono_ms now)
{
	struct state *state = see->with.state;
	int64_t total = (int64_t)bytes[MEMINFO_TOTAL],
		available = (int64_t)bytes[MEMINFO_AVAILABLE];
	int64_t swap_free = bytes[MEMINFO_SWAP_TOTAL] > 0 ? (int64_t)bytes[MEMINFO_SWAP_FREE] : 0;
	uint64_t headroom = (uint64_t)(available + swap_free);

	state->mem_total_bytes = bytes[MEMINFO_TOTAL];
	state_set(&state->host[HOST_AVAILABLE], available, total, now);
	state_set(&state->host[HOST_USED], total - available, total, now);
	state_set(&state->host[HOST_HEADROOM], (int64_t)headroom, total, now);
	source_meminfo_look_ahead(see, bytes[MEMINFO_TOTAL] + bytes[MEMINFO_SWAP_TOTAL], headroom, now);
	/* Swap can come and go at any time: without it, 0 % free would be a lie. */
	if (bytes[MEMINFO_SWAP_TOTAL] > 0)
		source_meminfo_set_swap(state, bytes, now);
	source_meminfo_keep(&see->meminfo, bytes[MEMINFO_TOTAL], bytes[MEMINFO_AVAILABLE], now);
}

static void source_meminfo_look(struct see *see, mono_ms now)
{
	uint64_t values[MEMINFO_KEYS] = {0};
	const char *why;
	char text[4000];
	ssize_t n;

	source_meminfo_unknown(see);
	if (see->meminfo.fd < 0)
		return;
	n = file_read(see->meminfo.fd, text, sizeof(text));
	if (n < 0) {
		see_blind(see, SOURCE_MEMINFO, SOURCE_MEMINFO_PATH, (int)n);
		return;
	}
	why = source_meminfo_check(flat_read(text, source_meminfo_keys, MEMINFO_KEYS, values),
				   values);
	if (why != NULL) {
		see_blind(see, SOURCE_MEMINFO, why, 0);
		return;
	}
	source_meminfo_set(see, values, now);
	see_sees(see, SOURCE_MEMINFO);
}

static uint32_t source_meminfo_next_ms(const struct see *see, mono_ms now)
{
	const struct source_meminfo *source = &see->meminfo;

	(void)now;
	return source->total_bytes == 0
		       ? SEE_NEXT_MAX_MS
		       : source_meminfo_wait_ms(source->total_bytes, source->available_bytes,
						source->shrink);
}

const struct source_ops source_meminfo_ops = {
	.name = "meminfo",
	.open = source_meminfo_open,
	.look = source_meminfo_look,
	.next_ms = source_meminfo_next_ms,
};
