#include "deliver/quiet.h"

#include <stdbool.h>
#include <time.h>

static bool quiet_is_within(uint32_t from_min, uint32_t to_min, uint32_t minute)
{
	if (from_min < to_min)
		return minute >= from_min && minute < to_min;
	return from_min != to_min && (minute >= from_min || minute < to_min);
}

wall_ms quiet_until(uint32_t from_min, uint32_t to_min, wall_ms wall)
{
	time_t now = (time_t)(wall / 1000), end;
	uint32_t minute;
	struct tm local;

	if (from_min == to_min || localtime_r(&now, &local) == NULL)
		return 0;
	minute = (uint32_t)(local.tm_hour * 60 + local.tm_min);
	if (!quiet_is_within(from_min, to_min, minute))
		return 0;
	local.tm_mday += minute >= to_min;
	local.tm_hour = (int)(to_min / 60);
	local.tm_min = (int)(to_min % 60);
	local.tm_sec = 0;
	local.tm_isdst = -1; /* whichever holds then; a time that the change leaves out becomes the one after it */
	end = mktime(&local);
	/* Where the hour comes twice mktime(3) may mean its first time, and this is the second. */
	if (end <= now)
		end = now + (time_t)((to_min + 24 * 60 - minute) % (24 * 60)) * 60 - now % 60;
	return (wall_ms)end * 1000;
}
