#include "deliver/retry.h"

#include "deliver/deliver.h"
#include "share/ledger.h"

uint64_t retry_mix(uint64_t a, uint64_t b)
{
	uint64_t z = a + (b + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t retry_wait(uint64_t id, const char *channel, uint32_t attempt, uint32_t again_ms)
{
	uint32_t wait = DELIVER_AGAIN_MS;

	if (again_ms > RETRY_SERVER_MAX_MS)
		return RETRY_SERVER_MAX_MS;
	if (again_ms > 0)
		return again_ms > DELIVER_AGAIN_MS ? again_ms : DELIVER_AGAIN_MS;
	for (uint32_t i = 1; i < attempt && wait < DELIVER_AGAIN_MAX_MS; i++)
		wait *= 2;
	if (wait > DELIVER_AGAIN_MAX_MS)
		wait = DELIVER_AGAIN_MAX_MS;
	/* 80 to 120 %: many that failed at once do not come again at once. */
	return wait / 1000 * (uint32_t)(800 + retry_mix(id ^ ledger_hash(channel), attempt) % 401);
}

uint64_t retry_age(wall_ms at, wall_ms wall, uint64_t age_ms, uint64_t here_for_ms)
{
	uint64_t by_wall = wall > at ? wall - at : 0, by_mono = age_ms + here_for_ms;

	return by_wall < by_mono ? by_wall : by_mono;
}

uint64_t retry_until(wall_ms then, wall_ms wall, uint64_t max_ms)
{
	uint64_t left = then > wall ? then - wall : 0;

	return left < max_ms ? left : max_ms;
}
