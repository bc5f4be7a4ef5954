/* report_processes: the largest processes of a made-up host, and of this one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/root.h"
#include "deliver/report_processes.h"
#include "fakeroot.h"
#include "make_config.h"

static void test_process(int pid, const char *comm, unsigned pages)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	fakeroot_put(path, "900000 %u 100 1 0 1 0\n", pages);
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fakeroot_put(path, "%d (%s) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 1 5000 0 0\n", pid, comm);
}

static int test_begin(void **state)
{
	return fakeroot_setup(state);
}

static int test_end(void **state)
{
	report_processes_close();
	return fakeroot_teardown(state);
}

static void the_largest_come_first(void **state)
{
	struct report_process rows[3];
	bool all;

	(void)state;
	for (int i = 1; i <= 9; i++)
		test_process(i, i == 5 ? "five" : "other", (unsigned)(i == 5 ? 900 : 100 * i % 700));
	test_process(20, "kthreadd", 0);
	fakeroot_put("/proc/meminfo", "x");
	fakeroot_put("/proc/tty/statm", "1 99999 1\n");
	fakeroot_put("/proc/12x/statm", "1 99999 1\n");
	fakeroot_put("/proc/99999999999/statm", "1 99999 1\n");
	assert_int_equal(report_processes_open(), 0);
	assert_int_equal(report_processes_largest(rows, 3, &all), 3);
	assert_true(all);
	assert_int_equal(rows[0].pid, 5);
	assert_string_equal(rows[0].comm, "five");
	assert_int_equal(rows[0].rss_bytes, 900 * (uint64_t)sysconf(_SC_PAGESIZE));
	assert_int_equal(rows[1].pid, 6);
	assert_int_equal(rows[2].rss_bytes, 400 * (uint64_t)sysconf(_SC_PAGESIZE));
	assert_int_equal(report_processes_largest(rows, 3, &all), 3); /* from the start again */
	assert_int_equal(rows[0].pid, 5);
}

static void a_process_that_ends_meanwhile_or_makes_no_sense_is_passed_over(void **state)
{
	struct report_process rows[5];
	bool all;

	(void)state;
	test_process(1, "init", 10);
	test_process(2, "gone", 500);
	fakeroot_remove("/proc/2/stat");
	fakeroot_put("/proc/3/statm", "%s", "");
	fakeroot_put("/proc/4/statm", "12");
	fakeroot_put("/proc/5/statm", "-1 -1");
	fakeroot_put("/proc/6/statm", "99999999999999999999999 1");
	fakeroot_put("/proc/7/statm", "1 700\n");
	fakeroot_put("/proc/7/stat", "nonsense (");
	assert_int_equal(report_processes_open(), 0);
	assert_int_equal(report_processes_largest(rows, 5, &all), 1);
	assert_int_equal(rows[0].pid, 1);
}

static void a_name_may_hold_parentheses_and_be_empty(void **state)
{
	struct report_process rows[5];
	bool all;

	(void)state;
	test_process(1, ") R 1 (x) S 9", 300);
	test_process(2, "", 200);
	test_process(3, "a\nb", 100);
	assert_int_equal(report_processes_open(), 0);
	assert_int_equal(report_processes_largest(rows, 5, &all), 3);
	assert_string_equal(rows[0].comm, ") R 1 (x) S 9");
	assert_string_equal(rows[1].comm, "");
	assert_string_equal(rows[2].comm, "a\nb");
}

static void without_proc_there_are_none(void **state)
{
	struct report_process rows[5];
	bool all;

	(void)state;
	assert_int_equal(report_processes_largest(rows, 5, &all), 0);
	root_set("/nowhere");
	assert_true(report_processes_open() < 0);
	assert_int_equal(report_processes_largest(rows, 5, &all), 0);
	assert_null(report_process_unit(NULL, 1));
}

static struct config *test_config(void)
{
	static const struct {
		const char *name, *target;
		enum config_unit_kind kind;
		uint32_t uid;
	} units[] = {
		{"nodira", "nodira.service", CONFIG_SYSTEMD, CONFIG_NONE},
		{"mine", "bot.service", CONFIG_SYSTEMD, 1000},
		{"xtts", "/bots/xtts", CONFIG_CGROUP, CONFIG_NONE},
		{"match", "xtts_server", CONFIG_MATCH, CONFIG_NONE},
	};
	struct config *config;

	make_begin();
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		make_unit(units[i].name, CONFIG_NONE);
	config = make_done();
	for (uint32_t i = 0; i < ARRAY_LEN(units); i++) {
		struct config_unit *unit = (struct config_unit *)(uintptr_t)config_unit_at(config, i);

		unit->kind = units[i].kind;
		unit->target = config->size;
		strcpy((char *)config + config->size, units[i].target);
		config->size += 64;
		unit->uid = units[i].uid;
		unit->user = units[i].uid != CONFIG_NONE ? unit->target : 0;
	}
	return config;
}

static void a_process_belongs_to_the_unit_whose_cgroup_it_is_in(void **state)
{
	static const struct {
		const char *cgroup, *unit;
	} rows[] = {
		{"0::/system.slice/nodira.service\n", "nodira"},
		{"0::/system.slice/nodira.service/inner\n", "nodira"},
		{"0::/system.slice/xnodira.service\n", NULL},
		{"0::/system.slice/nodira.servicex\n", NULL},
		{"0::/user.slice/user-1000.slice/user@1000.service/app.slice/nodira.service\n", NULL},
		{"0::/user.slice/user-1000.slice/user@1000.service/app.slice/bot.service\n", "mine"},
		{"0::/user.slice/user-1001.slice/user@1001.service/app.slice/bot.service\n", NULL},
		{"0::/system.slice/bot.service\n", NULL},
		{"0::/bots/xtts\n", "xtts"},
		{"0::/bots/xtts/a\n", "xtts"},
		{"0::/bots/xtts2\n", NULL},
		{"0::/other/bots/xtts\n", NULL},
		{"12:cpu:/x0::/bots/xtts\n0::/\n", NULL},
		{"12:memory:/bots/xtts\n1:name=systemd:/system.slice/nodira.service\n0::/\n", "xtts"},
		{"0::/xtts_server\n", NULL},
		{"", NULL},
		{"0:", NULL},
		{"\n\n::\n", NULL},
	};
	struct config *config = test_config();

	(void)state;
	assert_int_equal(report_processes_open(), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct config_unit *unit;

		fakeroot_put("/proc/7/cgroup", "%s", rows[i].cgroup);
		unit = report_process_unit(config, 7);
		if (rows[i].unit == NULL)
			assert_null(unit);
		else
			assert_string_equal(unit != NULL ? unit->name : "(none)", rows[i].unit);
	}
	assert_null(report_process_unit(config, 8));
	free(config);
}

static void more_processes_than_the_bound_are_told(void **state)
{
	struct report_process rows[1];
	bool all;

	(void)state;
	for (int i = 1; i <= REPORT_PROCESSES_LOOKED_MAX; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/proc/%d/statm", i);
		fakeroot_put(path, "1 0\n");
	}
	assert_int_equal(report_processes_open(), 0);
	assert_int_equal(report_processes_largest(rows, 1, &all), 0);
	assert_true(all);
	fakeroot_put("/proc/9999/statm", "1 0\n");
	assert_int_equal(report_processes_largest(rows, 1, &all), 0);
	assert_false(all);
}

static void on_this_host_who_holds_much_is_found(void **state)
{
	enum { HELD = 64 << 20 };
	struct report_process rows[5];
	char *held = malloc(HELD);
	bool all;
	size_t n;

	(void)state;
	root_set("");
	assert_non_null(held);
	memset(held, 1, HELD);
	assert_int_equal(report_processes_open(), 0);
	n = report_processes_largest(rows, 5, &all);
	assert_true(n > 0);
	assert_true(rows[0].rss_bytes >= HELD || !all);
	for (size_t i = 1; i < n; i++)
		assert_true(rows[i].rss_bytes <= rows[i - 1].rss_bytes);
	free(held);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_largest_come_first),
		CASE(a_process_that_ends_meanwhile_or_makes_no_sense_is_passed_over),
		CASE(a_name_may_hold_parentheses_and_be_empty),
		CASE(without_proc_there_are_none),
		CASE(a_process_belongs_to_the_unit_whose_cgroup_it_is_in),
		CASE(more_processes_than_the_bound_are_told),
		CASE(on_this_host_who_holds_much_is_found),
	};

	return cmocka_run_group_tests_name("report_processes", tests, NULL, NULL);
}
