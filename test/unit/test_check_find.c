/* What `check` finds of match and process, on a made-up /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ask/check_find.h"
#include "base/buffer.h"
#include "base/root.h"
#include "config/config_parse.h"

static char find_root[64];

static int find_setup(void **state)
{
	(void)state;
	(void)snprintf(find_root, sizeof(find_root), "/tmp/test_check_find.XXXXXX");
	assert_non_null(mkdtemp(find_root));
	root_set(find_root);
	return 0;
}

static int find_teardown(void **state)
{
	char command[128];

	(void)state;
	root_set("");
	(void)snprintf(command, sizeof(command), "rm -rf %s", find_root);
	return system(command);
}

static void find_put(const char *path, const char *bytes, size_t n)
{
	char joined[512];
	FILE *file;

	(void)snprintf(joined, sizeof(joined), "%s%s", find_root, path);
	for (char *p = strchr(joined + strlen(find_root) + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)mkdir(joined, 0700);
		*p = '/';
	}
	file = fopen(joined, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

struct find_process {
	int pid, parent;
	const char *comm, *arguments /* a space between */, *cgroups, *exe;
	char state;
	unsigned flags, threads;
};

/* Started 100 s after the boot, which was 141 s ago. */
static void find_process(struct find_process p)
{
	char path[64], text[512], link[256];
	struct buffer b;
	size_t n;

	BUFFER_OVER(&b, text);
	buffer_addf(&b, "%d (%s) %c %d 1 1 0 -1 %u 0 0 0 0 0 0 0 0 20 0 %u 0 %ld 1 1 0\n", p.pid, p.comm,
		    p.state != 0 ? p.state : 'S', p.parent, p.flags, p.threads != 0 ? p.threads : 1,
		    100 * sysconf(_SC_CLK_TCK));
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", p.pid);
	find_put(path, text, b.len);
	n = p.arguments != NULL ? strlen(p.arguments) + 1 : 0;
	(void)snprintf(text, sizeof(text), "%s", p.arguments != NULL ? p.arguments : "");
	for (char *at = text; (at = strchr(at, ' ')) != NULL;)
		*at = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", p.pid);
	find_put(path, text, n);
	if (p.cgroups != NULL) {
		(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", p.pid);
		find_put(path, p.cgroups, strlen(p.cgroups));
	}
	if (p.exe != NULL) {
		(void)snprintf(link, sizeof(link), "%s/proc/%d/exe", find_root, p.pid);
		assert_int_equal(symlink(p.exe, link), 0);
	}
	find_put("/proc/uptime", "141.00 1.00\n", 12);
}

static void find_tell(void *arg, enum config_finding finding, const char *line)
{
	(void)arg;
	if (finding == CONFIG_ERROR)
		fail_msg("%s", line);
}

static const char *find_in(const char *text)
{
	static char found[65536];
	struct config *config = config_parse("c", text, strlen(text), find_tell, NULL);
	FILE *out = fmemopen(found, sizeof(found), "w");

	assert_non_null(config);
	assert_non_null(out);
	found[0] = '\0';
	check_find(config, out);
	assert_int_equal(fclose(out), 0);
	free(config);
	return found;
}

#define find_expect(config, want) assert_string_equal(find_in(config), (want))

#define BOT "0::/system.slice/nodira.service\n"

static void process_of_a_systemd_unit_is_looked_for_in_its_cgroup(void **state)
{
	(void)state;
	find_process((struct find_process){10, 1, "claudir", "claudir", BOT, NULL, 0, 0, 0});
	find_process((struct find_process){11, 10, "2.1.231", "claude --print", "0::/system.slice/nodira.service/tools/a\n",
					   "/opt/claude/2.1.231", 0, 0, 0});
	find_process((struct find_process){12, 1, "claude", "claude", "0::/system.slice/mirzo.service\n", NULL, 0, 0, 0});
	find_process((struct find_process){13, 1, "claude", "claude", "0::/machine.slice/x.scope/system.slice/nodira.service\n",
					   NULL, 0, 0, 0});
	find_process((struct find_process){14, 1, "claude", "claude", "0::/system.slice/nodira.service.d\n", NULL, 0, 0, 0});
	find_expect("[unit nodira]\nsystemd = nodira.service\nprocess = claude\n",
		    "[unit nodira] process = claude: pid 11 (2.1.231), 41 s old, /opt/claude/2.1.231\n");
	find_expect("[unit a]\nsystemd = nodira.service\nprocess = node\n",
		    "[unit a] process = node: nothing now, among 2 processes of the unit\n");
	find_expect("[unit a]\nsystemd = mirzo.service\nprocess = node\n",
		    "[unit a] process = node: nothing now, among 1 process of the unit\n");
	find_expect("[unit a]\nsystemd = a.service\nprocess = claude\n",
		    "[unit a] process = claude: nothing now: the unit has no processes\n");
	find_expect("[unit a]\nsystemd = nodira.service\n", "");
}

static void cgroup_of_v1_and_an_escaped_name_are_read_too(void **state)
{
	(void)state;
	find_process((struct find_process){10, 1, "a", "a", "12:pids:/x\n5:cpu,memory:/bots/xtts/1\n1:name=systemd:/\n",
					   NULL, 0, 0, 0});
	find_process((struct find_process){11, 1, "a", "a", "5:memory:/bots/xtts2\n", NULL, 0, 0, 0});
	find_process((struct find_process){12, 1, "a", "a", "1:name=systemd:/system.slice/_cgroup.service\n0::/\n",
					   NULL, 0, 0, 0});
	find_process((struct find_process){13, 1, "a", "a", "no colons\n:\n0:\n\n::/bots/xtts\n", NULL, 0, 0, 0});
	find_process((struct find_process){14, 1, "a", "a", "", NULL, 0, 0, 0});
	find_expect("[unit x]\ncgroup = /bots/xtts\nprocess = a\n[unit s]\nsystemd = cgroup.service\nprocess = a\n",
		    "[unit x] process = a: pid 10 (a), 41 s old\n"
		    "[unit x] process = a: pid 13 (a), 41 s old\n"
		    "[unit s] process = a: pid 12 (a), 41 s old\n");
}

static void unit_of_a_user_is_found_below_that_users_manager(void **state)
{
	(void)state;
	find_put("/etc/passwd", "alice:x:1001:1001::/:/bin/sh\n", 29);
	find_process((struct find_process){10, 1, "a", "a",
					   "0::/user.slice/user-1001.slice/user@1001.service/app.slice/bot.service\n", NULL, 0, 0, 0});
	find_process((struct find_process){11, 1, "a", "a",
					   "0::/user.slice/user-1002.slice/user@1002.service/app.slice/bot.service\n", NULL, 0, 0, 0});
	find_process((struct find_process){12, 1, "a", "a", "0::/system.slice/bot.service\n", NULL, 0, 0, 0});
	find_expect("[unit u]\nsystemd = bot.service\nuser = alice\nprocess = a\n",
		    "[unit u] process = a: pid 10 (a), 41 s old\n");
	find_expect("[unit u]\nsystemd = bot.service\nuser = bob\nprocess = a\n",
		    "[unit u] process = a: nothing now: the unit has no processes\n");
}

static void match_is_a_name_and_what_it_starts(void **state)
{
	(void)state;
	find_process((struct find_process){9, 1, "tmux", "tmux", NULL, NULL, 0, 0, 0});
	find_process((struct find_process){30, 9, "claudir", "claudir --bot nodira", NULL, NULL, 0, 0, 0});
	find_process((struct find_process){8, 30, "sh", "sh", NULL, NULL, 0, 0, 0});
	find_process((struct find_process){20, 8, "claude", "claude", NULL, NULL, 0, 0, 0});
	find_process((struct find_process){40, 9, "claudir", "claudir --bot mirzo", NULL, NULL, 0, 0, 0});
	find_expect("[unit n]\nmatch = claudir nodira\nprocess = claude\n[unit m]\nmatch = claudir mirzo\nprocess = claude\n"
		    "[unit x]\nmatch = xtts_server\n",
		    "[unit n] match = claudir nodira: pid 30 (claudir), 41 s old\n"
		    "[unit n] process = claude: pid 20 (claude), 41 s old\n"
		    "[unit m] match = claudir mirzo: pid 40 (claudir), 41 s old\n"
		    "[unit m] process = claude: nothing now, among 1 process of the unit\n"
		    "[unit x] match = xtts_server: nothing now\n");
	find_expect("[unit n]\nmatch = claudir nodira\nprocess = claude\n[unit all]\nmatch = claudir\n",
		    "[unit n] match = claudir nodira: pid 30 (claudir), 41 s old; it belongs to nobody, as the unit "
		    "\"all\" matches it too\n"
		    "[unit n] process = claude: nothing now: the unit has no processes\n"
		    "[unit all] match = claudir: pid 30 (claudir), 41 s old; it belongs to nobody, as the unit \"n\" "
		    "matches it too\n"
		    "[unit all] match = claudir: pid 40 (claudir), 41 s old\n");
}

static void zombies_and_threads_of_the_kernel_are_never_found(void **state)
{
	(void)state;
	find_process((struct find_process){2, 0, "kthreadd", NULL, "0::/\n", NULL, 0, 0x00208040, 0});
	find_process((struct find_process){3, 2, "x", NULL, "0::/\n", NULL, 'I', 0x00208040, 0});
	find_process((struct find_process){4, 2, "x", NULL, "0::/\n", NULL, 0, 0, 0}); /* a kernel that hides its flags */
	find_process((struct find_process){5, 1, "x", NULL, "0::/\n", NULL, 'Z', 0, 0});
	find_process((struct find_process){7, 1, "y", "y", "0::/\n", NULL, 'X', 0, 0});
	find_expect("[unit x]\nmatch = x\n[unit y]\nmatch = y\n",
		    "[unit x] match = x: nothing now\n[unit y] match = y: nothing now\n");
	/* Its other threads live on, and hold its memory. */
	find_process((struct find_process){6, 1, "x", NULL, "0::/\n", NULL, 'Z', 0, 3});
	find_expect("[unit x]\nmatch = x\n", "[unit x] match = x: pid 6 (x), 41 s old\n");
}

static void hostile_names_are_escaped_and_hold_nothing_up(void **state)
{
	(void)state;
	find_process((struct find_process){5, 5, "x) R 1\x1b[2J", "q", "0::/\n", "/bin/q\n[unit y] \xff", 0, 0, 0});
	find_process((struct find_process){6, 7, "q", "q", "0::/\n", NULL, 0, 0, 0}); /* parents in a circle */
	find_process((struct find_process){7, 6, "r", "r", "0::/\n", NULL, 0, 0, 0});
	find_put("/proc/8/stat", "8 (q", 4); /* cut */
	find_put("/proc/9/x", "", 0);        /* gone meanwhile */
	find_put("/proc/99999999999/stat", "", 0);
	find_expect("[unit q]\nmatch = q\nprocess = nothing\n",
		    "[unit q] match = q: pid 5 (x) R 1\\x1b[2J), 41 s old, /bin/q\\x0a[unit y] \\xff\n"
		    "[unit q] match = q: pid 6 (q), 41 s old\n"
		    "[unit q] process = nothing: nothing now, among 3 processes of the unit\n");
}

static void name_that_finds_hundreds_is_cut_with_its_count(void **state)
{
	const char *found;
	int lines = 0;

	(void)state;
	for (int pid = 100; pid < 140; pid++)
		find_process((struct find_process){pid, 1, "sh", "sh", "0::/\n", NULL, 0, 0, 0});
	found = find_in("[unit s]\nmatch = sh\n");
	for (const char *at = found; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_int_equal(lines, 17);
	assert_non_null(strstr(found, "[unit s] match = sh: 24 more\n"));
}

static void without_proc_that_is_said(void **state)
{
	(void)state;
	find_expect("[unit s]\nmatch = sh\n", "cannot look for processes: No such file or directory\n");
	find_expect("", "");
}

#define find_test(name) cmocka_unit_test_setup_teardown(name, find_setup, find_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		find_test(process_of_a_systemd_unit_is_looked_for_in_its_cgroup),
		find_test(cgroup_of_v1_and_an_escaped_name_are_read_too),
		find_test(unit_of_a_user_is_found_below_that_users_manager),
		find_test(match_is_a_name_and_what_it_starts),
		find_test(zombies_and_threads_of_the_kernel_are_never_found),
		find_test(hostile_names_are_escaped_and_hold_nothing_up),
		find_test(name_that_finds_hundreds_is_cut_with_its_count),
		find_test(without_proc_that_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
