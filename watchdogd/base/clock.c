#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static mono_ms clock_turned_mono;
static wall_ms clock_turned_wall;

static uint64_t clock_read(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t); /* cannot fail for these ids */
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

mono_ms clock_mono(void)
{
	return clock_turned_mono ? clock_turned_mono : clock_read(CLOCK_MONOTONIC);
}

wall_ms clock_wall(void)
{
	return clock_turned_wall ? clock_turned_wall : clock_read(CLOCK_REALTIME);
}

uint64_t clock_boot_ms(void)
{
	return clock_turned_mono ? clock_turned_mono : clock_read(CLOCK_BOOTTIME);
}

void clock_turn(mono_ms mono, wall_ms wall)
{
	clock_turned_mono = mono;
	clock_turned_wall = wall;
}

void clock_format(wall_ms wall, char text[21])
{
	/* By arithmetic (days to civil date, proleptic Gregorian), as gmtime may read a time zone file. */
	uint64_t seconds = wall / 1000;
	uint64_t days = seconds / 86400 + 719468;
	unsigned rest = (unsigned)(seconds % 86400);
	unsigned era = (unsigned)(days / 146097);
	unsigned doe = (unsigned)(days % 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;
	unsigned day = doy - (153 * mp + 2) / 5 + 1;
	unsigned month = mp < 10 ? mp + 3 : mp - 9;
	unsigned year = yoe + era * 400 + (month <= 2);

	char whole[64];

	(void)snprintf(whole, sizeof(whole), "%04u-%02u-%02uT%02u:%02u:%02uZ", year % 10000, month, day,
		       rest / 3600, rest / 60 % 60, rest % 60);
	memcpy(text, whole, 20);
	text[20] = '\0';
}

const char *clock_format_span(uint64_t for_ms, char text[32])
{
	unsigned long long s = for_ms / 1000;

	if (for_ms < 1000)
		(void)snprintf(text, 32, "%llu ms", (unsigned long long)for_ms);
	else if (for_ms < 10000)
		(void)snprintf(text, 32, "%llu.%llu s", s, (unsigned long long)for_ms / 100 % 10);
	else if (s < 60)
		(void)snprintf(text, 32, "%llu s", s);
	else if (s < 3600)
		(void)snprintf(text, 32, "%llu min %llu s", s / 60, s % 60);
	else if (s < 86400)
		(void)snprintf(text, 32, "%llu h %llu min", s / 3600, s / 60 % 60);
	else
		(void)snprintf(text, 32, "%llu d %llu h", s / 86400, s / 3600 % 24);
	return text;
}
