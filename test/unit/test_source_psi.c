#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "fakeroot.h"

#include "see/psi.h"
#include "see/source.h"

#define PRESSURE "/proc/pressure/memory"
#define TEXT(some, full)                                                                           \
	"some avg10=1.50 avg60=0.25 avg300=0.00 total=" #some "\n"                                 \
	"full avg10=0.75 avg60=0.10 avg300=0.00 total=" #full "\n"

static void a_hostile_pressure_text_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"some",
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=-5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=99999999999999999999999\n",
		"some avg10=1e9 avg60=0.00 avg300=0.00 total=1\n",
		"some avg10=900.00 avg60=0.00 avg300=0.00 total=1\n",
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=12", /* cut */
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=12\n",
		"full avg10=0.00 avg60=0.00 avg300=0.00 total=12\nsome avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
	};
	struct psi psi;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(psi_parse(texts[i], &psi));
}

static void the_kernels_text_is_read_whole(void **state)
{
	struct psi psi;

	(void)state;
	assert_true(
		psi_parse("some avg10=12.34 avg60=100.00 avg300=0.07 total=18446744073709551615\n"
			  "full avg10=0.00 avg60=0.00 avg300=0.00 total=276\n",
			  &psi));
	assert_int_equal(psi.avg_mpct[PSI_SOME][PSI_AVG10], 12340);
	assert_int_equal(psi.avg_mpct[PSI_SOME][PSI_AVG60], 100000);
	assert_int_equal(psi.avg_mpct[PSI_SOME][PSI_AVG300], 70);
	assert_true(psi.total_us[PSI_SOME] == UINT64_MAX);
	assert_int_equal(psi.total_us[PSI_FULL], 276);
}

/* Everything since boot stands in total=: what grew before we looked is not of now (traps 2, 9). */
static void pressure_is_unknown_until_two_seconds_are_covered(void **state)
{
	(void)state;
	fakeroot_put(PRESSURE, TEXT(900000000, 500000000));
	fakeroot_open(NULL, 0);
	assert_unknown(fakeroot_host(HOST_PRESSURE_SOME));
	fakeroot_look(1000);
	assert_unknown(fakeroot_host(HOST_PRESSURE_SOME));
	fakeroot_look(999);
	assert_unknown(fakeroot_host(HOST_PRESSURE_FULL));
	fakeroot_look(1);
	assert_known(fakeroot_host(HOST_PRESSURE_SOME), 0);
	assert_known(fakeroot_host(HOST_PRESSURE_FULL), 0);
}

static void pressure_is_the_growth_of_total_over_the_last_two_seconds(void **state)
{
	(void)state;
	fakeroot_put(PRESSURE, TEXT(1000000, 500000));
	fakeroot_open(NULL, 0);
	fakeroot_look(1000);
	fakeroot_put(PRESSURE, TEXT(1500000, 600000));
	fakeroot_look(1000);
	assert_known(fakeroot_host(HOST_PRESSURE_SOME), 25000);
	assert_known(fakeroot_host(HOST_PRESSURE_FULL), 5000);
	assert_int_equal(fakeroot_host(HOST_PRESSURE_SOME)->from, FAKEROOT_START);
	assert_known(fakeroot_host(HOST_PRESSURE_SOME_AVG10), 1500);
	assert_known(fakeroot_host(HOST_PRESSURE_FULL_AVG60), 100);
	fakeroot_look(2000);
	assert_known(fakeroot_host(HOST_PRESSURE_SOME), 0);
}

static void the_window_stays_two_seconds_with_twenty_looks_a_second(void **state)
{
	(void)state;
	fakeroot_put(PRESSURE, TEXT(0, 0));
	fakeroot_open(NULL, 0);
	for (unsigned i = 1; i <= 100; i++) {
		fakeroot_put(PRESSURE,
			     "some avg10=0.00 avg60=0.00 avg300=0.00 total=%u\n"
			     "full avg10=0.00 avg60=0.00 avg300=0.00 total=%u\n",
			     i * 25000, i * 5000);
		fakeroot_look(50);
	}
	assert_known(fakeroot_host(HOST_PRESSURE_SOME), 50000);
	assert_known(fakeroot_host(HOST_PRESSURE_FULL), 10000);
	assert_in_range(fakeroot.now - fakeroot_host(HOST_PRESSURE_SOME)->from, 2000, 2250);
}

static void a_total_that_fell_begins_anew(void **state)
{
	(void)state;
	fakeroot_put(PRESSURE, TEXT(1000000, 500000));
	fakeroot_open(NULL, 0);
	fakeroot_look(2000);
	fakeroot_put(PRESSURE, TEXT(10, 10));
	fakeroot_look(1000);
	assert_unknown(fakeroot_host(HOST_PRESSURE_SOME));
	fakeroot_look(2000);
	assert_known(fakeroot_host(HOST_PRESSURE_SOME), 0);
}

static void a_look_long_ago_says_nothing_of_now(void **state)
{
	(void)state;
	fakeroot_put(PRESSURE, TEXT(0, 0));
	fakeroot_open(NULL, 0);
	fakeroot_put(PRESSURE, TEXT(2000000, 2000000));
	fakeroot_look(60000);
	assert_unknown(fakeroot_host(HOST_PRESSURE_SOME));
}

static void more_stall_than_time_is_a_hundred_percent(void **state)
{
	(void)state;
	fakeroot_put(PRESSURE, TEXT(0, 0));
	fakeroot_open(NULL, 0);
	fakeroot_put(PRESSURE, TEXT(9000000, 9000000));
	fakeroot_look(2000);
	assert_known(fakeroot_host(HOST_PRESSURE_SOME), 100000);
}

/* Trap 4: compiled in and off. */
static void without_pressure_files_the_readings_are_unknown_and_the_rest_works(void **state)
{
	(void)state;
	fakeroot_open(NULL, 0);
	assert_unknown(fakeroot_host(HOST_PRESSURE_SOME));
	assert_unknown(fakeroot_host(HOST_PRESSURE_FULL_AVG300));
	assert_non_null(strstr(fakeroot.with.state->blind, "psi: "));
	assert_known(fakeroot_host(HOST_AVAILABLE), (int64_t)6000000 * 1024);
}

static void a_pressure_file_that_turns_to_garbage_is_blind_until_it_is_readable_again(void **state)
{
	(void)state;
	fakeroot_put(PRESSURE, TEXT(0, 0));
	fakeroot_open(NULL, 0);
	fakeroot_look(2000);
	assert_null(strstr(fakeroot.with.state->blind, "psi: "));
	fakeroot_put(PRESSURE, "some garbage\n");
	fakeroot_look(1000);
	assert_unknown(fakeroot_host(HOST_PRESSURE_SOME));
	assert_unknown(fakeroot_host(HOST_PRESSURE_SOME_AVG10));
	assert_non_null(strstr(fakeroot.with.state->blind, "psi: "));
	fakeroot_put(PRESSURE, TEXT(0, 0));
	fakeroot_look(1000);
	assert_null(strstr(fakeroot.with.state->blind, "psi: "));
	assert_unknown(fakeroot_host(HOST_PRESSURE_SOME));
}

static void a_host_that_stalls_is_looked_at_sooner(void **state)
{
	(void)state;
	fakeroot_put(PRESSURE, TEXT(0, 0));
	fakeroot_open(NULL, 0);
	assert_int_equal(see_next_ms(fakeroot.see, fakeroot.now), 1000);
	fakeroot_put(PRESSURE, TEXT(400000, 0));
	fakeroot_look(1000);
	assert_int_equal(see_next_ms(fakeroot.see, fakeroot.now), 250);
	fakeroot_look(2000);
	assert_int_equal(see_next_ms(fakeroot.see, fakeroot.now), 1000);
}

static void a_trigger_is_written_with_its_nul(void **state)
{
	char got[64];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(psi_write_trigger(ends[1], "some 150000 1000000"), 0);
	assert_int_equal(read(ends[0], got, sizeof(got)), 20);
	assert_memory_equal(got, "some 150000 1000000", 20);
	(void)close(ends[0]);
	(void)close(ends[1]);
	assert_int_equal(psi_write_trigger(-1, "some 150000 1000000"), -EBADF);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fakeroot_setup, fakeroot_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_hostile_pressure_text_is_refused),
		TEST(the_kernels_text_is_read_whole),
		TEST(pressure_is_unknown_until_two_seconds_are_covered),
		TEST(pressure_is_the_growth_of_total_over_the_last_two_seconds),
		TEST(the_window_stays_two_seconds_with_twenty_looks_a_second),
		TEST(a_total_that_fell_begins_anew),
		TEST(a_look_long_ago_says_nothing_of_now),
		TEST(more_stall_than_time_is_a_hundred_percent),
		TEST(without_pressure_files_the_readings_are_unknown_and_the_rest_works),
		TEST(a_pressure_file_that_turns_to_garbage_is_blind_until_it_is_readable_again),
		TEST(a_host_that_stalls_is_looked_at_sooner),
		TEST(a_trigger_is_written_with_its_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
