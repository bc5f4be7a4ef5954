#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "fakeroot.h"
#include "see/match.h"
#include "see/procfs.h"

#define V2 "/sys/fs/cgroup"

static const struct fakeroot_unit bot[] = {{"bot", CONFIG_SYSTEMD, "bot.service", NULL}};
static const struct fakeroot_unit matched[] = {{"xtts", CONFIG_MATCH, "xtts_server", NULL},
					       {"nodira", CONFIG_MATCH, "claudir nodira", NULL}};

static const struct state_unit *unit(uint32_t i)
{
	return &fakeroot.with.state->unit[i];
}

static void put_cgroup(const char *path, unsigned current)
{
	char name[512];

	fakeroot_put(V2 "/cgroup.controllers", "memory\n");
	(void)snprintf(name, sizeof(name), V2 "%s/memory.current", path);
	fakeroot_put(name, "%u\n", current);
	(void)snprintf(name, sizeof(name), V2 "%s/cgroup.events", path);
	fakeroot_put(name, "populated 1\nfrozen 0\n");
}

/* A process: cmdline with '|' for each NUL. */
struct made_process {
	int pid, parent;
	const char *comm;
	char state;
	unsigned threads, start;
	const char *cmdline;
};

static void put_process(const struct made_process *p)
{
	char path[64], text[256];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", p->pid);
	fakeroot_put(path, "%d (%s) %c %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 %u 0 %u 1000 25 0\n",
		     p->pid, p->comm, p->state, p->parent, p->threads, p->start);
	(void)snprintf(path, sizeof(path), "/proc/%d/status", p->pid);
	fakeroot_put(
		path,
		"Name:\tx\nVmSwap:\t       2 kB\nRssAnon:\t     100 kB\nRssShmem:\t      10 kB\n");
	(void)snprintf(text, sizeof(text), "%s/proc/%d/cmdline", fakeroot.dir, p->pid);
	file = fopen(text, "w");
	for (const char *c = p->cmdline; *c != '\0'; c++)
		(void)fputc(*c == '|' ? '\0' : *c, file);
	(void)fclose(file);
}

static void put_link(int pid, const char *name, const char *to)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/proc/%d/%s", fakeroot.dir, pid, name);
	assert_int_equal(symlink(to, path), 0);
}

/* --- systemd units -------------------------------------------------------------------------------
 */

static void a_unit_is_found_below_slices_and_user_managers_alone(void **state)
{
	static const struct {
		const char *path;
		bool found;
	} rows[] = {
		{"/bot.service", true},
		{"/a.slice/a-b.slice/bot.service", true},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/bot.service", true},
		{"/system.slice/other.service/bot.service", false},
		{"/system.slice/bot.service.d", false},
		{"/machine/bot.service", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		fakeroot_teardown(state);
		assert_int_equal(fakeroot_setup(state), 0);
		put_cgroup(rows[i].path, 7);
		fakeroot_open(bot, 1);
		assert_int_equal(unit(0)->status,
				 rows[i].found ? STATE_UNIT_RUNNING : STATE_UNIT_INACTIVE);
	}
}

static void the_hosts_unit_comes_before_a_users_of_the_same_name(void **state)
{
	(void)state;
	put_cgroup("/user.slice/user-1.slice/user@1.service/bot.service", 1);
	put_cgroup("/zzz.slice/bot.service", 2);
	fakeroot_open(bot, 1);
	assert_known(fakeroot_unit(0, UNIT_MEMORY), 2);
}

static void a_name_like_a_kernel_file_has_an_underscore_before_it(void **state)
{
	static const struct fakeroot_unit cpu[] = {{"cpu", CONFIG_SYSTEMD, "cpu.service", NULL}};

	(void)state;
	put_cgroup("/system.slice/_cpu.service", 5);
	fakeroot_open(cpu, 1);
	assert_known(fakeroot_unit(0, UNIT_MEMORY), 5);
}

static void a_unit_that_comes_later_is_found_within_three_seconds(void **state)
{
	(void)state;
	put_cgroup("/other.slice", 1);
	fakeroot_open(bot, 1);
	assert_int_equal(unit(0)->status, STATE_UNIT_INACTIVE);
	put_cgroup("/other.slice/bot.service", 9);
	for (int i = 0; i < 3; i++)
		fakeroot_look(1000);
	assert_int_equal(unit(0)->status, STATE_UNIT_RUNNING);
	assert_int_equal(unit(0)->started, fakeroot.now);
}

static void what_it_held_is_taken_one_grace_after_its_start(void **state)
{
	(void)state;
	put_cgroup("/system.slice/x", 1);
	fakeroot_open(bot, 1);
	put_cgroup("/system.slice/bot.service", 9);
	fakeroot_put(V2 "/system.slice/bot.service/memory.stat", "anon 4000\nshmem 96\n");
	fakeroot_look(1000);
	assert_int_equal(unit(0)->held_bytes, 0);
	fakeroot_look(19000);
	assert_int_equal(unit(0)->held_bytes, 0);
	fakeroot_look(1000);
	assert_int_equal(unit(0)->held_bytes, 4096);
}

static void a_mark_of_the_ledger_shows(void **state)
{
	(void)state;
	fakeroot_open(bot, 1);
	(void)ledger_mark(fakeroot.with.ledger, "bot", STATE_MARK_STOPPED, "rule");
	fakeroot_look(1000);
	assert_int_equal(unit(0)->mark, STATE_MARK_STOPPED);
}

static void a_reload_keeps_what_is_known_of_a_unit_though_its_place_changes(void **state)
{
	static const struct fakeroot_unit two[] = {{"new", CONFIG_CGROUP, "/new", NULL},
						   {"bot", CONFIG_SYSTEMD, "bot.service", NULL}};
	mono_ms started;

	(void)state;
	put_cgroup("/new", 3);
	fakeroot_open(bot, 1);
	put_cgroup("/system.slice/bot.service", 9);
	fakeroot_look(1000);
	started = unit(0)->started;
	fakeroot.with.state->unit[0].busy = 4;
	see_config(fakeroot.see, fakeroot_config(two, 2));
	fakeroot_look(1000);
	assert_string_equal(unit(1)->name, "bot");
	assert_int_equal(unit(1)->started, started);
	assert_int_equal(unit(1)->busy, 4);
	assert_known(fakeroot_unit(1, UNIT_MEMORY), 9);
	assert_known(fakeroot_unit(0, UNIT_MEMORY), 3);
	assert_int_equal(unit(0)->started, 0);
	see_config(fakeroot.see, fakeroot_config(bot, 1));
	fakeroot_look(1000);
	assert_int_equal(unit(0)->started, started);
}

static void the_pids_of_a_unit_are_those_below_it_too_without_zombies(void **state)
{
	int32_t pids[8];

	(void)state;
	put_cgroup("/system.slice/bot.service", 9);
	fakeroot_put(V2 "/system.slice/bot.service/cgroup.procs", "10\n11\n");
	fakeroot_put(V2 "/system.slice/bot.service/a/b/cgroup.procs", "12\n13\n14\n");
	put_process(&(struct made_process){10, 1, "a", 'S', 1, 5, "a|"});
	put_process(&(struct made_process){11, 1, "z", 'Z', 1, 5, ""});
	put_process(&(struct made_process){12, 1, "c", 'S', 1, 5, "c|"});
	put_process(&(struct made_process){13, 1, "threads) live", 'Z', 3, 5, ""});
	fakeroot_open(bot, 1);
	assert_int_equal(see_unit_pids(fakeroot.see, 0, pids, 8), 3);
	assert_int_equal(pids[0], 10);
	assert_int_equal(pids[1], 12);
	assert_int_equal(pids[2], 13);
	assert_int_equal(see_unit_pids(fakeroot.see, 0, pids, 1), 1);
	assert_int_equal(unit(0)->processes, 3);
}

/* --- processes -----------------------------------------------------------------------------------
 */

/* Trap 25: comm may be anything. */
static void stat_is_read_after_its_last_parenthesis(void **state)
{
	struct procfs_stat stat;

	(void)state;
	assert_false(procfs_parse_stat("", &stat));
	assert_false(procfs_parse_stat("1", &stat));
	assert_false(procfs_parse_stat(")1 (", &stat));
	assert_false(procfs_parse_stat("7 (x) S", &stat));
	assert_false(procfs_parse_stat("7 (x) S 1 2", &stat));
	assert_true(procfs_parse_stat(
		"7 (a) R 1 (b) S 3 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 2 0 555 1 9 0", &stat));
	assert_string_equal(stat.comm, "a) R 1 (b");
	assert_int_equal(stat.state, 'S');
	assert_int_equal(stat.parent, 3);
	assert_int_equal(stat.threads, 2);
	assert_int_equal(stat.start, 555);
	assert_int_equal(stat.rss_pages, 9);
	assert_true(
		procfs_parse_stat("7 () S 3 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 2 0 555 1 9 0", &stat));
	assert_string_equal(stat.comm, "");
}

static void a_process_is_known_by_any_of_its_names(void **state)
{
#define ARGS(text) .cmdline = (text), .cmdline_len = sizeof(text) - 1
	static const struct {
		const char *target;
		struct match_process process;
		bool holds;
	} rows[] = {
		{"claude", {"2.1.231", "/opt/claude", "", ARGS("")}, true}, /* trap 24 */
		{"claude", {"node", "/usr/bin/node", "", ARGS("claude\0")}, true},
		{"claude", {"claude", "", "", ARGS("")}, true},
		{"claude", {"node", "/usr/bin/node", "", ARGS("node\0--max=1\0/x/claude\0")}, true},
		{"claude", {"x", "/opt/claude (deleted)", "", ARGS("")}, true},
		{"server",
		 {"python3", "/usr/bin/python3.11", "", ARGS("python3\0/x/server.py\0")},
		 true},
		{"claude", {"vim", "/usr/bin/vim", "", ARGS("vim\0claude\0")}, false},
		{"claude", {"claude-x", "/opt/claude-x", "", ARGS("claude-x\0")}, false},
		{"claude", {"x", "/opt/claude/x", "", ARGS("x\0")}, false},
		{"claude", {"node", "/usr/bin/node", "", ARGS("node")}, false},
		{"", {"", "", "", ARGS("")}, false},
		{" ", {"", "", "", ARGS("")}, false},
		{"claudir nodira",
		 {"claudir", "", "", ARGS("claudir\0--data=/prod/nodira/x\0")},
		 true},
		{"claudir nodira", {"claudir", "", "/srv/nodira", ARGS("claudir\0")}, true},
		{"claudir nodira", {"claudir", "", "/srv", ARGS("claudir\0mirzo\0")}, false},
		{"claudir nodira", {"nodira", "", "", ARGS("nodira\0claudir\0")}, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(match_holds(rows[i].target, &rows[i].process), rows[i].holds);
}

static void a_match_unit_is_its_processes_and_all_they_start(void **state)
{
	int32_t pids[8];

	(void)state;
	put_process(&(struct made_process){40, 1, "xtts_server", 'S', 1, 5, "xtts_server|"});
	put_process(&(struct made_process){41, 40, "worker", 'S', 1, 6, "worker|"});
	put_process(&(struct made_process){42, 41, "deeper", 'S', 1, 7, "deeper|"});
	put_process(&(struct made_process){43, 1, "other", 'S', 1, 7, "other|xtts_server|"});
	put_process(&(struct made_process){44, 2, "xtts_server", 'S', 1, 1, ""}); /* the kernel's */
	fakeroot_open(matched, 2);
	assert_int_equal(unit(0)->status, STATE_UNIT_RUNNING);
	assert_int_equal(unit(0)->processes, 3);
	assert_known(fakeroot_unit(0, UNIT_MEMORY), 3 * 110 * 1024);
	assert_known(fakeroot_unit(0, UNIT_ANON), 3 * 112 * 1024);
	assert_unknown(fakeroot_unit(0, UNIT_PRESSURE_SOME_AVG10));
	assert_int_equal(unit(1)->status, STATE_UNIT_INACTIVE);
	assert_unknown(fakeroot_unit(1, UNIT_MEMORY));
	assert_int_equal(see_unit_pids(fakeroot.see, 0, pids, 8), 3);
	/* Its parent ends: the child is still what the unit started. */
	fakeroot_remove("/proc/40");
	fakeroot_look(1000);
	assert_int_equal(unit(0)->processes, 2);
	fakeroot_remove("/proc/41");
	fakeroot_remove("/proc/42");
	fakeroot_look(1000);
	assert_int_equal(unit(0)->status, STATE_UNIT_INACTIVE);
}

static void a_pid_that_comes_again_is_another_process(void **state)
{
	(void)state;
	put_process(&(struct made_process){40, 1, "xtts_server", 'S', 1, 5, "xtts_server|"});
	fakeroot_open(matched, 2);
	put_process(&(struct made_process){40, 1, "bash", 'S', 1, 99, "bash|"});
	fakeroot_look(1000);
	assert_int_equal(unit(0)->status, STATE_UNIT_INACTIVE);
}

static void a_program_begun_by_exec_is_found(void **state)
{
	(void)state;
	put_process(&(struct made_process){40, 1, "sh", 'S', 1, 5, "sh|"});
	fakeroot_open(matched, 2);
	assert_int_equal(unit(0)->status, STATE_UNIT_INACTIVE);
	put_process(
		&(struct made_process){40, 1, "python3", 'S', 1, 5, "python3|/opt/xtts_server|"});
	fakeroot_look(1000);
	assert_int_equal(unit(0)->status, STATE_UNIT_RUNNING);
}

static void further_words_may_stand_in_the_working_directory(void **state)
{
	(void)state;
	put_process(&(struct made_process){40, 1, "claudir", 'S', 1, 5, "claudir|run|"});
	put_link(40, "cwd", "/srv/prod/nodira");
	put_process(&(struct made_process){41, 1, "claudir", 'S', 1, 5, "claudir|run|"});
	put_link(41, "cwd", "/srv/prod/mirzo");
	fakeroot_open(matched, 2);
	assert_int_equal(unit(1)->processes, 1);
	assert_int_equal(unit(1)->main_pid, 40);
}

static void a_process_of_two_units_is_of_neither(void **state)
{
	static const struct fakeroot_unit twice[] = {{"a", CONFIG_MATCH, "claudir", NULL},
						     {"b", CONFIG_MATCH, "claudir nodira", NULL}};

	(void)state;
	put_process(&(struct made_process){40, 1, "claudir", 'S', 1, 5, "claudir|nodira|"});
	fakeroot_open(twice, 2);
	assert_int_equal(unit(0)->processes, 0);
	assert_int_equal(unit(1)->processes, 0);
}

/* Trap 26: the main thread ended, the others and the memory are there. */
static void a_zombie_whose_threads_live_is_not_dead(void **state)
{
	(void)state;
	put_process(&(struct made_process){40, 1, "xtts_server", 'S', 2, 5, "xtts_server|"});
	fakeroot_open(matched, 2);
	put_process(&(struct made_process){40, 1, "xtts_server", 'Z', 2, 5, ""});
	fakeroot_put("/proc/40/status", "Name:\tx\nState:\tZ\n");
	fakeroot_put("/proc/40/task/40/status", "Name:\tx\nState:\tZ\n");
	fakeroot_put("/proc/40/task/45/status", "Name:\tx\nRssAnon:\t300 kB\nRssShmem:\t0 kB\n");
	fakeroot_look(1000);
	assert_int_equal(unit(0)->status, STATE_UNIT_RUNNING);
	assert_known(fakeroot_unit(0, UNIT_MEMORY), 300 * 1024);
	put_process(&(struct made_process){40, 1, "xtts_server", 'Z', 1, 5, ""});
	fakeroot_look(1000);
	assert_int_equal(unit(0)->status, STATE_UNIT_INACTIVE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fakeroot_setup, fakeroot_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stat_is_read_after_its_last_parenthesis),
		TEST(a_process_is_known_by_any_of_its_names),
		TEST(a_unit_is_found_below_slices_and_user_managers_alone),
		TEST(the_hosts_unit_comes_before_a_users_of_the_same_name),
		TEST(a_name_like_a_kernel_file_has_an_underscore_before_it),
		TEST(a_unit_that_comes_later_is_found_within_three_seconds),
		TEST(what_it_held_is_taken_one_grace_after_its_start),
		TEST(a_mark_of_the_ledger_shows),
		TEST(a_reload_keeps_what_is_known_of_a_unit_though_its_place_changes),
		TEST(the_pids_of_a_unit_are_those_below_it_too_without_zombies),
		TEST(a_match_unit_is_its_processes_and_all_they_start),
		TEST(a_pid_that_comes_again_is_another_process),
		TEST(a_program_begun_by_exec_is_found),
		TEST(further_words_may_stand_in_the_working_directory),
		TEST(a_process_of_two_units_is_of_neither),
		TEST(a_zombie_whose_threads_live_is_not_dead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
