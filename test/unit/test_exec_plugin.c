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
#include "plugin_driver.h"
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
	request_copy_entry(&copy, &hostile);
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
	a = run("/bin/dd if=/dev/zero bs=1M count=64 status=none", 10000);
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
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
