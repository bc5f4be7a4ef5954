#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fakeroot.h"

#define KMSG  "/dev/kmsg"
#define BEGIN "6,1,1,-;begin\n"
#define KILLED                                                                                     \
	"3,%u,9000002,-;Memory cgroup out of memory: Killed process %u (claude) total-vm:1kB, "    \
	"anon-rss:2048kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0\n"
#define AT(memcg)                                                                                      \
	"6,%u,9000001,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0," \
	"oom_memcg=/bots,task_memcg=" memcg ",task=claude,pid=%u,uid=0\n"
#define CGROUP "/sys/fs/cgroup"

static const struct fakeroot_unit nested[] = {
	{"bots", CONFIG_CGROUP, "/bots", NULL},
	{"x", CONFIG_CGROUP, "/bots/x", NULL},
	{"other", CONFIG_CGROUP, "/other", NULL},
};

static void put_unit(const char *path, unsigned oom_kill, unsigned pid)
{
	char name[256];

	(void)snprintf(name, sizeof(name), CGROUP "%s/memory.events", path);
	fakeroot_put(name, "low 0\nhigh 0\nmax 0\noom 0\noom_kill %u\n", oom_kill);
	(void)snprintf(name, sizeof(name), CGROUP "%s/cgroup.events", path);
	fakeroot_put(name, "populated 1\nfrozen 0\n");
	(void)snprintf(name, sizeof(name), CGROUP "%s/cgroup.procs", path);
	fakeroot_put(name, "%u\n", pid);
}

static int setup(void **state)
{
	if (fakeroot_setup(state) != 0)
		return -1;
	fakeroot_put(CGROUP "/cgroup.controllers", "memory\n");
	put_unit("/bots", 10, 1);
	put_unit("/bots/x", 5, 500);
	put_unit("/other", 0, 700);
	fakeroot_put(KMSG, BEGIN);
	return 0;
}

static uint32_t told(void)
{
	return fakeroot.with.events->count;
}

static const struct event *event(uint32_t i)
{
	return &fakeroot.with.events->event[i];
}

static void the_deepest_path_that_holds_the_victims_is_the_unit(void **state)
{
	(void)state;
	fakeroot_open(nested, 3);
	fakeroot_put(KMSG, BEGIN AT("/bots/x/below") KILLED, 2, 9, 3, 9);
	fakeroot_look(1000);
	assert_int_equal(told(), 1);
	assert_int_equal(event(0)->unit, 1);
}

static void a_path_that_only_begins_alike_is_another(void **state)
{
	(void)state;
	fakeroot_open(nested, 3);
	fakeroot_put(KMSG, BEGIN AT("/bots/xy") KILLED, 2, 9, 3, 9);
	fakeroot_look(1000);
	assert_int_equal(told(), 1);
	assert_int_equal(event(0)->unit, 0);
}

/* The header lines are rate-limited; "Killed process" always comes. */
static void without_a_path_the_table_of_pids_tells(void **state)
{
	(void)state;
	fakeroot_open(nested, 3);
	fakeroot_put(KMSG, BEGIN KILLED, 2, 700);
	fakeroot_look(1000);
	assert_int_equal(told(), 1);
	assert_int_equal(event(0)->unit, 2);
}

static void without_either_the_unit_whose_counter_rose_is_the_deepest(void **state)
{
	(void)state;
	fakeroot_open(nested, 3);
	fakeroot_put(KMSG, BEGIN KILLED, 2, 12345);
	fakeroot_look(100);
	assert_int_equal(told(), 0);
	assert_true(see_next_ms(fakeroot.see, fakeroot.now) <= 100);
	put_unit("/bots", 11, 1);
	put_unit("/bots/x", 6, 500);
	fakeroot_look(100);
	assert_int_equal(told(), 1);
	assert_int_equal(event(0)->unit, 1);
	/* One death, one event: what rose above it is explained as well. */
	fakeroot_look(1500);
	assert_int_equal(told(), 0);
	fakeroot_look(5000);
	assert_int_equal(told(), 0);
}

static void a_kill_that_nothing_explains_is_of_no_watched_unit_after_a_second(void **state)
{
	(void)state;
	fakeroot_open(nested, 3);
	fakeroot_put(KMSG, BEGIN KILLED, 2, 12345);
	fakeroot_look(500);
	fakeroot_look(900);
	assert_int_equal(told(), 0);
	fakeroot_look(100);
	assert_int_equal(told(), 1);
	assert_true(event(0)->unit == CONFIG_NONE);
	assert_memory_equal(event(0)->title, "claude killed by the OOM killer", 31);
}

static void a_rise_that_a_kill_explains_makes_no_second_event(void **state)
{
	(void)state;
	fakeroot_open(nested, 3);
	fakeroot_put(KMSG, BEGIN AT("/bots/x") KILLED, 2, 9, 3, 9);
	put_unit("/bots", 11, 1);
	put_unit("/bots/x", 6, 500);
	fakeroot_look(1000);
	assert_int_equal(told(), 1);
	fakeroot_look(2000);
	assert_int_equal(told(), 0);
	assert_int_equal(fakeroot.with.state->unit[1].oom_kills, 1);
}

static void a_rise_that_no_record_explains_is_told_after_a_second(void **state)
{
	(void)state;
	fakeroot_open(nested, 3);
	put_unit("/bots", 12, 1);
	put_unit("/bots/x", 7, 500);
	fakeroot_look(500);
	assert_int_equal(told(), 0);
	fakeroot_look(1000);
	assert_int_equal(told(), 1);
	assert_int_equal(event(0)->unit, 1);
	assert_non_null(strstr(event(0)->text, "killed 2 processes of cgroup /bots/x"));
	assert_string_equal(event(0)->title, "2 processes killed by the OOM killer");
	fakeroot_look(2000);
	assert_int_equal(told(), 0);
	assert_int_equal(fakeroot.with.state->unit[1].oom_kills, 2);
}

static void without_the_log_a_rise_is_told_at_once(void **state)
{
	(void)state;
	fakeroot_remove(KMSG);
	fakeroot_open(nested, 3);
	put_unit("/other", 1, 700);
	fakeroot_look(100);
	assert_int_equal(told(), 1);
	assert_int_equal(event(0)->unit, 2);
	fakeroot_look(100);
	assert_int_equal(told(), 0);
}

/* Its cgroup is gone before the counter is read (trap 11): a later kill must not be swallowed for
 * it. */
static void a_kill_whose_counter_was_never_seen_hides_no_later_one(void **state)
{
	(void)state;
	fakeroot_open(nested, 3);
	fakeroot_put(KMSG, BEGIN AT("/bots/x") KILLED, 2, 9, 3, 9);
	fakeroot_look(1000);
	assert_int_equal(told(), 1);
	for (int i = 0; i < 5; i++)
		fakeroot_look(1000);
	put_unit("/bots/x", 6, 500);
	fakeroot_look(1000);
	fakeroot_look(1000);
	assert_int_equal(told(), 1);
	assert_int_equal(event(0)->unit, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fakeroot_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_deepest_path_that_holds_the_victims_is_the_unit),
		TEST(a_path_that_only_begins_alike_is_another),
		TEST(without_a_path_the_table_of_pids_tells),
		TEST(without_either_the_unit_whose_counter_rose_is_the_deepest),
		TEST(a_kill_that_nothing_explains_is_of_no_watched_unit_after_a_second),
		TEST(a_rise_that_a_kill_explains_makes_no_second_event),
		TEST(a_rise_that_no_record_explains_is_told_after_a_second),
		TEST(without_the_log_a_rise_is_told_at_once),
		TEST(a_kill_whose_counter_was_never_seen_hides_no_later_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
