/* plugins/snapshot.c through its ABI, over a made-up /proc. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fakeroot.h"
#include "plugin_driver.h"

extern const struct plugin plugin;

static char lines[16][512];
static int count;

static void keep_line(int level, const char *text)
{
	(void)level;
	assert_true(count < 16);
	(void)snprintf(lines[count++], sizeof(lines[0]), "%s", text);
}

static struct plugin_host host;

static int set_up(void **state)
{
	if (fakeroot_setup(state) < 0)
		return -1;
	host = *driver_host();
	host.log = keep_line;
	count = 0;
	return 0;
}

static int tear_down(void **state)
{
	plugin.close();
	return fakeroot_teardown(state);
}

static void put_process(int pid, const char *comm, unsigned mib)
{
	unsigned long kb = mib * 1024ul, pages = kb * 1024 / (unsigned long)sysconf(_SC_PAGESIZE);
	char name[64];

	(void)snprintf(name, sizeof(name), "/proc/%d/statm", pid);
	fakeroot_put(name, "%lu %lu 0 0 0 0 0\n", pages * 2, pages);
	(void)snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	fakeroot_put(name, "%d (%s) S 1 1 1 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 3 0 777 1 %lu\n", pid, comm, pages);
	(void)snprintf(name, sizeof(name), "/proc/%d/status", pid);
	fakeroot_put(name,
		     "Name:\t%s\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t%d\nPid:\t%d\nPPid:\t1\nTracerPid:\t0\n"
		     "Uid:\t1000\t1001\t1002\t1003\nVmPeak:\t%lu kB\nVmRSS:\t  %lu kB\nRssAnon:\t  %lu kB\nVmSwap:\t  40 kB\n"
		     "Threads:\t3\n",
		     comm, pid, pid, kb * 2, kb, kb - 4);
}

static const struct driver_answer *take(void)
{
	struct plugin_request request = {.id = 1, .verb = "snapshot", .target = "", .rule = "", .unit = "", .event = "",
					 .severity = "info", .text = ""};

	assert_int_equal(plugin.open(&host), 0);
	plugin.ask(&request);
	return driver_wait(&plugin, 1, 1000);
}

static void of_the_largest_ten_a_line_each_and_all_in_short(void **state)
{
	const struct driver_answer *answer;

	(void)state;
	for (int i = 0; i < 12; i++)
		put_process(100 + i, i == 5 ? "claude" : "other", i == 5 ? 2048 : 100 + (unsigned)i);
	answer = take();
	assert_int_equal(answer->result, 0);
	assert_memory_equal(answer->text, "claude 105 2.0G, other 111 111M, other 110 110M, ", 49);
	assert_int_equal(count, 10);
	assert_string_equal(lines[0],
			    "snapshot 1 of 10: Pid=105 PPid=1 Uid=1000 VmRSS=2097152 kB RssAnon=2097148 kB VmSwap=40 kB "
			    "Threads=3 State=S (sleeping) Name=claude");
	assert_memory_equal(lines[9], "snapshot 10 of 10: Pid=102 ", 27);
}

static void hostile_names_stay_in_their_place(void **state)
{
	const struct driver_answer *answer;

	(void)state;
	put_process(7, "a\nVmRSS: 1 kB\x1b", 300);
	put_process(8, "%s%n) R 1", 200);
	answer = take();
	assert_string_equal(answer->text, "a\\x0aVmRSS: 1 kB\\x1b 7 300M, %s%n) R 1 8 200M");
	assert_int_equal(count, 2);
	assert_non_null(strstr(lines[1], " State=S (sleeping) Name=%s%n) R 1"));
}

static void what_does_not_fit_is_left_out_whole(void **state)
{
	const struct driver_answer *answer;

	(void)state;
	for (int i = 0; i < 10; i++)
		put_process(4194000 + i, "fifteen\x01\x02\x03\x04\x05\x06\x07\x08", 5000 + (unsigned)i);
	answer = take();
	assert_true(strlen(answer->text) < 256);
	assert_string_equal(answer->text + strlen(answer->text) - 4, "4.9G");
	assert_int_equal(count, 10);
}

static void a_process_that_has_ended_meanwhile_has_no_line(void **state)
{
	(void)state;
	put_process(7, "claude", 300);
	put_process(8, "gone", 200);
	fakeroot_remove("/proc/8/status");
	assert_string_equal(take()->text, "claude 7 300M, gone 8 200M");
	assert_int_equal(count, 1);
}

static void without_processes_it_is_not_done(void **state)
{
	(void)state;
	assert_int_equal(take()->result, -ENODATA);
	assert_int_equal(count, 0);
}

static void what_it_cannot_do_is_refused(void **state)
{
	struct plugin_request request = {.id = 5, .verb = "stop", .target = ""};

	(void)state;
	assert_int_equal(plugin.open(&host), 0);
	plugin.ask(&request);
	assert_int_equal(driver_wait(&plugin, 5, 1000)->result, -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_the_largest_ten_a_line_each_and_all_in_short),
		TEST(hostile_names_stay_in_their_place),
		TEST(what_does_not_fit_is_left_out_whole),
		TEST(a_process_that_has_ended_meanwhile_has_no_line),
		TEST(without_processes_it_is_not_done),
		TEST(what_it_cannot_do_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
