/* see/hour.h: the last hour of the host, minute by minute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "see/hour.h"

enum { MINUTE = 60000 };

static struct state *page;

static int setup(void **state)
{
	int fd = memfd_create("state", MFD_CLOEXEC);

	(void)state;
	page = state_create(fd);
	(void)close(fd);
	return page != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return munmap(page, sizeof(*page));
}

static void used(int64_t value, mono_ms now)
{
	state_set(&page->host[HOST_USED], value, 8000, now);
	hour_look(page, now);
}

static uint16_t minute(uint32_t ago)
{
	return page->hour_permille[(page->hour_minute - ago) % STATE_MINUTES];
}

static void the_highest_of_each_minute_is_kept(void **state)
{
	const mono_ms t = 1000 * MINUTE;

	(void)state;
	assert_int_equal(minute(0), STATE_MINUTE_UNKNOWN); /* before any look */
	used(4000, t);
	used(6000, t + 1);
	used(2000, t + MINUTE - 1);
	assert_int_equal(page->hour_minute, 1000);
	assert_int_equal(minute(0), 750);
	used(2000, t + MINUTE);
	assert_int_equal(minute(0), 250);
	assert_int_equal(minute(1), 750);
	for (uint32_t i = 2; i < STATE_MINUTES; i++)
		assert_int_equal(minute(i), STATE_MINUTE_UNKNOWN);
	used(0, t + 2 * MINUTE);
	assert_int_equal(minute(0), 0); /* a reading, and the least there is */
	used(8000, t + 2 * MINUTE);
	assert_int_equal(minute(0), 1000);
}

static void a_minute_without_a_reading_is_unknown(void **state)
{
	const mono_ms t = 70 * MINUTE;

	(void)state;
	used(4000, t);
	page->host[HOST_USED].known = STATE_UNKNOWN;
	hour_look(page, t + MINUTE);
	assert_int_equal(minute(0), STATE_MINUTE_UNKNOWN);
	assert_int_equal(minute(1), 500);
	used(4000, t + 4 * MINUTE); /* stopped for a while, or nothing to wake it */
	assert_int_equal(minute(0), 500);
	assert_int_equal(minute(1), STATE_MINUTE_UNKNOWN);
	assert_int_equal(minute(4), 500);
	used(4000, t + 63 * MINUTE);
	assert_int_equal(minute(59), 500);
	used(4000, t + 64 * MINUTE);
	assert_int_equal(minute(59), STATE_MINUTE_UNKNOWN);
	used(4000, t + 500 * MINUTE);
	for (uint32_t i = 1; i < STATE_MINUTES; i++)
		assert_int_equal(minute(i), STATE_MINUTE_UNKNOWN);
}

static void what_cannot_be_is_no_reading(void **state)
{
	static const int64_t rows[][2] = {{1, 0}, {-1, 8000}, {8001, 8000}, {5, -8}, {INT64_MAX, 1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		state_set(&page->host[HOST_USED], rows[i][0], rows[i][1], 1);
		hour_look(page, 5 * MINUTE);
		assert_int_equal(minute(0), STATE_MINUTE_UNKNOWN);
	}
	state_set(&page->host[HOST_USED], INT64_MAX, INT64_MAX, 1); /* and nothing overflows */
	hour_look(page, 5 * MINUTE);
	assert_int_equal(minute(0), 1000);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_highest_of_each_minute_is_kept),
		T(a_minute_without_a_reading_is_unknown),
		T(what_cannot_be_is_no_reading),
	};

	return cmocka_run_group_tests_name("hour", tests, NULL, NULL);
}
