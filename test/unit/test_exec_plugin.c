/* plugins/exec.c, driven through its ABI with real commands. */
#include <errno.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/root.h"
#include "plugin_driver.h"
#include "see/cgroup_layout.h"
#include "share/ledger.h"
#include "share/request.h"
#include "words/command.h"

extern const struct plugin plugin;

static char dir[] = "/tmp/test-exec-XXXXXX";
static uint64_t next_id;

/* A script in the test's directory; its path, borrowed until the next call. */
static const char *script(const char *name, const char *text)
{
	static char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	return path;
}

static struct plugin_request request_of(const char *target)
{
	return (struct plugin_request){.id = ++next_id, .verb = "run", .target = target, .rule = "r",
				       .unit = "u", .event = "oom-kill", .severity = "critical",
				       .text = "text", .at_wall_ms = 1769107081000};
}

static const struct driver_answer *run(const char *target, uint32_t timeout_ms)
{
	struct plugin_request request = request_of(target);
	const struct driver_answer *answer;

	request.timeout_ms = timeout_ms;
	plugin.ask(&request);
	answer = driver_wait(&plugin, request.id, 15000);
	assert_non_null(answer);
	return answer;
}

static int set_up(void **state)
{
	(void)state;
	return plugin.open(driver_host());
}

static int tear_down(void **state)
{
	(void)state;
	plugin.close();
	return 0;
}

static void tells_the_exit_status_and_the_first_and_last_line(void **state)
{
	const struct driver_answer *a;

	(void)state;
	a = run(script("three", "#!/bin/sh\necho one; echo two >&2; echo; echo three; exit 3\n"), 0);
	assert_int_equal(a->result, -EIO);
	assert_non_null(strstr(a->text, "exited with status 3 after "));
	assert_non_null(strstr(a->text, "it said \"one\" .. \"three\""));
	a = run("/bin/true", 0);
	assert_int_equal(a->result, 0);
	assert_non_null(strstr(a->text, "exited with status 0"));
}

static void tells_the_signal_that_ended_it(void **state)
{
	(void)state;
	const struct driver_answer *a = run(script("segv", "#!/bin/sh\nkill -SEGV $$\n"), 0);

	assert_int_equal(a->result, -EIO);
	assert_non_null(strstr(a->text, "was terminated by SIGSEGV"));
}

static void tells_why_a_program_could_not_be_started(void **state)
{
	static const struct {
		const char *file, *text;
		mode_t mode;
		int error;
	} rows[] = {
		{"missing", NULL, 0, -ENOENT},
		{"not-executable", "#!/bin/sh\n", 0644, -EACCES},
		{"no-interpreter-line", "echo hello\n", 0755, -ENOEXEC},
		{"interpreter-missing", "#!/no/such/shell\n", 0755, -ENOENT},
		{"empty", "", 0755, -ENOEXEC},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char path[160];
		const struct driver_answer *a;

		(void)snprintf(path, sizeof(path), "%s/%s", dir, rows[i].file);
		if (rows[i].text != NULL) {
			(void)script(rows[i].file, rows[i].text);
			assert_int_equal(chmod(path, rows[i].mode), 0);
		}
		a = run(path, 0);
		assert_int_equal(a->result, rows[i].error);
		assert_non_null(strstr(a->text, path));
	}
}

static void a_directory_is_no_program(void **state)
{
	(void)state;
	assert_int_equal(run("/tmp", 0)->result, -EACCES);
}

static void refuses_what_is_no_command_without_beginning_it(void **state)
{
	static const char *const rows[] = {"", "   ", "relative/path", "\"", "/bin/echo \"open"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(run(rows[i], 0)->result, -EINVAL);
	assert_int_equal(driver.begun, 0);
}

static void hands_on_hostile_text_as_json_and_environment(void **state)
{
	static const char begins[] = "a\n\\\"\x01\xff{}$(reboot)`id`";
	struct ledger_entry hostile, copy;
	struct plugin_request request;
	const struct driver_answer *a;

	(void)state;
	memset(&hostile, 0, sizeof(hostile));
	memset(hostile.text, '"', sizeof(hostile.text)); /* no NUL in 512 bytes */
	memcpy(hostile.text, begins, sizeof(begins) - 1);
	memset(hostile.rule, 'r', sizeof(hostile.rule));
	hostile.id = ++next_id;
	(void)snprintf(hostile.target, sizeof(hostile.target), "%s",
		       script("json", "#!/usr/bin/python3\nimport sys, json, os\ne = json.load(sys.stdin)\n"
				      "assert e['text'].startswith('a\\n\\\\\"\\x01\\ufffd{}$(reboot)`id`'), e\n"
				      "assert len(e['text']) == 511 and e['rule'] == 'r' * 32, e\n"
				      "assert e['verb'] == 'alert' and e['event'] == '' and e['id'] > 0\n"
				      "assert e['severity'] == 'debug' and e['time'] == '1970-01-01T00:00:00Z'\n"
				      "t = os.environb[b'WATCHDOGD_TEXT']\n"
				      "assert t.startswith(b'a\\n\\\\\"\\x01\\xff{}') and len(t) == 511, t\n"
				      "print(sorted(set(os.environ) - {'LC_CTYPE'})[:3], len(set(os.environ) - {'LC_CTYPE'}))\n"));
	hostile.state = LEDGER_OPEN;
	assert_true(request_copy_entry(&copy, &hostile, hostile.id));
	assert_int_equal(request_of_entry(&request, &copy), 0);
	plugin.ask(&request);
	a = driver_wait(&plugin, hostile.id, 15000);
	assert_non_null(a);
	assert_string_equal(a->result == 0 ? "" : a->text, "");
	assert_non_null(strstr(a->text, "['LANG', 'PATH', 'WATCHDOGD_EVENT'] 9"));
}

static void words_reach_the_program_as_they_are_quoted(void **state)
{
	char line[256];
	const struct driver_answer *a;

	(void)state;
	(void)snprintf(line, sizeof(line), "%s \"a b\"  c\\d \"\" \"q\\\"\\\\\" $HOME;*",
		       script("words", "#!/bin/sh\nprintf '<%s>' \"$@\"\n"));
	a = run(line, 0);
	assert_int_equal(a->result, 0);
	assert_non_null(strstr(a->text, "<a b><c\\d><><q\"\\><$HOME;*>"));
}

static void at_its_limit_it_is_terminated_then_killed(void **state)
{
	const struct driver_answer *a;
	mono_ms began = clock_mono();

	(void)state;
	a = run(script("polite", "#!/bin/sh\nexec sleep 60\n"), 200);
	assert_int_equal(a->result, -ETIMEDOUT);
	assert_non_null(strstr(a->text, "was terminated by SIGTERM after "));
	assert_non_null(strstr(a->text, "over its limit of 200 ms"));
	assert_true(clock_mono() - began < 1500);
	a = run(script("stubborn", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n"), 200);
	assert_int_equal(a->result, -ETIMEDOUT);
	assert_non_null(strstr(a->text, "was terminated by SIGKILL after 2."));
}

static void a_command_that_floods_its_output_is_bounded(void **state)
{
	(void)state;
	const struct driver_answer *a = run("/usr/bin/yes \"no newline in sight\"", 300);

	assert_int_equal(a->result, -ETIMEDOUT);
	assert_non_null(strstr(a->text, "it said \"no newline in sight\" .. \""));
	a = run("/bin/dd if=/dev/zero bs=1M count=64 status=none", 60000); /* seconds beside a guest */
	assert_int_equal(a->result, 0);
}

static void what_it_leaves_behind_with_the_pipe_open_holds_nobody_up(void **state)
{
	char path[160], line[32] = {0};
	mono_ms began = clock_mono();
	const struct driver_answer *a;
	int fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/pid", dir);
	a = run(script("daemon", "#!/bin/sh\ncd \"${0%/*}\"\nsetsid sh -c 'echo $$ >pid; exec sleep 30' &\n"
				 "while ! test -s pid; do sleep 0.01; done\necho left it\n"), 5000);
	assert_int_equal(a->result, 0);
	assert_non_null(strstr(a->text, "\"left it\""));
	assert_true(clock_mono() - began < 4000);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && read(fd, line, sizeof(line) - 1) > 0);
	(void)close(fd);
	assert_int_equal(kill(atoi(line), SIGKILL), 0); /* it lives */
}

static void a_command_that_does_not_read_its_input_is_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(run("/bin/sleep 0.1", 5000)->result, 0);
}

static void sixteen_run_at_once_and_the_next_is_told(void **state)
{
	uint64_t first = next_id + 1;
	struct plugin_request request;
	mono_ms began = clock_mono();

	(void)state;
	for (int i = 0; i < 17; i++) {
		request = request_of("/bin/sleep 0.5");
		plugin.ask(&request);
	}
	assert_int_equal(driver.answers, 1);
	assert_int_equal(driver.answer[0].result, -EAGAIN);
	assert_int_equal(driver.answer[0].id, first + 16);
	for (uint64_t id = first; id < first + 16; id++)
		assert_int_equal(driver_wait(&plugin, id, 5000)->result, 0);
	assert_true(clock_mono() - began < 3000);
	assert_int_equal(driver.begun, 16);
}

static void what_was_begun_before_is_not_run_again(void **state)
{
	char path[160];
	const struct driver_answer *a;

	(void)state;
	(void)snprintf(path, sizeof(path), "/usr/bin/touch %s/touched", dir);
	driver.begin = -EALREADY;
	a = run(path, 0);
	assert_int_equal(a->result, -EALREADY);
	assert_non_null(strstr(a->text, "not known whether it ran"));
	(void)snprintf(path, sizeof(path), "%s/touched", dir);
	assert_int_equal(access(path, F_OK), -1);
}

/* What a fresh program has: leader of its own session, in /, no descriptor but 0 to 2, no signal blocked
 * or ignored, oom_score_adj 0. */
static void the_command_gets_nothing_of_ours(void **state)
{
	int extra = open("/dev/null", O_RDONLY); /* without close-on-exec */
	int adj = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	char before[16] = {0}, after[16] = {0};
	sigset_t blocked;
	const struct driver_answer *a;

	(void)state;
	assert_true(read(adj, before, sizeof(before) - 1) > 0);
	(void)!pwrite(adj, "300\n", 4, 0);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &blocked, NULL);
	(void)signal(SIGINT, SIG_IGN);
	a = run(script("fresh", "#!/usr/bin/python3\nimport os\ns = open('/proc/self/status').read()\n"
				"f = dict(l.split(':\\t') for l in s.splitlines() if ':\\t' in l)\n"
				"fds = [x for x in os.listdir('/proc/self/fd') if int(x) > 2]\n"
				"print(os.getsid(0) == os.getpid(), os.getcwd(), len(fds), f['SigBlk'],\n"
				" int(f['SigIgn'], 16) & 2, open('/proc/self/oom_score_adj').read().strip())\n"),
		10000);
	(void)sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	(void)signal(SIGINT, SIG_DFL);
	assert_non_null(strstr(a->text, "\"True / 1 0000000000000000 0 0\"")); /* 1: listdir's own */
	assert_true(pread(adj, after, sizeof(after) - 1, 0) > 0);
	assert_string_equal(after, "300\n"); /* the child's change was not ours */
	(void)!pwrite(adj, before, strlen(before), 0);
	(void)close(adj);
	(void)close(extra);
}

static void as_nobody_it_has_no_privileges_and_gets_none(void **state)
{
	struct plugin_request request;
	const struct driver_answer *a;
	char path[160];

	(void)state;
	if (geteuid() != 0 || getpwnam("watchdogd") != NULL) /* that user's number is this host's */
		skip();
	assert_int_equal(chmod(dir, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s",
		       script("who", "#!/usr/bin/python3\nimport os\ns = open('/proc/self/status').read()\n"
				     "f = dict(l.split(':\\t') for l in s.splitlines() if ':\\t' in l)\n"
				     "print(os.getresuid(), os.getgroups(), f['CapEff'], f['NoNewPrivs'])\n"));
	request = request_of(path);
	request.as_nobody = 1;
	plugin.ask(&request);
	a = driver_wait(&plugin, request.id, 10000);
	assert_non_null(a);
	assert_non_null(strstr(a->text, "\"(65534, 65534, 65534) [] 0000000000000000 1\""));
}

static void at_the_end_what_still_runs_is_killed_and_told(void **state)
{
	struct plugin_request request = request_of("/bin/sleep 60");

	(void)state;
	plugin.ask(&request);
	plugin.close();
	assert_int_equal(driver.answers, 1);
	assert_int_equal(driver.answer[0].result, -ECANCELED);
}

/* What a unit's start and stop get: of WATCHDOGD_* and JSON only the first. */
#define FRESH "#!/usr/bin/python3\nimport os, sys\n" \
	"print(os.getuid(), os.getsid(0) == os.getpid(), os.getcwd(), repr(sys.stdin.read()),\n" \
	" open('/proc/self/oom_score_adj').read().strip(), os.environ['WATCHDOGD_UNIT'])\n"

static const struct driver_answer *run_unit(const char *verb, const char *unit, const char *target)
{
	struct plugin_request request = request_of(target);
	const struct driver_answer *answer;

	request.verb = verb;
	request.unit = unit;
	plugin.ask(&request);
	answer = driver_wait(&plugin, request.id, 15000);
	assert_non_null(answer);
	return answer;
}

static void a_units_start_and_stop_run_as_we_do_in_a_session_of_their_own(void **state)
{
	char want[128];

	(void)state;
	(void)snprintf(want, sizeof(want), "exited with status 0 after ");
	for (int i = 0; i < 2; i++) {
		const struct driver_answer *a = run_unit(i == 0 ? "start" : "stop", "xtts", script("fresh", FRESH));

		assert_int_equal(a->result, 0);
		assert_ptr_equal(strstr(a->text, want), a->text);
		(void)snprintf(want, sizeof(want), "it said \"%u True / '' 0 xtts\"", geteuid());
		assert_non_null(strstr(a->text, want));
		(void)snprintf(want, sizeof(want), "exited with status 0 after ");
	}
	assert_int_equal(driver.begun, 2);
	assert_int_equal(run_unit("start", "xtts", "/bin/false")->result, -EIO);
}

/* The line of a file below the test's directory. */
static void read_line(const char *name, char *line, size_t size)
{
	char path[160];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, line, size - 1);
	(void)close(fd);
	assert_true(n > 0);
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

static const struct plugin_unit plain_unit = {
	.id = 1, .name = "xtts", .systemd = "", .user = "", .cgroup = "", .uid = UINT32_MAX, .alive = "", .log = ""};

#define LEAVES "#!/bin/sh\ncd \"${0%/*}\"\nrm -f pid\nsetsid sh -c 'echo $$ >pid; exec sleep 60' &\n" \
	"while ! test -s pid; do sleep 0.01; done\n"

/* The cgroup of a process in the hierarchy of the units. */
static bool is_in_cgroup(int pid, const char *cgroup)
{
	char path[64], text[4096];
	size_t n;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	(void)fclose(file);
	(void)snprintf(path, sizeof(path), ":%s\n", cgroup);
	return strstr(text, path) != NULL;
}

static void remove_cgroup(const char *mount, const char *cgroup)
{
	char path[256];

	for (int i = 0; i < 200; i++) {
		(void)snprintf(path, sizeof(path), "%s%s/deep", mount, cgroup);
		(void)rmdir(path);
		*strrchr(path, '/') = '\0';
		if (rmdir(path) == 0 || errno == ENOENT)
			return;
		driver_run(&plugin, 10); /* who was killed has not left it yet */
	}
	fail_msg("%s stays", path);
}

static void what_start_leaves_lives_on_in_the_units_cgroup(void **state)
{
	static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified",
					     "/sys/fs/cgroup/freezer", "/sys/fs/cgroup/systemd"};
	char cgroup[32], deep[48], line[32];
	struct plugin_unit unit[2] = {plain_unit, plain_unit};
	struct cgroup_layout layout;
	const struct driver_answer *a;

	(void)state;
	cgroup_layout_open(&layout);
	if (geteuid() != 0 || layout.root < 0 || faccessat(layout.root, ".", W_OK, 0) < 0)
		skip();
	(void)snprintf(cgroup, sizeof(cgroup), "/wdt-exec-%d", getpid());
	(void)snprintf(deep, sizeof(deep), "%s/deep", cgroup);
	unit[0].name = "other";
	unit[1].cgroup = deep; /* made, with what is above it */
	plugin.watch(unit, 2);
	unit[1].cgroup = unit[1].name = "gone"; /* borrowed no longer than the call */
	a = run_unit("start", "xtts", script("start", LEAVES "echo up\n"));
	assert_int_equal(a->result, 0);
	assert_non_null(strstr(a->text, "\"up\""));
	driver_run(&plugin, 50);
	read_line("pid", line, sizeof(line));
	assert_int_equal(kill(atoi(line), 0), 0);
	assert_true(is_in_cgroup(atoi(line), deep));
	assert_false(is_in_cgroup(getpid(), deep));
	assert_int_equal(kill(atoi(line), SIGKILL), 0);
	a = run_unit("stop", "xtts", script("where", "#!/bin/sh\nexec cat /proc/self/cgroup\n"));
	assert_null(strstr(a->text, deep)); /* a stop is none of it */
	a = run_unit("start", "other", script("there", LEAVES));
	assert_int_equal(a->result, 0);
	read_line("pid", line, sizeof(line));
	assert_false(is_in_cgroup(atoi(line), deep));
	assert_int_equal(kill(atoi(line), SIGKILL), 0);
	for (size_t i = 0; i < ARRAY_LEN(mounts); i++)
		remove_cgroup(mounts[i], cgroup);
}

static void a_cgroup_that_cannot_be_is_told_and_nothing_is_begun(void **state)
{
	static const char *const rows[] = {"/../wdt", "/wdt-exec-none/../..", "/."};
	struct plugin_unit unit = plain_unit;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct driver_answer *a;

		unit.cgroup = rows[i];
		plugin.watch(&unit, 1);
		a = run_unit("start", "xtts", "/bin/true");
		assert_true(a->result < 0);
		assert_ptr_equal(strstr(a->text, "not run: cgroup /"), a->text);
	}
	assert_int_equal(driver.begun, 0);
	(void)rmdir("/sys/fs/cgroup/wdt-exec-none");
	(void)rmdir("/sys/fs/cgroup/memory/wdt-exec-none");
}

/* A made-up host that has systemd: its systemd-run tells what it was given and runs the rest. */
static void under_systemd_a_start_gets_a_scope_of_its_own(void **state)
{
	char line[512], again[512];
	const struct driver_answer *a;

	(void)state;
	if (geteuid() != 0)
		skip();
	(void)snprintf(line, sizeof(line), "mkdir -p %s/run/systemd/system %s/usr/bin", dir, dir);
	assert_int_equal(system(line), 0);
	(void)script("usr/bin/systemd-run", "#!/bin/sh\necho \"$@\" >${0%/usr*}/given\n"
					    "while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"\n");
	root_set(dir);
	a = run_unit("start", "xtts", "/bin/echo \"a b\" --unit=x");
	assert_int_equal(a->result, 0);
	assert_non_null(strstr(a->text, "\"a b --unit=x\""));
	read_line("given", line, sizeof(line));
	assert_ptr_equal(strstr(line, "--scope --quiet --collect --unit=watchdogd-xtts-"), line);
	assert_non_null(strstr(line, " -- /bin/echo a b --unit=x"));
	driver_run(&plugin, 5);
	(void)run_unit("start", "xtts", "/bin/echo \"a b\" --unit=x");
	read_line("given", again, sizeof(again));
	assert_string_not_equal(line, again); /* what the first left may live on in its scope */
	(void)snprintf(line, sizeof(line), "%s/given", dir);
	assert_int_equal(unlink(line), 0);
	(void)run_unit("stop", "xtts", "/bin/true");
	assert_int_equal(access(line, F_OK), -1);
	root_set("");
}

/* A unit with a check. */
static struct plugin_unit checked(uint64_t id, const char *alive, uint32_t every_ms, uint32_t timeout_ms)
{
	struct plugin_unit unit = plain_unit;

	unit.id = id;
	unit.alive = alive;
	unit.alive_every_ms = every_ms;
	unit.alive_timeout_ms = timeout_ms;
	return unit;
}

static int wait_for_reports(int n)
{
	mono_ms until = clock_mono() + 10000;

	while (driver.reports < n && clock_mono() < until)
		driver_run(&plugin, 20);
	return driver.reports;
}

static void a_check_tells_whether_the_unit_is_alive_and_why_not(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *why;
	} rows[] = {
		{"#!/bin/sh\necho fine\n", 0, ""},
		{"#!/bin/sh\necho no answer from 5002; echo more; exit 1\n", -EIO,
		 "exited with status 1: no answer from 5002"},
		{"#!/bin/sh\nexit 7\n", -EIO, "exited with status 7"},
		{"#!/bin/sh\nprintf 'half a line'; kill -KILL $$\n", -EIO, "was terminated by SIGKILL: half a line"},
	};

	(void)state;
	assert_int_equal(chmod(dir, 0755), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct plugin_unit unit = checked(40 + i, script("alive", rows[i].text), 60000, 5000);

		driver.reports = 0;
		plugin.watch(&unit, 1);
		assert_int_equal(wait_for_reports(1), 1);
		assert_int_equal(driver.report[0].said, DRIVER_ALIVE);
		assert_int_equal(driver.report[0].unit, 40 + i);
		assert_int_equal(driver.report[0].result, rows[i].result);
		assert_string_equal(driver.report[0].text, rows[i].why);
	}
}

static void a_check_has_no_privileges(void **state)
{
	struct plugin_unit unit;

	(void)state;
	if (geteuid() != 0 || getpwnam("watchdogd") != NULL)
		skip();
	assert_int_equal(chmod(dir, 0755), 0);
	unit = checked(1, script("who", "#!/bin/sh\nid -u; grep NoNewPrivs /proc/self/status\nexit 1\n"), 60000, 5000);
	plugin.watch(&unit, 1);
	assert_int_equal(wait_for_reports(1), 1);
	assert_string_equal(driver.report[0].text, "exited with status 1: 65534");
}

static void a_check_is_repeated_but_never_beside_itself(void **state)
{
	char text[256];
	struct plugin_unit unit;
	mono_ms began = clock_mono();

	(void)state;
	assert_int_equal(chmod(dir, 0777), 0);
	/* Fails when another one runs. */
	(void)snprintf(text, sizeof(text), "#!/bin/sh\nmkdir %s/one || exit 1\nsleep 0.15\nrmdir %s/one\n", dir, dir);
	unit = checked(1, script("one-at-a-time", text), 50, 5000);
	plugin.watch(&unit, 1);
	assert_true(wait_for_reports(4) >= 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(driver.report[i].result, 0);
	assert_true(clock_mono() - began >= 600);
}

static void a_check_that_hangs_is_killed_with_its_group(void **state)
{
	char line[32];
	struct plugin_unit unit;
	mono_ms began = clock_mono();

	(void)state;
	assert_int_equal(chmod(dir, 0777), 0);
	unit = checked(1, script("hangs", "#!/bin/sh\ntrap '' TERM\ncd \"${0%/*}\"\necho waiting\n"
					  "sh -c 'echo $$ >group-pid; exec sleep 60' &\nwait\n"), 60000, 400);
	plugin.watch(&unit, 1);
	assert_int_equal(wait_for_reports(1), 1);
	assert_int_equal(driver.report[0].result, -ETIMEDOUT);
	assert_string_equal(driver.report[0].text, "gave no answer within 400 ms: waiting");
	assert_true(clock_mono() - began < 3000);
	read_line("group-pid", line, sizeof(line));
	for (int i = 0; i < 200 && kill(atoi(line), 0) == 0; i++) {
		char path[64], stat[128] = {0};
		int fd;

		(void)snprintf(path, sizeof(path), "/proc/%s/stat", line);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, stat, sizeof(stat) - 1) <= 0 || strstr(stat, ") Z ") != NULL)
			return; /* gone, but whoever adopted it has not noticed */
		(void)close(fd);
		driver_run(&plugin, 10);
	}
	assert_int_equal(kill(atoi(line), 0), -1);
}

static void a_reload_keeps_the_rhythm_of_what_is_unchanged(void **state)
{
	struct plugin_unit unit[2];
	char same[160], other[160];

	(void)state;
	assert_int_equal(chmod(dir, 0755), 0);
	(void)snprintf(same, sizeof(same), "%s", script("same", "#!/bin/sh\nexit 3\n"));
	(void)snprintf(other, sizeof(other), "%s", script("other", "#!/bin/sh\nexit 4\n"));
	unit[0] = checked(1, same, 60000, 5000);
	plugin.watch(unit, 1);
	assert_int_equal(wait_for_reports(1), 1);
	for (int i = 0; i < 5; i++) { /* reloads that come fast neither hurry it nor hold it up */
		plugin.watch(unit, 1);
		driver_run(&plugin, 30);
	}
	assert_int_equal(driver.reports, 1);
	unit[0].alive = other;
	plugin.watch(unit, 1);
	assert_int_equal(wait_for_reports(2), 2);
	assert_string_equal(driver.report[1].text, "exited with status 4");
	plugin.watch(unit, 0);
	driver_run(&plugin, 100);
	assert_int_equal(driver.reports, 2);
}

static void a_reload_while_it_runs_neither_loses_nor_doubles_it(void **state)
{
	struct plugin_unit unit[2];
	char slow[160], gone[160];

	(void)state;
	assert_int_equal(chmod(dir, 0755), 0);
	(void)snprintf(slow, sizeof(slow), "%s", script("slow", "#!/bin/sh\nsleep 0.4; exit 5\n"));
	(void)snprintf(gone, sizeof(gone), "%s", script("gone", "#!/bin/sh\nsleep 0.2; exit 6\n"));
	unit[0] = checked(1, gone, 60000, 5000);
	unit[1] = checked(2, slow, 1, 5000);
	plugin.watch(unit, 2);
	driver_run(&plugin, 50); /* both run */
	unit[1].alive_every_ms = 1;
	plugin.watch(unit + 1, 1);
	assert_true(wait_for_reports(1) >= 1);
	assert_int_equal(driver.report[0].unit, 2);
	assert_string_equal(driver.report[0].text, "exited with status 5");
}

static void checks_are_spread_and_wait_while_hands_are_full(void **state)
{
	struct plugin_unit unit[4];
	struct plugin_request request;
	unsigned told = 0;
	uint64_t last = 0;

	(void)state;
	assert_int_equal(chmod(dir, 0755), 0);
	for (int i = 0; i < 8; i++) {
		request = request_of("/bin/sleep 0.6");
		plugin.ask(&request);
		last = request.id;
	}
	for (int i = 0; i < 4; i++)
		unit[i] = checked((uint64_t)i + 1, script("quick", "#!/bin/sh\nexit 0\n"), 2000, 5000);
	plugin.watch(unit, 4);
	driver_run(&plugin, 300);
	assert_int_equal(driver.reports, 0);
	assert_non_null(driver_wait(&plugin, last, 5000));
	assert_true(wait_for_reports(1) >= 1);
	assert_true(driver.reports < 4); /* the last one is due 1.5 s after the first */
	assert_int_equal(wait_for_reports(4), 4);
	for (uint64_t i = 0; i < 4; i++) /* two that a stall made due at once may end in either order */
		told |= 1u << driver.report[i].unit;
	assert_int_equal(told, 0x1e);
}

static void a_check_that_cannot_be_run_says_nothing_of_the_unit(void **state)
{
	static const char *const rows[] = {"/no/such/check", "relative", "/tmp"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct plugin_unit unit = checked(i + 1, rows[i], 20, 5000);

		driver.log[0] = '\0';
		plugin.watch(&unit, 1);
		driver_run(&plugin, 50);
		assert_non_null(strstr(driver.log, "cannot run the check "));
		assert_non_null(strstr(driver.log, rows[i]));
		driver.log[0] = '\0';
		driver_run(&plugin, 100);
		assert_string_equal(driver.log, ""); /* told once */
	}
	assert_int_equal(driver.reports, 0);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
	char line[64];

	(void)state;
	(void)snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_the_exit_status_and_the_first_and_last_line),
		TEST(tells_the_signal_that_ended_it),
		TEST(tells_why_a_program_could_not_be_started),
		TEST(a_directory_is_no_program),
		TEST(refuses_what_is_no_command_without_beginning_it),
		TEST(hands_on_hostile_text_as_json_and_environment),
		TEST(words_reach_the_program_as_they_are_quoted),
		TEST(at_its_limit_it_is_terminated_then_killed),
		TEST(a_command_that_floods_its_output_is_bounded),
		TEST(what_it_leaves_behind_with_the_pipe_open_holds_nobody_up),
		TEST(a_command_that_does_not_read_its_input_is_not_waited_for),
		TEST(sixteen_run_at_once_and_the_next_is_told),
		TEST(what_was_begun_before_is_not_run_again),
		TEST(the_command_gets_nothing_of_ours),
		TEST(as_nobody_it_has_no_privileges_and_gets_none),
		TEST(at_the_end_what_still_runs_is_killed_and_told),
		TEST(a_units_start_and_stop_run_as_we_do_in_a_session_of_their_own),
		TEST(what_start_leaves_lives_on_in_the_units_cgroup),
		TEST(a_cgroup_that_cannot_be_is_told_and_nothing_is_begun),
		TEST(under_systemd_a_start_gets_a_scope_of_its_own),
		TEST(a_check_tells_whether_the_unit_is_alive_and_why_not),
		TEST(a_check_has_no_privileges),
		TEST(a_check_is_repeated_but_never_beside_itself),
		TEST(a_check_that_hangs_is_killed_with_its_group),
		TEST(a_reload_keeps_the_rhythm_of_what_is_unchanged),
		TEST(a_reload_while_it_runs_neither_loses_nor_doubles_it),
		TEST(checks_are_spread_and_wait_while_hands_are_full),
		TEST(a_check_that_cannot_be_run_says_nothing_of_the_unit),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
