/* see/oomrecord.h: lines in, kills out. The rows here are of our own making; whole logs are under
 * test/data/oomrecord, run by test_explain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "see/oomrecord.h"

static struct oomrecord_parser parser;
static struct oomrecord record;

static enum oomrecord_result feed_at(const char *text, uint64_t at_us)
{
	struct oomrecord_line line = {.text = text, .len = strlen(text), .at_us = at_us};

	return oomrecord_feed(&parser, &line, &record);
}

static enum oomrecord_result feed(const char *text)
{
	return feed_at(text, 0);
}

static enum oomrecord_result feed_kmsg(const char *text, bool continues)
{
	struct oomrecord_line line = {
		.text = text, .len = strlen(text), .escaped = true, .continues = continues};

	return oomrecord_feed(&parser, &line, &record);
}

static int begin(void **state)
{
	(void)state;
	oomrecord_init(&parser);
	return 0;
}

static void the_three_lines_of_the_post_mortem_are_three_kills(void **state)
{
	static const struct {
		const char *text;
		int32_t pid;
		uint64_t total_vm_kb, anon_rss_kb;
	} rows[] = {
		{"Out of memory: Killed process 21285 (claude) total-vm:85525212kB, "
		 "anon-rss:5366112kB",
		 21285, 85525212, 5366112},
		{"Out of memory: Killed process 21666 (claude) total-vm:82271660kB, "
		 "anon-rss:2737224kB",
		 21666, 82271660, 2737224},
		{"Out of memory: Killed process 21761 (claude) total-vm:85433696kB, "
		 "anon-rss:5329092kB",
		 21761, 85433696, 5329092},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(feed(rows[i].text), OOMRECORD_KILL);
		assert_int_equal(record.pid, rows[i].pid);
		assert_string_equal(record.comm, "claude");
		assert_int_equal(record.total_vm_kb, rows[i].total_vm_kb);
		assert_int_equal(record.anon_rss_kb, rows[i].anon_rss_kb);
		assert_int_equal(record.scope, OOMRECORD_SCOPE_HOST);
		assert_int_equal(record.known,
				 OOMRECORD_COMM | OOMRECORD_TOTAL_VM | OOMRECORD_ANON_RSS);
		assert_int_equal(oomrecord_rss_kb(&record), rows[i].anon_rss_kb);
	}
}

static void a_name_cannot_pass_for_another_kill(void **state)
{
	static const struct {
		const char *text, *comm;
	} rows[] = {
		{"Out of memory: Killed process 9 (a) R 1,pid=7) total-vm:1kB", "a) R 1,pid=7"},
		{"Out of memory: Killed process 9 () total-vm:9kB) total-vm:1kB", ") total-vm:9kB"},
		{"Out of memory: Killed process 9 ((sd-pam)) total-vm:1kB", "(sd-pam)"},
		{"Out of memory: Killed process 9 () total-vm:1kB", ""},
		{"Out of memory: Killed process 9 (:,\"'{}[]) total-vm:1kB", ":,\"'{}[]"},
		{"Out of memory: Killed process 9 (Killed process ) total-vm:1kB",
		 "Killed process "},
		{"Killed process 9, UID 3, (), UID 8, (x) total-vm:1kB", "), UID 8, (x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(feed(rows[i].text), OOMRECORD_KILL);
		assert_int_equal(record.pid, 9);
		assert_string_equal(record.comm, rows[i].comm);
		assert_int_equal(record.total_vm_kb, 1);
	}
}

static void a_line_that_is_no_kill_is_none(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"Kill process 9 (x) sharing same memory",
		"Out of memory: Kill process 9 (x) score 1 or sacrifice child",
		"Out of memory: OOM victim 9 (x) is already exiting. Skip killing the task",
		"Out of memory and no killable processes...",
		"Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled",
		"ODEBUG: Out of memory. ODEBUG disabled",
		"skilled processors",
		"oom_kill_process+0x1/0x2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(feed(rows[i]), OOMRECORD_NOTHING);
}

static void what_looks_like_a_kill_and_is_not_understood_is_unknown(void **state)
{
	static const char *const rows[] = {
		"Killed process 9",
		"Killed process 9 (x)",
		"Killed process nine (x) total-vm:1kB",
		"Out of memory: Killed process",
		"Out of memory: Killed process -1 (x) total-vm:1kB",
		"Out of memory: Killed process 2147483648 (x) total-vm:1kB",
		"Out of memory: Killed process 09 (x) total-vm:1kB",
		"agent: Out of memory: Killed process 9 (x) total-vm:1kB",
		"x invoked oom-killer",
		" invoked oom-killer: gfp_mask=0x1, order=0",
		"a name of sixteen invoked oom-killer: gfp_mask=0x1, order=0",
		"x invoked oom-killer: gfp_mask=0x1(GFP_KERNEL, order=0",
		"oom-kill:new=1",
		"oom_reaper: reaped process x (y)",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum oomrecord_result want = i == 3 ? OOMRECORD_NOTHING : OOMRECORD_UNKNOWN;

		oomrecord_init(&parser);
		assert_int_equal(feed(rows[i]), want);
		assert_int_equal(record.pid, 0);
	}
}

static void a_number_that_is_cut_or_too_large_is_left_out(void **state)
{
	(void)state;
	assert_int_equal(feed("Out of memory: Killed process 9 (x) total-vm:12kB, anon-rss:3"),
			 OOMRECORD_KILL);
	assert_int_equal(record.known, OOMRECORD_COMM | OOMRECORD_TOTAL_VM);
	assert_int_equal(
		feed("Out of memory: Killed process 9 (x) total-vm:99999999999999999999kB, "
		     "anon-rss:00kB, UID:-1 oom_score_adj:1001"),
		OOMRECORD_KILL);
	assert_int_equal(record.known, OOMRECORD_COMM);
}

static void a_name_or_path_of_the_longest_size_is_kept_and_a_longer_is_not(void **state)
{
	char text[2048], path[1100];

	(void)state;
	for (size_t n = OOMRECORD_PATH_SIZE - 1; n <= OOMRECORD_PATH_SIZE; n++) {
		memset(path, 'p', n);
		path[0] = '/';
		path[n] = '\0';
		strcpy(text, "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),global_oom,"
			     "task_memcg=");
		strcat(text, path);
		strcat(text, ",task=x,pid=9,uid=0");
		assert_int_equal(feed(text), OOMRECORD_NOTHING);
		assert_int_equal(feed("Out of memory: Killed process 9 (x) total-vm:1kB"),
				 OOMRECORD_KILL);
		assert_int_equal((record.known & OOMRECORD_TASK_MEMCG) != 0,
				 n < OOMRECORD_PATH_SIZE);
		assert_int_equal((record.known & OOMRECORD_CONSTRAINT) != 0, 1);
	}
}

static void the_fields_of_an_oom_kill_line_are_for_its_own_pid_only(void **state)
{
	(void)state;
	feed("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
	     "oom_memcg=/a,task_memcg=/a/b,task=x,pid=8,uid=5");
	assert_int_equal(feed("Memory cgroup out of memory: Killed process 9 (x) total-vm:1kB"),
			 OOMRECORD_KILL);
	assert_int_equal(record.known, OOMRECORD_COMM | OOMRECORD_TOTAL_VM);
	assert_int_equal(record.scope, OOMRECORD_SCOPE_CGROUP);
}

static void a_header_is_used_up_by_the_first_kill_after_it(void **state)
{
	(void)state;
	feed("x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=3, oom_score_adj=0");
	feed("CPU: 3 UID: 0 PID: 12 Comm: x Not tainted 6.12.0 #1");
	feed("[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes "
	     "swapents oom_score_adj name");
	feed("[     12]     0    12      100       40       30        5         5    50000        "
	     "0             0 x");
	feed("[     13]     0    13      200       70       30        5         5    50000        "
	     "0          -100  two words");
	assert_int_equal(feed("Out of memory: Killed process 9 (y) total-vm:1kB"), OOMRECORD_KILL);
	assert_string_equal(record.trigger.comm, "x");
	assert_string_equal(record.trigger.gfp, "0xcc0(GFP_KERNEL)");
	assert_int_equal(record.trigger.order, 3);
	assert_int_equal(record.trigger.pid, 12);
	assert_int_equal(record.tasks_n, 2);
	assert_string_equal(record.tasks[0].comm, " two words");
	assert_int_equal(record.tasks[0].rss_pages, 70);
	assert_int_equal(record.tasks[0].total_vm_pages, 200);
	assert_int_equal(feed("Out of memory: Killed process 10 (y) total-vm:1kB"), OOMRECORD_KILL);
	assert_int_equal(record.known & OOMRECORD_TRIGGER, 0);
	assert_int_equal(record.tasks_n, 0);
}

static void a_header_of_another_time_or_boot_is_not_attached(void **state)
{
	static const uint64_t kill_at_us[] = {1000000 + 61 * 1000000, 1};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint64_t at = i == 0 ? 1000000 : 5000000;

		oomrecord_init(&parser);
		feed_at("x invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0", at);
		feed_at("usb 1-1: new device", at + 30 * 1000000);
		assert_int_equal(
			feed_at("Out of memory: Killed process 9 (y) total-vm:1kB", kill_at_us[i]),
			OOMRECORD_KILL);
		assert_int_equal(record.known & OOMRECORD_TRIGGER, 0);
	}
}

static void the_largest_tasks_are_kept_in_order(void **state)
{
	static const char *const rows[] = {"10", "70", "20", "60", "30", "50", "40", "65"};
	static const uint64_t want[] = {70, 65, 60, 50, 40};

	(void)state;
	feed("[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[128] = "[    5]  1000     5      900       ";

		strcat(text, rows[i]);
		strcat(text, "       3        0             0 t");
		assert_int_equal(feed(text), OOMRECORD_NOTHING);
	}
	assert_int_equal(feed("Out of memory: Killed process 9 (y) total-vm:1kB"), OOMRECORD_KILL);
	assert_int_equal(record.tasks_n, OOMRECORD_TASKS);
	for (size_t i = 0; i < OOMRECORD_TASKS; i++)
		assert_int_equal(record.tasks[i].rss_pages, want[i]);
}

static void a_group_is_told_and_its_chosen_one_only_once(void **state)
{
	(void)state;
	assert_int_equal(feed("Memory cgroup out of memory: Killed process 9 (y) total-vm:1kB"),
			 OOMRECORD_KILL);
	assert_false(record.group);
	assert_int_equal(feed("Tasks in /g are going to be killed due to memory.oom.group set"),
			 OOMRECORD_GROUP);
	assert_int_equal(record.pid, 9);
	assert_string_equal(record.group_memcg, "/g");
	assert_int_equal(feed("Memory cgroup out of memory: Killed process 10 (z) total-vm:1kB"),
			 OOMRECORD_KILL);
	assert_true(record.group);
	assert_string_equal(record.group_memcg, "/g");
	assert_int_equal(feed("Memory cgroup out of memory: Killed process 9 (y) total-vm:1kB"),
			 OOMRECORD_NOTHING);
	feed("q invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0");
	assert_int_equal(feed("Memory cgroup out of memory: Killed process 11 (q) total-vm:1kB"),
			 OOMRECORD_KILL);
	assert_false(record.group);
}

static void escapes_of_kmsg_are_undone_and_others_are_not(void **state)
{
	(void)state;
	assert_int_equal(feed_kmsg("Out of memory: Killed process 9 (\\x0a\\xc3\\xa9\\x5c) "
				   "total-vm:1kB",
				   false),
			 OOMRECORD_KILL);
	assert_string_equal(record.comm, "\n\xc3\xa9\\");
	assert_int_equal(feed("Out of memory: Killed process 9 (\\x0a) total-vm:1kB"),
			 OOMRECORD_KILL);
	assert_string_equal(record.comm, "\\x0a");
	/* A NUL cannot be in a name. */
	assert_int_equal(feed_kmsg("Out of memory: Killed process 9 (a\\x00b) total-vm:1kB", false),
			 OOMRECORD_KILL);
	assert_int_equal(record.known & OOMRECORD_COMM, 0);
}

static void pieces_of_an_oom_kill_line_are_joined_and_others_are_not(void **state)
{
	(void)state;
	feed_kmsg("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=", false);
	feed_kmsg("a b.scope", true);
	feed_kmsg(",mems_allowed=0,oom_memcg=", true);
	feed_kmsg("usb 1-1: new device", false);
	feed_kmsg(" 17", true);
	feed_kmsg("/a", true);
	feed_kmsg(",task_memcg=", true);
	feed_kmsg("/a/b", true);
	feed_kmsg(",task=x,pid=9,uid=0", true);
	assert_int_equal(
		feed_kmsg("Memory cgroup out of memory: Killed process 9 (x) total-vm:1kB", false),
		OOMRECORD_KILL);
	assert_string_equal(record.cpuset, "a b.scope");
	assert_string_equal(record.oom_memcg, "/a");
	assert_string_equal(record.task_memcg, "/a/b");
}

static void a_line_of_any_length_is_taken(void **state)
{
	static char text[100000];

	(void)state;
	memset(text, '\\', sizeof(text));
	for (int escaped = 0; escaped < 2; escaped++) {
		struct oomrecord_line line = {
			.text = text, .len = sizeof(text), .escaped = escaped, .continues = true};

		memcpy(text, "oom-kill:constraint=", 20);
		assert_int_equal(oomrecord_feed(&parser, &line, &record), OOMRECORD_NOTHING);
		assert_int_equal(feed("Out of memory: Killed process 9 (x) total-vm:1kB"),
				 OOMRECORD_KILL);
		assert_int_equal(record.known, OOMRECORD_COMM | OOMRECORD_TOTAL_VM);
	}
}

static void the_reaper_says_whether_memory_came_back(void **state)
{
	(void)state;
	assert_int_equal(feed("oom_reaper: reaped process 9 (a) (b), now anon-rss:0kB, "
			      "file-rss:0kB, shmem-rss:0kB"),
			 OOMRECORD_REAPED);
	assert_true(record.reaped);
	assert_int_equal(record.pid, 9);
	assert_string_equal(record.comm, "a) (b");
	assert_int_equal(feed("oom_reaper: unable to reap pid:9 (x)"), OOMRECORD_REAPED);
	assert_false(record.reaped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_three_lines_of_the_post_mortem_are_three_kills, begin),
		cmocka_unit_test_setup(a_name_cannot_pass_for_another_kill, begin),
		cmocka_unit_test_setup(a_line_that_is_no_kill_is_none, begin),
		cmocka_unit_test_setup(what_looks_like_a_kill_and_is_not_understood_is_unknown,
				       begin),
		cmocka_unit_test_setup(a_number_that_is_cut_or_too_large_is_left_out, begin),
		cmocka_unit_test_setup(
			a_name_or_path_of_the_longest_size_is_kept_and_a_longer_is_not, begin),
		cmocka_unit_test_setup(the_fields_of_an_oom_kill_line_are_for_its_own_pid_only,
				       begin),
		cmocka_unit_test_setup(a_header_is_used_up_by_the_first_kill_after_it, begin),
		cmocka_unit_test_setup(a_header_of_another_time_or_boot_is_not_attached, begin),
		cmocka_unit_test_setup(the_largest_tasks_are_kept_in_order, begin),
		cmocka_unit_test_setup(a_group_is_told_and_its_chosen_one_only_once, begin),
		cmocka_unit_test_setup(escapes_of_kmsg_are_undone_and_others_are_not, begin),
		cmocka_unit_test_setup(pieces_of_an_oom_kill_line_are_joined_and_others_are_not,
				       begin),
		cmocka_unit_test_setup(a_line_of_any_length_is_taken, begin),
		cmocka_unit_test_setup(the_reaper_says_whether_memory_came_back, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
