#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fakeroot.h"

#define V2  "/sys/fs/cgroup"
#define V1  "/sys/fs/cgroup/memory"
#define BOT V2 "/system.slice/bot.service"

static const struct fakeroot_unit bot[] = {{"bot", CONFIG_SYSTEMD, "bot.service", NULL}};
static const struct fakeroot_unit path[] = {{"x", CONFIG_CGROUP, "/bots/x", NULL}};

static void put_v2(const char *dir, unsigned current, unsigned oom_kill)
{
	char name[256];
#define PUT(file, ...)                                                                             \
	do {                                                                                       \
		(void)snprintf(name, sizeof(name), "%s/" file, dir);                               \
		fakeroot_put(name, __VA_ARGS__);                                                   \
	} while (0)
	fakeroot_put(V2 "/cgroup.controllers", "cpu memory pids\n");
	PUT("memory.current", "%u\n", current);
	PUT("memory.stat", "anon 1000\nfile 5\nkernel 7\nshmem 200\nanon_thp 99\n");
	PUT("memory.swap.current", "30\n");
	PUT("memory.events",
	    "low 0\nhigh 4\nmax 2\noom 1\noom_kill %u\noom_group_kill 0\nsock_throttled 9\n",
	    oom_kill);
	PUT("memory.pressure", "some avg10=1.00 avg60=0.00 avg300=0.00 total=0\n"
			       "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	PUT("cgroup.events", "populated 1\nfrozen 0\n");
	PUT("cgroup.procs", "\n");
#undef PUT
}

static const struct state_unit *unit(uint32_t i)
{
	return &fakeroot.with.state->unit[i];
}

static void hostile_files_are_unknown_and_no_crash(void **state)
{
	(void)state;
	put_v2(BOT, 1, 0);
	fakeroot_put(BOT "/memory.current", "%s", "");
	fakeroot_put(BOT "/memory.stat", "anon\nshmem -1\n: 5\n\n 3");
	fakeroot_put(BOT "/memory.swap.current", "99999999999999999999999\n");
	fakeroot_put(BOT "/memory.events", "oom_kill\nhigh x\n");
	fakeroot_put(BOT "/memory.pressure", "some avg10=");
	fakeroot_put(BOT "/cgroup.events", "populated");
	fakeroot_put(BOT "/memory.max", "minus one");
	fakeroot_put(BOT "/cgroup.procs", "12x\n-5\n99999999999999\n\n");
	fakeroot_open(bot, 1);
	for (enum reading_unit i = 0; i < UNIT_READINGS; i++)
		assert_unknown(fakeroot_unit(0, i));
	assert_int_equal(unit(0)->status, STATE_UNIT_INACTIVE);
}

static void a_unit_of_v2_is_read(void **state)
{
	(void)state;
	put_v2(BOT, 4096, 3);
	fakeroot_put(
		"/proc/meminfo",
		"MemTotal: 8000 kB\nMemAvailable: 6000 kB\nSwapTotal: 100 kB\nSwapFree: 100 kB\n");
	fakeroot_open(bot, 1);
	assert_known(fakeroot_unit(0, UNIT_MEMORY), 4096);
	assert_known(fakeroot_unit(0, UNIT_ANON), 1230);
	assert_known(fakeroot_unit(0, UNIT_SWAP), 30);
	assert_int_equal(fakeroot_unit(0, UNIT_MEMORY)->total, 8000 * 1024);
	assert_int_equal(fakeroot_unit(0, UNIT_SWAP)->total, 100 * 1024);
	assert_known(fakeroot_unit(0, UNIT_PRESSURE_SOME_AVG10), 1000);
	assert_unknown(fakeroot_unit(0, UNIT_PRESSURE_SOME));
	assert_int_equal(unit(0)->status, STATE_UNIT_RUNNING);
	assert_int_equal(unit(0)->started, 0);
	assert_true(unit(0)->cgroup_id != 0);
	fakeroot_look(2000);
	assert_known(fakeroot_unit(0, UNIT_PRESSURE_SOME), 0);
}

/* Trap 9: a lifetime counter is no state. */
static void events_are_the_growth_of_the_last_minute(void **state)
{
	(void)state;
	put_v2(BOT, 1, 3);
	fakeroot_open(bot, 1);
	assert_known(fakeroot_unit(0, UNIT_EVENTS_OOM_KILL), 0);
	assert_known(fakeroot_unit(0, UNIT_EVENTS_HIGH), 0);
	fakeroot_look(1000);
	put_v2(BOT, 1, 5);
	fakeroot_look(1000);
	assert_known(fakeroot_unit(0, UNIT_EVENTS_OOM_KILL), 2);
	fakeroot_look(58000);
	assert_known(fakeroot_unit(0, UNIT_EVENTS_OOM_KILL), 2);
	fakeroot_look(3000);
	assert_known(fakeroot_unit(0, UNIT_EVENTS_OOM_KILL), 0);
}

/* Trap 8: systemd missed the second OOM kill of a restarted unit. */
static void a_restarted_unit_counts_from_zero_and_its_growth_is_summed(void **state)
{
	uint64_t first;

	(void)state;
	put_v2(BOT, 1, 1);
	fakeroot_open(bot, 1);
	first = unit(0)->cgroup_id;
	fakeroot_look(1000);
	fakeroot_remove(BOT);
	put_v2(BOT ".keep-the-inode", 1, 1);
	put_v2(BOT, 7, 1);
	fakeroot_look(1000);
	assert_true(unit(0)->cgroup_id != first);
	assert_known(fakeroot_unit(0, UNIT_MEMORY), 7);
	assert_known(fakeroot_unit(0, UNIT_EVENTS_OOM_KILL), 1);
	assert_int_equal(unit(0)->status, STATE_UNIT_RUNNING);
	assert_int_equal(unit(0)->started, fakeroot.now);
	assert_int_equal(unit(0)->since, fakeroot.now);
}

/* Trap 12: one that vanishes must not hurt the others. */
static void a_unit_that_vanishes_is_unknown_alone(void **state)
{
	static const struct fakeroot_unit three[] = {{"a", CONFIG_SYSTEMD, "a.service", NULL},
						     {"b", CONFIG_SYSTEMD, "b.service", NULL},
						     {"c", CONFIG_CGROUP, "/c", NULL}};

	(void)state;
	put_v2(V2 "/system.slice/a.service", 1, 0);
	put_v2(V2 "/system.slice/b.service", 2, 0);
	put_v2(V2 "/c", 3, 0);
	fakeroot_open(three, 3);
	fakeroot_look(1000);
	fakeroot_remove(V2 "/system.slice/a.service");
	fakeroot_look(1000);
	assert_unknown(fakeroot_unit(0, UNIT_MEMORY));
	assert_unknown(fakeroot_unit(0, UNIT_EVENTS_OOM_KILL));
	assert_int_equal(unit(0)->status, STATE_UNIT_INACTIVE);
	assert_int_equal(unit(0)->since, fakeroot.now);
	assert_int_equal(unit(0)->cgroup_id, 0);
	assert_known(fakeroot_unit(1, UNIT_MEMORY), 2);
	assert_known(fakeroot_unit(2, UNIT_MEMORY), 3);
}

/* Trap 34: % of a limited unit is of its limit. */
static void percent_is_of_the_tightest_limit_on_the_path(void **state)
{
	(void)state;
	put_v2(V2 "/bots/x", 5, 0);
	fakeroot_put(V2 "/bots/x/memory.max", "max\n");
	fakeroot_put(V2 "/bots/memory.max", "4096\n");
	fakeroot_open(path, 1);
	assert_int_equal(fakeroot_unit(0, UNIT_MEMORY)->total, 4096);
	assert_int_equal(fakeroot_unit(0, UNIT_ANON)->total, 4096);
	fakeroot_put(V2 "/bots/x/memory.max", "1024\n");
	fakeroot_look(30000);
	assert_int_equal(fakeroot_unit(0, UNIT_MEMORY)->total, 1024);
	fakeroot_put(V2 "/bots/x/memory.max", "max\n");
	fakeroot_put(V2 "/bots/memory.max", "%llu\n", 1ULL << 60);
	fakeroot_look(30000);
	assert_int_equal(fakeroot_unit(0, UNIT_MEMORY)->total, (int64_t)8000000 * 1024);
}

static void a_frozen_and_an_empty_unit_are_told_apart(void **state)
{
	(void)state;
	put_v2(BOT, 1, 0);
	fakeroot_put(BOT "/cgroup.events", "populated 1\nfrozen 1\n");
	fakeroot_open(bot, 1);
	assert_int_equal(unit(0)->status, STATE_UNIT_FROZEN);
	fakeroot_put(BOT "/cgroup.events", "populated 0\nfrozen 0\n");
	fakeroot_look(1000);
	assert_int_equal(unit(0)->status, STATE_UNIT_INACTIVE);
}

static void memory_v1_is_read_with_its_own_names(void **state)
{
	(void)state;
	fakeroot_put(V1 "/memory.usage_in_bytes", "9\n");
	fakeroot_put(V1 "/bots/x/memory.usage_in_bytes", "8192\n");
	fakeroot_put(V1 "/bots/x/memory.stat", "rss 1\nshmem 1\nhierarchical_memory_limit 65536\n"
					       "total_rss 100\ntotal_shmem 20\ntotal_swap 3\n");
	fakeroot_put(V1 "/bots/x/memory.oom_control",
		     "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n");
	fakeroot_put(V1 "/bots/x/cgroup.procs", "77\n");
	fakeroot_put("/sys/fs/cgroup/freezer/cgroup.procs", "1\n");
	fakeroot_put("/sys/fs/cgroup/freezer/bots/x/freezer.state", "FROZEN\n");
	fakeroot_put("/sys/fs/cgroup/freezer/bots/x/cgroup.procs", "%s", "");
	fakeroot_open(path, 1);
	assert_int_equal(unit(0)->status,
			 STATE_UNIT_RUNNING); /* none of its processes is in there */
	assert_int_equal(see_unit_dir(fakeroot.see, 0, SEE_DIR_V1_FREEZER), -1);
	fakeroot_put("/sys/fs/cgroup/freezer/bots/x/freezer.state", "THAWED\n");
	fakeroot_put("/sys/fs/cgroup/freezer/bots/x/cgroup.procs", "77\n");
	fakeroot_open(path, 1);
	assert_known(fakeroot_unit(0, UNIT_MEMORY), 8192);
	assert_known(fakeroot_unit(0, UNIT_ANON), 123);
	assert_int_equal(fakeroot_unit(0, UNIT_ANON)->total, 65536);
	assert_known(fakeroot_unit(0, UNIT_EVENTS_OOM_KILL), 0);
	assert_unknown(fakeroot_unit(0, UNIT_EVENTS_HIGH));
	assert_unknown(fakeroot_unit(0, UNIT_PRESSURE_SOME_AVG10));
	assert_int_equal(unit(0)->status, STATE_UNIT_RUNNING);
	assert_int_equal(see_unit_dir(fakeroot.see, 0, SEE_DIR_V2), -1);
	assert_true(see_unit_dir(fakeroot.see, 0, SEE_DIR_V1_FREEZER) >= 0);
	fakeroot_put(V1 "/bots/x/memory.oom_control",
		     "oom_kill_disable 0\nunder_oom 0\noom_kill 6\n");
	fakeroot_put("/sys/fs/cgroup/freezer/bots/x/freezer.state", "FROZEN\n");
	fakeroot_look(1000);
	assert_known(fakeroot_unit(0, UNIT_EVENTS_OOM_KILL), 2);
	assert_int_equal(unit(0)->status, STATE_UNIT_FROZEN);
	fakeroot_put(V1 "/bots/x/cgroup.procs", "%s", "");
	fakeroot_put(V1 "/bots/x/child/cgroup.procs", "5\n");
	fakeroot_look(1000);
	assert_int_equal(unit(0)->status, STATE_UNIT_FROZEN);
	fakeroot_put(V1 "/bots/x/child/cgroup.procs", "%s", "");
	fakeroot_look(1000);
	assert_int_equal(unit(0)->status, STATE_UNIT_INACTIVE);
}

/* Trap 14: the v2 mount of a hybrid host has pressure and kill, and may hold none of the unit's
 * processes. */
static void a_hybrid_host_gives_pressure_and_the_kill_file_where_the_processes_are(void **state)
{
	(void)state;
	fakeroot_put(V1 "/memory.usage_in_bytes", "9\n");
	fakeroot_put(V1 "/bots/x/memory.usage_in_bytes", "8192\n");
	fakeroot_put(V1 "/bots/x/cgroup.procs", "77\n");
	fakeroot_put("/sys/fs/cgroup/unified/cgroup.controllers", "\n");
	fakeroot_put("/sys/fs/cgroup/unified/bots/x/cgroup.events", "populated 0\nfrozen 0\n");
	fakeroot_put(
		"/sys/fs/cgroup/unified/bots/x/memory.pressure",
		"some avg10=2.00 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
	fakeroot_open(path, 1);
	assert_known(fakeroot_unit(0, UNIT_PRESSURE_SOME_AVG10), 2000);
	assert_int_equal(unit(0)->status, STATE_UNIT_RUNNING);
	assert_int_equal(see_unit_dir(fakeroot.see, 0, SEE_DIR_V2), -1);
	fakeroot_put("/sys/fs/cgroup/unified/bots/x/cgroup.events", "populated 1\nfrozen 0\n");
	fakeroot_look(1000);
	assert_true(see_unit_dir(fakeroot.see, 0, SEE_DIR_V2) >= 0);
}

static void without_cgroups_the_units_are_unknown_and_the_host_is_seen(void **state)
{
	(void)state;
	fakeroot_open(bot, 1);
	assert_non_null(strstr(fakeroot.with.state->blind, "cgroup: "));
	assert_unknown(fakeroot_unit(0, UNIT_MEMORY));
	assert_int_equal(unit(0)->status, STATE_UNIT_INACTIVE);
	assert_int_equal(fakeroot_host(HOST_AVAILABLE)->known, STATE_KNOWN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fakeroot_setup, fakeroot_teardown)

#define MIB (INT64_C(1) << 20)

/* One look a second, 10 MiB more of anon at each; from so many on. */
static int64_t grow_unit(int64_t anon, int looks)
{
	for (int s = 0; s < looks; s++) {
		anon += 10 * MIB;
		fakeroot_put(BOT "/memory.stat", "anon %lld\nfile 500000000\nshmem 0\n", (long long)anon);
		fakeroot_put(V1 "/bots/x/memory.stat",
			     "total_rss %lld\ntotal_shmem 0\ntotal_swap 0\n"
			     "hierarchical_memory_limit 1073741824\nhierarchical_memsw_limit 629145600\n",
			     (long long)anon);
		fakeroot_look(1000);
	}
	return anon;
}

static void a_unit_that_grows_comes_to_its_limit_whatever_its_page_cache_does(void **state)
{
	int64_t anon;

	(void)state;
	put_v2(BOT, 1 << 30, 0); /* full of page cache */
	fakeroot_put(BOT "/memory.max", "%lld\n", 1024LL << 20);
	fakeroot_open(bot, 1);
	assert_unknown(fakeroot_unit(0, UNIT_GROWTH));
	assert_unknown(fakeroot_unit(0, UNIT_EXHAUSTED_IN));
	anon = grow_unit(0, 33);
	assert_int_equal(fakeroot_unit(0, UNIT_GROWTH)->known, STATE_KNOWN);
	assert_in_range(fakeroot_unit(0, UNIT_GROWTH)->value, 599 * MIB, 601 * MIB);
	assert_int_equal(fakeroot_unit(0, UNIT_EXHAUSTED_IN)->known, STATE_KNOWN);
	assert_in_range(fakeroot_unit(0, UNIT_EXHAUSTED_IN)->value, (1024 * MIB - anon) / 10 / MIB * 1000 - 500,
			(1024 * MIB - anon) / 10 / MIB * 1000 + 500);
	/* Another one of that name. */
	fakeroot_remove(BOT);
	fakeroot_look(1000);
	assert_unknown(fakeroot_unit(0, UNIT_GROWTH));
	put_v2(BOT, 1 << 30, 0);
	fakeroot_look(1000);
	assert_unknown(fakeroot_unit(0, UNIT_GROWTH));
	for (int s = 0; s < 9; s++)
		fakeroot_look(1000);
	assert_known(fakeroot_unit(0, UNIT_GROWTH), 0);
	assert_int_equal(fakeroot_unit(0, UNIT_EXHAUSTED_IN)->known, STATE_NEVER);
}

static void a_unit_without_a_limit_of_its_own_never_comes_to_it(void **state)
{
	(void)state;
	put_v2(BOT, 1 << 30, 0);
	fakeroot_put(BOT "/memory.max", "max\n");
	fakeroot_open(bot, 1);
	(void)grow_unit(0, 33);
	assert_in_range(fakeroot_unit(0, UNIT_GROWTH)->value, 599 * MIB, 601 * MIB);
	assert_int_equal(fakeroot_unit(0, UNIT_EXHAUSTED_IN)->known, STATE_NEVER);
}

/* 100 MiB of 500 that are free. */
static void swap_that_a_unit_may_use_is_counted(void **state)
{
	int64_t anon;

	(void)state;
	fakeroot_put("/proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 6000000 kB\nSwapTotal: 1024000 kB\n"
				      "SwapFree: 512000 kB\n");
	put_v2(BOT, 1 << 30, 0);
	fakeroot_put(BOT "/memory.max", "%lld\n", 1024LL << 20);
	fakeroot_put(BOT "/memory.swap.max", "%lld\n", 100LL << 20);
	fakeroot_open(bot, 1);
	anon = grow_unit(0, 33);
	assert_in_range(fakeroot_unit(0, UNIT_EXHAUSTED_IN)->value, (1124 * MIB - anon) / 10 / MIB * 1000 - 500,
			(1124 * MIB - anon) / 10 / MIB * 1000 + 500);
	fakeroot_put(BOT "/memory.swap.max", "max\n");
	anon = grow_unit(anon, 31);
	assert_in_range(fakeroot_unit(0, UNIT_EXHAUSTED_IN)->value, (1524 * MIB - anon) / 10 / MIB * 1000 - 500,
			(1524 * MIB - anon) / 10 / MIB * 1000 + 500);
}

static void memory_v1_may_have_a_limit_of_memory_and_swap_together(void **state)
{
	int64_t anon;

	(void)state;
	fakeroot_put(V1 "/memory.usage_in_bytes", "9\n");
	fakeroot_put(V1 "/bots/x/memory.usage_in_bytes", "8192\n");
	fakeroot_put(V1 "/bots/x/cgroup.procs", "77\n");
	fakeroot_put(V1 "/bots/x/memory.stat", "total_rss 0\n");
	fakeroot_open(path, 1);
	anon = grow_unit(0, 33);
	assert_int_equal(fakeroot_unit(0, UNIT_EXHAUSTED_IN)->known, STATE_KNOWN);
	assert_in_range(fakeroot_unit(0, UNIT_EXHAUSTED_IN)->value, (600 * MIB - anon) / 10 / MIB * 1000 - 500,
			(600 * MIB - anon) / 10 / MIB * 1000 + 500);
}

static void the_highest_anon_of_all_its_lives_is_the_peak_of_a_unit(void **state)
{
	const struct state_unit *row; /* 30 bytes are in swap: rounded up to the MiB */

	(void)state;
	put_v2(BOT, 1 << 30, 0);
	fakeroot_open(bot, 1);
	row = &fakeroot.with.state->unit[0];
	assert_int_equal(grow_unit(0, 20), 200 * MIB);
	assert_int_equal(row->peak_bytes, 201 * MIB);
	(void)grow_unit(0, 5);
	assert_int_equal(row->peak_bytes, 201 * MIB);
	fakeroot_remove(BOT);
	fakeroot_look(1000);
	assert_int_equal(row->peak_bytes, 201 * MIB);
	put_v2(BOT, 1 << 30, 0);
	(void)grow_unit(0, 10);
	assert_int_equal(row->peak_bytes, 201 * MIB);
	(void)grow_unit(200 * MIB, 1);
	assert_int_equal(row->peak_bytes, 211 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hostile_files_are_unknown_and_no_crash),
		TEST(a_unit_of_v2_is_read),
		TEST(events_are_the_growth_of_the_last_minute),
		TEST(a_restarted_unit_counts_from_zero_and_its_growth_is_summed),
		TEST(a_unit_that_vanishes_is_unknown_alone),
		TEST(percent_is_of_the_tightest_limit_on_the_path),
		TEST(a_frozen_and_an_empty_unit_are_told_apart),
		TEST(memory_v1_is_read_with_its_own_names),
		TEST(a_hybrid_host_gives_pressure_and_the_kill_file_where_the_processes_are),
		TEST(a_unit_that_grows_comes_to_its_limit_whatever_its_page_cache_does),
		TEST(a_unit_without_a_limit_of_its_own_never_comes_to_it),
		TEST(swap_that_a_unit_may_use_is_counted),
		TEST(the_highest_anon_of_all_its_lives_is_the_peak_of_a_unit),
		TEST(memory_v1_may_have_a_limit_of_memory_and_swap_together),
		TEST(without_cgroups_the_units_are_unknown_and_the_host_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
