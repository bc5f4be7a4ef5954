#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fakeroot.h"

#include "see/source_meminfo.h"

#define KB ((int64_t)1024)

static void garbage_is_unknown_and_no_crash(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n\n",
		"MemTotal:",
		"MemTotal: kB\nMemAvailable: 5 kB\n",
		"MemTotal: 0 kB\nMemAvailable: 0 kB\n",
		"MemTotal: -1 kB\nMemAvailable: 5 kB\n",
		"MemTotal: 1000 kB\n", /* before 3.14 there was no MemAvailable */
		"MemTotal: 1000 kB\nMemAvailable: 2000 kB\n",
		"MemTotal: 1000 kB\nMemAvailable: 18446744073709551615 kB\n", /* lxcfs has shown
										 this */
		"MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB\n",
		"MemTotal: 99999999999999999999999999 kB\nMemAvailable: 1 kB\n",
		"XMemTotal: 1000 kB\nXMemAvailable: 500 kB\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		fakeroot_put("/proc/meminfo", "%s", texts[i]);
		fakeroot_open(NULL, 0);
		assert_unknown(fakeroot_host(HOST_AVAILABLE));
		assert_unknown(fakeroot_host(HOST_USED));
		assert_unknown(fakeroot_host(HOST_HEADROOM));
		assert_unknown(fakeroot_host(HOST_SWAP_FREE));
		assert_non_null(strstr(fakeroot.with.state->blind, "meminfo: "));
		assert_in_range(see_next_ms(fakeroot.see, fakeroot.now), 50, 1000);
	}
}

static void a_missing_file_is_blind(void **state)
{
	(void)state;
	fakeroot_remove("/proc/meminfo");
	fakeroot_open(NULL, 0);
	assert_unknown(fakeroot_host(HOST_AVAILABLE));
	assert_non_null(strstr(fakeroot.with.state->blind, "meminfo: /proc/meminfo"));
}

static void used_and_available_are_the_whole(void **state)
{
	(void)state;
	fakeroot_put("/proc/meminfo",
		     "MemTotal: 8000000 kB\nMemFree: 1 kB\nMemAvailable: 2000000 kB\n"
		     "SwapTotal: 2000000 kB\nSwapFree: 500000 kB\n");
	fakeroot_open(NULL, 0);
	assert_known(fakeroot_host(HOST_AVAILABLE), 2000000 * KB);
	assert_known(fakeroot_host(HOST_USED), 6000000 * KB);
	assert_int_equal(fakeroot_host(HOST_USED)->total, 8000000 * KB);
	assert_known(fakeroot_host(HOST_SWAP_USED), 1500000 * KB);
	assert_known(fakeroot_host(HOST_SWAP_FREE), 500000 * KB);
	assert_int_equal(fakeroot_host(HOST_SWAP_FREE)->total, 2000000 * KB);
	assert_known(fakeroot_host(HOST_HEADROOM), 2500000 * KB);
	assert_int_equal(fakeroot_host(HOST_HEADROOM)->total, 8000000 * KB);
	assert_int_equal(fakeroot.with.state->mem_total_bytes, 8000000 * KB);
	assert_int_equal(fakeroot_host(HOST_AVAILABLE)->from, FAKEROOT_START);
}

/* Trap 35: SwapTotal 0 is not "0 % free"; swap may be added and taken away. */
static void without_swap_its_readings_are_unknown_and_headroom_is_available(void **state)
{
	(void)state;
	fakeroot_open(NULL, 0);
	assert_unknown(fakeroot_host(HOST_SWAP_FREE));
	assert_unknown(fakeroot_host(HOST_SWAP_USED));
	assert_known(fakeroot_host(HOST_HEADROOM), 6000000 * KB);
	fakeroot_put("/proc/meminfo",
		     "MemTotal: 8000000 kB\nMemAvailable: 6000000 kB\nSwapTotal: 100 kB\n"
		     "SwapFree: 40 kB\n");
	fakeroot_look(1000);
	assert_known(fakeroot_host(HOST_SWAP_USED), 60 * KB);
	fakeroot_put("/proc/meminfo",
		     "MemTotal: 8000000 kB\nMemAvailable: 6000000 kB\nSwapTotal: 0 kB\n"
		     "SwapFree: 0 kB\n");
	fakeroot_look(1000);
	assert_unknown(fakeroot_host(HOST_SWAP_FREE));
}

/* A swap file that is switched on while we run: with what is swapped, and in the headroom, at the next look. */
static void swap_that_comes_and_grows_while_running_is_taken(void **state)
{
	(void)state;
	fakeroot_open(NULL, 0);
	assert_int_equal(fakeroot.with.state->swap_total_bytes, 0);
	fakeroot_put("/proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 600000 kB\nSwapTotal: 524284 kB\n"
				      "SwapFree: 524284 kB\n");
	fakeroot_look(50);
	assert_int_equal(fakeroot.with.state->swap_total_bytes, 524284 * KB);
	assert_known(fakeroot_host(HOST_SWAP_USED), 0);
	assert_known(fakeroot_host(HOST_SWAP_FREE), 524284 * KB);
	assert_known(fakeroot_host(HOST_HEADROOM), (600000 + 524284) * KB);
	fakeroot_put("/proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 600000 kB\nSwapTotal: 1048568 kB\n"
				      "SwapFree: 1000000 kB\n");
	fakeroot_look(50);
	assert_int_equal(fakeroot.with.state->swap_total_bytes, 1048568 * KB);
	assert_int_equal(fakeroot_host(HOST_SWAP_USED)->total, 1048568 * KB);
	assert_known(fakeroot_host(HOST_HEADROOM), 1600000 * KB);
}

static void the_next_look_is_sooner_the_less_is_left(void **state)
{
	static const struct {
		uint64_t available_pct;
		uint32_t least_ms, most_ms;
	} rows[] = {{100, 1000, 1000}, {25, 1000, 1000}, {20, 400, 700}, {15, 100, 100},
		    {12, 100, 100},    {5, 100, 100},    {4, 50, 50},    {0, 50, 50}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_in_range(source_meminfo_wait_ms(8000, 80 * rows[i].available_pct, 0),
				rows[i].least_ms, rows[i].most_ms);
}

static void the_next_look_is_sooner_the_faster_it_goes(void **state)
{
	(void)state;
	/* 8 GB, 4 GB left, going at 4 GB a second: 0.9 s to the edge. */
	assert_in_range(source_meminfo_wait_ms(8000000000, 4000000000, 4000000), 200, 250);
	assert_int_equal(source_meminfo_wait_ms(8000000000, 4000000000, 1000), 1000);
	assert_int_equal(source_meminfo_wait_ms(8000000000, 100000000, 4000000), 50);
}

static void a_falling_host_is_looked_at_sooner_and_a_quiet_one_once_a_second(void **state)
{
	(void)state;
	fakeroot_open(NULL, 0);
	assert_int_equal(see_next_ms(fakeroot.see, fakeroot.now), 1000);
	fakeroot_put("/proc/meminfo",
		     "MemTotal: 8000000 kB\nMemAvailable: 4000000 kB\nSwapTotal: 0 kB\n");
	fakeroot_look(1000);
	assert_in_range(see_next_ms(fakeroot.see, fakeroot.now), 300, 500);
	fakeroot_look(400);
	assert_int_equal(see_next_ms(fakeroot.see, fakeroot.now), 1000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fakeroot_setup, fakeroot_teardown)

/* So many kB of memory and of swap left. */
static void put_left(unsigned available, unsigned swap_total, unsigned swap_free)
{
	fakeroot_put("/proc/meminfo",
		     "MemTotal: 8000000 kB\nMemAvailable: %u kB\nSwapTotal: %u kB\nSwapFree: %u kB\n", available, swap_total,
		     swap_free);
}

static void the_end_of_memory_and_swap_together_is_seen_coming(void **state)
{
	unsigned left = 1000000;

	(void)state;
	put_left(left, 1000000, 1000000);
	fakeroot_open(NULL, 0);
	assert_unknown(fakeroot_host(HOST_EXHAUSTED_IN));
	for (int s = 0; s < 10; s++)
		fakeroot_look(1000);
	assert_int_equal(fakeroot_host(HOST_EXHAUSTED_IN)->known, STATE_NEVER);
	/* 40000 kB a second, first out of memory, then out of swap. */
	for (int s = 0; s < 40; s++, left -= left > 200000 ? 40000 : 0) {
		put_left(left, 1000000, left > 200000 ? 1000000 : 1000000 - 40000u * (unsigned)(s - 20));
		fakeroot_look(1000);
		if (s > 25)
			assert_int_equal(fakeroot_host(HOST_EXHAUSTED_IN)->known, STATE_KNOWN);
	}
	assert_int_equal(fakeroot_host(HOST_HEADROOM)->value, (1200000 - 19 * 40000) * KB);
	assert_in_range(fakeroot_host(HOST_EXHAUSTED_IN)->value, 10900, 11100);
}

static void swap_that_is_switched_on_is_room_and_no_growth(void **state)
{
	(void)state;
	put_left(1000000, 0, 0);
	fakeroot_open(NULL, 0);
	for (unsigned s = 0; s < 60; s++) {
		unsigned swap = s / 10 % 2 == 0 ? 0 : 500000;

		put_left(1000000 - s * 10000, swap, swap);
		fakeroot_look(1000);
		if (s < 34)
			continue;
		assert_int_equal(fakeroot_host(HOST_EXHAUSTED_IN)->known, STATE_KNOWN);
		assert_in_range(fakeroot_host(HOST_EXHAUSTED_IN)->value, (1000000 + swap - s * 10000) / 10 - 200,
				(1000000 + swap - s * 10000) / 10 + 200);
	}
}

static void a_blind_host_has_no_forecast_and_sees_it_again_after_a_while(void **state)
{
	(void)state;
	fakeroot_open(NULL, 0);
	for (int s = 0; s < 10; s++)
		fakeroot_look(1000);
	assert_int_equal(fakeroot_host(HOST_EXHAUSTED_IN)->known, STATE_NEVER);
	fakeroot_put("/proc/meminfo", "MemTotal: none\n");
	fakeroot_look(1000);
	assert_unknown(fakeroot_host(HOST_EXHAUSTED_IN));
	for (int s = 0; s < 5; s++)
		fakeroot_look(1000);
	put_left(1000000, 0, 0);
	for (int s = 0; s < 8; s++) {
		fakeroot_look(1000);
		assert_unknown(fakeroot_host(HOST_EXHAUSTED_IN));
	}
	fakeroot_look(1000);
	assert_int_equal(fakeroot_host(HOST_EXHAUSTED_IN)->known, STATE_NEVER);
}

#define XTTS "/sys/fs/cgroup/system.slice/xtts_server.service"

static const struct fakeroot_unit xtts[] = {{"xtts", CONFIG_SYSTEMD, "xtts_server.service", NULL}};

static void put_xtts(unsigned anon_kb)
{
	fakeroot_put("/sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n");
	fakeroot_put(XTTS "/memory.current", "%u\n", anon_kb * 1024);
	fakeroot_put(XTTS "/memory.stat", "anon %u\nshmem 0\n", anon_kb * 1024);
	fakeroot_put(XTTS "/cgroup.events", "populated 1\nfrozen 0\n");
	fakeroot_put(XTTS "/cgroup.procs", "\n");
}

/* The unit held 200 MB, and is gone for a while. What is left then, kB. */
static unsigned after_a_life(void)
{
	const unsigned left = 600000;

	put_left(left - 200000, 0, 0);
	put_xtts(200000);
	fakeroot_open(xtts, 1);
	fakeroot_look(1000);
	fakeroot_remove(XTTS);
	put_left(left, 0, 0);
	for (int s = 0; s < 40; s++)
		fakeroot_look(1000);
	return left;
}

/* Another 20 MB a second of the host, for so many seconds; `of_xtts` of them are the unit's. How often its end was seen
 * coming. */
static int climb(unsigned *left, unsigned *held, int for_s, bool of_xtts)
{
	int seen = 0;

	for (int half = 0; half < 2 * for_s; half++) {
		*left -= 10000;
		put_left(*left, 0, 0);
		if (of_xtts)
			put_xtts(*held += 10000);
		fakeroot_look(500);
		seen += fakeroot_host(HOST_EXHAUSTED_IN)->known == STATE_KNOWN;
	}
	return seen;
}

/* Else whoever gives a unit back would take its start for a leak, and shed it again. */
static void what_a_unit_takes_as_it_starts_is_no_growth_up_to_its_peak(void **state)
{
	unsigned left = after_a_life(), held = 0;

	(void)state;
	assert_int_equal(fakeroot_host(HOST_EXHAUSTED_IN)->known, STATE_NEVER);

	assert_int_equal(climb(&left, &held, 10, true), 0); /* two thirds of it went by */
	for (int s = 0; s < 30; s++) { /* nor is it growth when its grace is over, or when it ends */
		fakeroot_look(1000);
		assert_int_equal(fakeroot_host(HOST_EXHAUSTED_IN)->known, STATE_NEVER);
	}
	fakeroot_remove(XTTS);
	put_left(left += held, 0, 0);
	for (int s = 0; s < 40; s++) {
		fakeroot_look(1000);
		assert_int_equal(fakeroot_host(HOST_EXHAUSTED_IN)->known, STATE_NEVER);
	}

	/* What it never took before is: 200 MB are its own, then it is a leak. */
	held = 0;
	assert_int_equal(climb(&left, &held, 10, true), 0);
	assert_in_range(climb(&left, &held, 8, true), 3, 16);
}

static void what_another_takes_meanwhile_is_growth(void **state)
{
	unsigned left = after_a_life(), held = 0;

	(void)state;
	put_xtts(0);
	assert_in_range(climb(&left, &held, 12, false), 8, 24);
	/* 360 MB are left, and 200 of them are still to come for the unit. */
	assert_in_range(fakeroot_host(HOST_EXHAUSTED_IN)->value, 7500, 9000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(garbage_is_unknown_and_no_crash),
		TEST(a_missing_file_is_blind),
		TEST(used_and_available_are_the_whole),
		TEST(without_swap_its_readings_are_unknown_and_headroom_is_available),
		TEST(swap_that_comes_and_grows_while_running_is_taken),
		TEST(the_next_look_is_sooner_the_less_is_left),
		TEST(the_next_look_is_sooner_the_faster_it_goes),
		TEST(the_end_of_memory_and_swap_together_is_seen_coming),
		TEST(swap_that_is_switched_on_is_room_and_no_growth),
		TEST(a_blind_host_has_no_forecast_and_sees_it_again_after_a_while),
		TEST(what_a_unit_takes_as_it_starts_is_no_growth_up_to_its_peak),
		TEST(what_another_takes_meanwhile_is_growth),
		TEST(a_falling_host_is_looked_at_sooner_and_a_quiet_one_once_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
