/* plugins/exec.c as a channel: one command for each message, driven through its ABI. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin_driver.h"

extern const struct plugin plugin;

static char dir[] = "/tmp/test-exec-send-XXXXXX";
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

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static struct plugin_message message_of(const char *text)
{
	return (struct plugin_message){.id = "00000004QZ", .thread = "00000004Q0", .told = "result", .severity = "warning",
				       .rule = "r", .unit = "u", .event = "death", .host = "host", .subject = "subject",
				       .title = "title", .text = text, .doing = "", .todo = "", .history = "",
				       .at_wall_ms = 1769107081000, .attempt = 1, .count = 3};
}

static uint64_t send_to(const char *command, const char *text, uint32_t timeout_ms)
{
	struct plugin_channel channel = {.name = "c", .command = command, .timeout_ms = timeout_ms};
	struct plugin_message message = message_of(text);

	/* It runs as nobody. */
	assert_int_equal(chmod(dir, 0777), 0);
	plugin.send(++next_id, &channel, &message);
	return next_id;
}

static const struct driver_sent *sent_to(const char *command, const char *text, uint32_t timeout_ms)
{
	const struct driver_sent *sent = driver_wait_sent(&plugin, send_to(command, text, timeout_ms), 15000);

	assert_non_null(sent);
	assert_int_equal(driver.begun, 0); /* at least once: nothing that an earlier worker began holds it back */
	return sent;
}

static void a_message_is_json_and_environment_however_hostile(void **state)
{
	static char text[20000];
	static const char begins[] = "a\n\\\"\x01\xff{}$(reboot)`id`";
	const struct driver_sent *sent;

	(void)state;
	/* Characters of two bytes, at an odd place: the cut is not within one. */
	for (size_t i = sizeof(begins) - 1; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	memcpy(text, begins, sizeof(begins) - 1);
	sent = sent_to(script("message", "#!/usr/bin/python3\nimport sys, json, os\ne = json.load(sys.stdin)\n"
			      "assert e['id'] == os.environ['WATCHDOGD_ID'] == '00000004QZ', e\n"
			      "assert e['thread'] == '00000004Q0' and e['told'] == 'result' and e['title'] == 'title', e\n"
			      "assert e['verb'] == 'alert' and e['event'] == 'death' and e['count'] == 3, e\n"
			      "assert e['severity'] == 'warning' and e['time'] == '2026-01-22T18:38:01Z', e\n"
			      "assert e['rule'] == 'r' and e['unit'] == 'u' and e['host'] == 'host', e\n"
			      "assert e['text'].startswith('a\\n\\\\\"\\x01\\ufffd{}$(reboot)`id`'), e\n"
			      "assert e['text'].endswith('\u00e4') and 4000 < len(e['text'].encode()) < 4200, e\n"
			      "assert len(os.environb[b'WATCHDOGD_TEXT']) == 512, e\n"
			      "assert os.environ['WATCHDOGD_UNIT'] == 'u' and os.environ['WATCHDOGD_TIME'] == e['time']\n"
			      "print('understood')\n"),
		       text, 0);
	assert_string_equal(strstr(sent->text, "; it said"), "; it said \"understood\"");
	assert_int_equal(sent->result, PLUGIN_TAKEN);
}

static void a_message_is_taken_by_status_0_alone(void **state)
{
	const struct driver_sent *sent;

	(void)state;
	sent = sent_to("/bin/true", "text", 0);
	assert_int_equal(sent->result, PLUGIN_TAKEN);
	assert_ptr_equal(strstr(sent->text, "exited with status 0 after "), sent->text);
	sent = sent_to(script("no", "#!/bin/sh\necho no such chat; exit 64\n"), "text", 0);
	assert_int_equal(sent->result, PLUGIN_LATER);
	assert_int_equal(sent->again_ms, 0);
	assert_ptr_equal(strstr(sent->text, "exited with status 64 after "), sent->text);
	assert_non_null(strstr(sent->text, "it said \"no such chat\""));
	sent = sent_to(script("segv", "#!/bin/sh\nkill -SEGV $$\n"), "text", 0);
	assert_int_equal(sent->result, PLUGIN_LATER);
	sent = sent_to(script("slow", "#!/bin/sh\nexec sleep 60\n"), "text", 200);
	assert_int_equal(sent->result, PLUGIN_LATER);
	assert_non_null(strstr(sent->text, "over its limit of 200 ms"));
	sent = sent_to("/no/such/program", "text", 0);
	assert_int_equal(sent->result, PLUGIN_LATER);
	assert_non_null(strstr(sent->text, "not run: /no/such/program: "));
	sent = sent_to("", "text", 0);
	assert_int_equal(sent->result, PLUGIN_LATER);
	assert_int_equal(driver.answers, 0);
}

static void a_message_that_finds_no_room_is_for_later(void **state)
{
	uint64_t last = 0;

	(void)state;
	for (int i = 0; i < 17; i++)
		last = send_to("/bin/sleep 0.2", "text", 0);
	assert_int_equal(driver.sents, 1);
	assert_int_equal(driver.sent[0].delivery, last);
	assert_int_equal(driver.sent[0].result, PLUGIN_LATER);
	assert_non_null(driver_wait_sent(&plugin, last - 1, 5000));
}

/* A zombie, which nobody may reap here, does not: it has no arguments. */
static bool lives(int pid)
{
	char path[64], c;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, &c, 1) : 0;
	if (fd >= 0)
		(void)close(fd);
	return n > 0;
}

static void a_message_that_is_cancelled_is_killed_with_its_group_without_a_word(void **state)
{
	char path[160], line[32] = {0};
	uint64_t delivery, other;
	int pid, fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/pid", dir);
	delivery = send_to(script("group", "#!/bin/sh\ncd /tmp\nsh -c 'trap \"\" TERM; echo $$ >\"$0/pid\"; sleep 60' \"${0%/*}\" &\nwait\n"),
			   "text", 0);
	other = next_id + 1;
	for (int i = 0; i < 1500 && access(path, R_OK) != 0; i++)
		driver_run(&plugin, 10);
	driver_run(&plugin, 50);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && read(fd, line, sizeof(line) - 1) > 0);
	(void)close(fd);
	pid = atoi(line);
	assert_true(pid > 1);
	plugin.cancel(delivery);
	plugin.cancel(delivery + 1000);
	assert_int_equal(send_to("/bin/true", "text", 0), other);
	assert_non_null(driver_wait_sent(&plugin, other, 5000));
	for (int i = 0; i < 500 && lives(pid); i++)
		driver_run(&plugin, 10);
	assert_false(lives(pid));
	assert_int_equal(driver.sents, 1);
	plugin.cancel(delivery); /* it is gone */
}

static void a_message_runs_as_nobody(void **state)
{
	const struct driver_sent *sent;

	(void)state;
	if (geteuid() != 0 || getpwnam("watchdogd") != NULL)
		skip();
	sent = sent_to(script("who", "#!/usr/bin/python3\nimport os\ns = open('/proc/self/status').read()\n"
			      "f = dict(l.split(':\\t') for l in s.splitlines() if ':\\t' in l)\n"
			      "print(os.getresuid(), os.getgroups(), f['CapEff'], f['NoNewPrivs'])\n"),
		       "text", 0);
	assert_non_null(strstr(sent->text, "\"(65534, 65534, 65534) [] 0000000000000000 1\""));
}

static void at_the_end_a_message_that_is_not_sent_yet_is_for_later(void **state)
{
	(void)state;
	(void)send_to("/bin/sleep 60", "text", 0);
	plugin.close();
	assert_int_equal(driver.sents, 1);
	assert_int_equal(driver.sent[0].result, PLUGIN_LATER);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_message_is_json_and_environment_however_hostile),
		TEST(a_message_is_taken_by_status_0_alone),
		TEST(a_message_that_finds_no_room_is_for_later),
		TEST(a_message_that_is_cancelled_is_killed_with_its_group_without_a_word),
		TEST(a_message_runs_as_nobody),
		TEST(at_the_end_a_message_that_is_not_sent_yet_is_for_later),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
