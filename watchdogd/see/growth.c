#include "see/growth.h"

#include <stdbool.h>
#include <string.h>

static bool growth_is_quiet(const struct growth *growth)
{
	uint64_t any = 0;

	for (uint32_t key = 0; key < GROWTH_KEYS; key++)
		any |= growth->sum[key];
	return any == 0;
}

void growth_advance(struct growth *growth, mono_ms now)
{
	uint64_t now_s = now / 1000;

	if (now_s - growth->at_s >= GROWTH_WINDOW_S && !growth_is_quiet(growth))
		memset(growth, 0, sizeof(*growth));
	/* With a sum of 0 each bucket is 0. */
	if (growth_is_quiet(growth))
		growth->at_s = now_s;
	while (growth->at_s < now_s) {
		uint32_t *bucket = growth->bucket[++growth->at_s % GROWTH_WINDOW_S];

		for (uint32_t key = 0; key < GROWTH_KEYS; key++) {
			growth->sum[key] -= bucket[key];
			bucket[key] = 0;
		}
	}
}

void growth_add(struct growth *growth, uint32_t key, uint64_t n)
{
	uint32_t *bucket = &growth->bucket[growth->at_s % GROWTH_WINDOW_S][key];
	uint32_t room = UINT32_MAX - *bucket, add = n < room ? (uint32_t)n : room;

	*bucket += add;
	growth->sum[key] += add;
}
