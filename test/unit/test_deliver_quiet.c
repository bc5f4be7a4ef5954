/* deliver/quiet.c and deliver/retry.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bounds.h"
#include "deliver/deliver.h"
#include "deliver/quiet.h"
#include "deliver/retry.h"

/* Europe/Berlin without its file: the clocks go forward on 2026-03-29 at 02:00 and back on 2026-10-25 at 03:00. */
static const char berlin[] = "CET-1CEST,M3.5.0,M10.5.0/3";

enum { H = 60 };

/* Seconds since 1970 of a UTC time. */
static wall_ms utc(int month, int day, int hour, int minute)
{
	struct tm tm = {.tm_year = 126, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute};

	return (wall_ms)timegm(&tm) * 1000;
}

static void quiet_hours_end_by_the_local_clock(void **state)
{
	static const struct {
		const char *name;
		uint32_t from, to;
		int month, day, hour, minute;         /* UTC */
		int end_month, end_day, end_hour, end_minute; /* 0: not quiet */
	} rows[] = {
		{"none", 0, 0, 1, 22, 3, 0, 0, 0, 0, 0},
		{"equal", 7 * H, 7 * H, 1, 22, 6, 0, 0, 0, 0, 0},
		{"before", 22 * H, 7 * H, 1, 22, 20, 59, 0, 0, 0, 0},
		{"at the first minute", 22 * H, 7 * H, 1, 22, 21, 0, 1, 23, 6, 0},
		{"after midnight", 22 * H, 7 * H, 1, 22, 23, 30, 1, 23, 6, 0},
		{"at the last minute", 22 * H, 7 * H, 1, 23, 5, 59, 1, 23, 6, 0},
		{"at the end", 22 * H, 7 * H, 1, 23, 6, 0, 0, 0, 0, 0},
		{"within a day", 13 * H, 15 * H, 1, 22, 13, 0, 1, 22, 14, 0},
		{"over the end of a month", 22 * H, 7 * H, 1, 31, 22, 0, 2, 1, 6, 0},
		{"to midnight", 22 * H, 0, 1, 22, 22, 0, 1, 22, 23, 0},
		{"all but a minute", 1, 0, 1, 22, 0, 0, 1, 22, 23, 0},
		{"the night is an hour shorter", 22 * H, 7 * H, 3, 28, 22, 0, 3, 29, 5, 0},
		{"the night is an hour longer", 22 * H, 7 * H, 10, 24, 21, 0, 10, 25, 6, 0},
		{"the end is left out by the change", 22 * H, 2 * H + 30, 3, 28, 23, 0, 3, 29, 1, 30},
		{"the end comes twice, its second time", 22 * H, 2 * H + 30, 10, 25, 1, 10, 10, 25, 1, 30},
	};

	(void)state;
	(void)setenv("TZ", berlin, 1);
	tzset();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		wall_ms now = utc(rows[i].month, rows[i].day, rows[i].hour, rows[i].minute);
		wall_ms want = rows[i].end_month == 0 ? 0
						      : utc(rows[i].end_month, rows[i].end_day, rows[i].end_hour,
							    rows[i].end_minute);

		print_message("# %s\n", rows[i].name);
		assert_int_equal(quiet_until(rows[i].from, rows[i].to, now), want);
	}
}

/* The hour that comes twice: whichever of both mktime(3) means, it never ends in the past, and it does end. */
static void quiet_hours_always_end_in_the_future(void **state)
{
	(void)state;
	(void)setenv("TZ", berlin, 1);
	tzset();
	for (wall_ms now = utc(10, 24, 20, 0); now < utc(10, 25, 8, 0); now += 7 * 60000 + 13) {
		wall_ms end = quiet_until(22 * H, 2 * H + 30, now);

		assert_true(end == 0 || (end > now && end - now <= 6 * 3600000));
	}
}

static void waits_are_the_same_each_time_and_within_a_fifth(void **state)
{
	static const uint32_t plain[] = {1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 512000, 600000, 600000};
	uint32_t least = UINT32_MAX, most = 0;

	(void)state;
	for (uint64_t id = 1; id <= 100; id++) {
		for (uint32_t i = 0; i < ARRAY_LEN(plain); i++) {
			uint32_t wait = retry_wait(id, "c", i + 1, 0);

			assert_in_range(wait, plain[i] * 8 / 10, plain[i] * 12 / 10);
			assert_int_equal(wait, retry_wait(id, "c", i + 1, 0));
		}
		least = retry_wait(id, "c", 1, 0) < least ? retry_wait(id, "c", 1, 0) : least;
		most = retry_wait(id, "c", 1, 0) > most ? retry_wait(id, "c", 1, 0) : most;
	}
	assert_true(least < 850 && most > 1150);
	assert_in_range(retry_wait(1, "c", UINT32_MAX, 0), 480000, 720000);
	assert_int_equal(retry_wait(1, "c", 1, 1), 1000);
	assert_int_equal(retry_wait(1, "c", 9, 3000), 3000);
	assert_int_equal(retry_wait(1, "c", 1, UINT32_MAX), RETRY_SERVER_MAX_MS);
}

static void an_age_is_the_shorter_of_what_both_clocks_say(void **state)
{
	(void)state;
	assert_int_equal(retry_age(1000, 5000, 0, 4000), 4000);
	assert_int_equal(retry_age(1000, 900000, 0, 4000), 4000);
	assert_int_equal(retry_age(1000, 500, 100, 4000), 0);
	assert_int_equal(retry_age(1000, 9000, 5000, 4000), 8000);
	assert_int_equal(retry_until(5000, 1000, 9000), 4000);
	assert_int_equal(retry_until(5000, 6000, 9000), 0);
	assert_int_equal(retry_until(UINT64_MAX, 0, 9000), 9000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet_hours_end_by_the_local_clock),
		cmocka_unit_test(quiet_hours_always_end_in_the_future),
		cmocka_unit_test(waits_are_the_same_each_time_and_within_a_fifth),
		cmocka_unit_test(an_age_is_the_shorter_of_what_both_clocks_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
