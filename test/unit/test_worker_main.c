/* build/wd-worker as main starts it: a process with its links and a ledger; with a root prefix, so that no
 * test stops a unit of this host. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"
#include "share/ledger.h"
#include "share/message.h"
#include "base/severity.h"
#include "words/verb.h"
#include "make_config.h"

static char dir[] = "/tmp/test-worker-XXXXXX";
static char program[256], plugins[256];
static int main_link[2], link_pair[2], ledger_fd, config_fd;
static struct ledger *ledger;
static pid_t pid;
static const char *role = "actor";

static void start(void)
{
	char *argv[] = {(char *)(uintptr_t) "wd-worker", (char *)(uintptr_t)role, plugins,
			(char *)(uintptr_t) "--root", (char *)(uintptr_t) "/nonexistent", NULL};

	pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return;
	/* First out of the way of the numbers that they become. */
	int from[] = {fcntl(main_link[1], F_DUPFD, 20), fcntl(ledger_fd, F_DUPFD, 20),
		      fcntl(link_pair[1], F_DUPFD, 20), fcntl(config_fd, F_DUPFD, 20)};

	(void)dup2(from[0], MESSAGE_FD_MAIN);
	(void)dup2(from[1], MESSAGE_FD_LEDGER);
	(void)dup2(from[2], MESSAGE_FD_ACTOR);
	(void)dup2(from[3], MESSAGE_FD_CONFIG);
	(void)close_range(MESSAGE_FD_CONFIG + 1, ~0u, 0);
	(void)close(5);
	(void)execv(program, argv);
	_exit(127);
}

/* Its wait status once it has ended, within for_ms; -1: it lives. */
static int end_of(int for_ms)
{
	int status;

	for (mono_ms end = clock_mono() + (mono_ms)for_ms; clock_mono() < end; (void)usleep(2000)) {
		if (waitpid(pid, &status, WNOHANG) != pid)
			continue;
		pid = 0;
		return status;
	}
	return -1;
}

static void kill_it(void)
{
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	pid = 0;
}

/* A config with that unit. */
static int config_of(const char *unit, uint32_t generation)
{
	struct config *config;
	int fd;

	make_begin();
	(void)make_unit(unit, CONFIG_NONE);
	config = make_done();
	config->generation = generation;
	fd = config_seal(config);
	assert_true(fd >= 0);
	free(config);
	return fd;
}

static int set_up(void **state)
{
	bool fresh;

	(void)state;
	config_fd = config_of("nodira", 1);
	ledger_fd = memfd_create("ledger", MFD_CLOEXEC);
	ledger = ledger_open(ledger_fd, "", &fresh);
	assert_non_null(ledger);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, main_link), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link_pair), 0);
	start();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	kill_it();
	for (int i = 0; i < 2; i++) {
		(void)close(main_link[i]);
		(void)close(link_pair[i]);
	}
	(void)munmap(ledger, LEDGER_BYTES);
	(void)close(ledger_fd);
	(void)close(config_fd);
	return 0;
}

static struct ledger_entry *entry_of(const char *plugin_name, const char *target)
{
	struct ledger_entry *entry = ledger_add(ledger, LEDGER_STEP);

	assert_non_null(entry);
	entry->verb = VERB_RUN;
	entry->severity = SEVERITY_WARNING;
	(void)snprintf(entry->plugin, sizeof(entry->plugin), "%s", plugin_name);
	(void)snprintf(entry->target, sizeof(entry->target), "%s", target);
	ledger_commit(entry);
	return entry;
}

static void tell(enum message_type type, uint64_t id)
{
	struct message message;

	message_make(&message, type, id, 0, "");
	assert_int_equal(message_send(link_pair[0], &message, -1), 0);
}

static bool hear(struct message *message, int for_ms)
{
	struct pollfd row = {.fd = link_pair[0], .events = POLLIN};

	return poll(&row, 1, for_ms) == 1 && message_receive(link_pair[0], message, NULL) == 1;
}

static struct message asked(enum message_type type, uint64_t id)
{
	struct message message;

	tell(type, id);
	assert_true(hear(&message, 10000));
	assert_int_equal(message.id, id);
	return message;
}

static unsigned lines_of(const char *name)
{
	char path[128], text[4096];
	ssize_t n;
	unsigned lines = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text));
	(void)close(fd);
	for (ssize_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	return lines;
}

/* A command that adds a line to the file `name`, and then takes its time. */
static const char *counting(const char *name, const char *then)
{
	static char path[128];
	char text[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s.sh", dir, name);
	(void)snprintf(text, sizeof(text), "#!/bin/sh\necho ran >>%s/%s\n%s\n", dir, name, then);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	return path;
}

static void wait_for_lines(const char *name, unsigned lines)
{
	for (int i = 0; i < 1000 && lines_of(name) < lines; i++)
		(void)usleep(5000);
	assert_int_equal(lines_of(name), lines);
}

static void an_entry_is_carried_out_and_answered(void **state)
{
	struct ledger_entry *entry = entry_of("exec", "/bin/echo hello");
	struct message answer = asked(MESSAGE_ASK, entry->id);

	(void)state;
	assert_int_equal(answer.type, MESSAGE_DONE);
	assert_int_equal(answer.result, 0);
	assert_non_null(strstr(answer.text, "it said \"hello\""));
	assert_int_equal(entry->taken, 1);
}

static void it_is_called_wd_actor(void **state)
{
	char path[64], text[64] = {0};
	int fd;

	(void)state;
	(void)asked(MESSAGE_ASK, 999); /* it is up */
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "wd-actor\n");
	(void)close(fd);
	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) > 9);
	assert_string_equal(text, "wd-actor");
	assert_int_equal(text[9], '\0');
	(void)close(fd);
}

static void what_it_cannot_carry_out_is_answered(void **state)
{
	struct message answer = asked(MESSAGE_ASK, 12345);
	struct ledger_entry *entry = entry_of("nonesuch", "/bin/true");

	(void)state;
	assert_int_equal(answer.type, MESSAGE_FAILED);
	assert_int_equal(answer.result, -ENOENT);
	answer = asked(MESSAGE_ASK, entry->id);
	assert_int_equal(answer.result, -ENODEV);
	entry = entry_of("exec", "/bin/true");
	entry->verb = 4711;
	assert_int_equal(asked(MESSAGE_ASK, entry->id).result, -EINVAL);
	assert_int_equal(asked(MESSAGE_ASK, UINT64_MAX).result, -ENOENT);
	assert_int_equal(asked(MESSAGE_ASK, 0).result, -ENOENT);
}

static void with_a_root_prefix_no_systemd_is_asked(void **state)
{
	(void)state;
	assert_int_equal(asked(MESSAGE_ASK, entry_of("systemd", "x.service")->id).result, -ENODEV);
}

static void texts_without_an_end_are_ended(void **state)
{
	struct ledger_entry *entry = entry_of("exec", "/bin/echo");

	(void)state;
	memset(entry->text, 'x', sizeof(entry->text));
	memset(entry->rule, 'x', sizeof(entry->rule));
	memset(entry->event, 'x', sizeof(entry->event));
	memset(entry->unit, 0xff, sizeof(entry->unit));
	assert_int_equal(asked(MESSAGE_ASK, entry->id).type, MESSAGE_DONE);
	entry = entry_of("exec", "/bin/echo");
	memset(entry->plugin, 'x', sizeof(entry->plugin));
	assert_int_equal(asked(MESSAGE_ASK, entry->id).result, -ENODEV);
}

static void what_is_no_message_does_not_end_it(void **state)
{
	struct message wrong;

	(void)state;
	memset(&wrong, 'x', sizeof(wrong));
	assert_true(write(link_pair[0], "x", 1) == 1);
	assert_true(write(link_pair[0], &wrong, sizeof(wrong)) == (ssize_t)sizeof(wrong));
	wrong.version = MESSAGE_VERSION;
	wrong.type = MESSAGE_ASK;
	assert_true(write(link_pair[0], &wrong, sizeof(wrong)) == (ssize_t)sizeof(wrong));
	tell(MESSAGE_STOP, 0);
	tell(MESSAGE_DONE, 1);
	assert_true(write(main_link[0], "x", 1) == 1);
	assert_int_equal(asked(MESSAGE_ASK, entry_of("exec", "/bin/true")->id).type, MESSAGE_DONE);
}

static void an_entry_that_was_taken_is_not_run(void **state)
{
	struct ledger_entry *entry = entry_of("exec", counting("taken", ""));
	struct message answer;

	(void)state;
	entry->taken = 1;
	answer = asked(MESSAGE_ASK, entry->id);
	assert_int_equal(answer.type, MESSAGE_FAILED);
	assert_int_equal(answer.result, -EALREADY);
	assert_int_equal(lines_of("taken"), 0);
}

static void a_command_is_run_once_over_a_kill(void **state)
{
	struct ledger_entry *entry = entry_of("exec", counting("killed", "sleep 30"));

	(void)state;
	tell(MESSAGE_ASK, entry->id);
	wait_for_lines("killed", 1);
	kill_it();
	start();
	assert_int_equal(asked(MESSAGE_ASK, entry->id).result, -EALREADY);
	assert_int_equal(lines_of("killed"), 1);
}

static void asked_twice_it_runs_once(void **state)
{
	struct ledger_entry *entry = entry_of("exec", counting("twice", "sleep 0.3; exit 5"));
	struct message first, again;

	(void)state;
	tell(MESSAGE_ASK, entry->id);
	first = asked(MESSAGE_ASK, entry->id);
	assert_non_null(strstr(first.text, "status 5"));
	assert_false(hear(&again, 200));
	again = asked(MESSAGE_ASK, entry->id); /* its answer was lost with a sentinel */
	assert_memory_equal(&again, &first, sizeof(first));
	assert_int_equal(lines_of("twice"), 1);
}

static void what_was_asked_while_none_ran_is_carried_out(void **state)
{
	struct message answer;

	(void)state;
	kill_it();
	tell(MESSAGE_ASK, entry_of("exec", "/bin/true")->id);
	start();
	assert_true(hear(&answer, 10000));
	assert_int_equal(answer.type, MESSAGE_DONE);
}

static void a_sentinel_that_does_not_read_loses_no_answer(void **state)
{
	struct message message;
	uint64_t sent = 0, heard = 0;

	(void)state;
	message_make(&message, MESSAGE_ASK, 0, 0, "");
	for (int full = 0; full < 50;) {
		message.id = 1000 + sent;
		if (message_send(link_pair[0], &message, -1) == 0) {
			sent++;
			full = 0;
		} else {
			full++;
			(void)usleep(2000);
		}
	}
	while (hear(&message, 500))
		assert_int_equal(message.id, 1000 + heard++);
	assert_int_equal(heard, sent);
	assert_true(sent > 200);
}

static void it_ends_when_main_is_gone(void **state)
{
	(void)state;
	(void)asked(MESSAGE_ASK, 999);
	(void)close(main_link[0]);
	(void)close(main_link[1]);
	assert_int_equal(end_of(2000), 0);
	main_link[0] = main_link[1] = -1;
}

static void on_sigterm_it_answers_what_is_under_way(void **state)
{
	struct ledger_entry *entry = entry_of("exec", counting("term", "sleep 0.5"));
	struct message answer;

	(void)state;
	tell(MESSAGE_ASK, entry->id);
	wait_for_lines("term", 1);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_true(hear(&answer, 2000));
	assert_int_equal(answer.type, MESSAGE_DONE);
	assert_int_equal(end_of(1000), 0);
}

static void on_sigterm_a_long_command_is_killed_in_time(void **state)
{
	struct message answer;

	(void)state;
	tell(MESSAGE_ASK, entry_of("exec", counting("long", "sleep 30"))->id);
	wait_for_lines("long", 1);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(end_of(4500), 0);
	assert_true(hear(&answer, 100));
	assert_int_equal(answer.result, -ECANCELED);
}

static void ctrl_c_is_left_to_main(void **state)
{
	(void)state;
	(void)asked(MESSAGE_ASK, 999);
	assert_int_equal(kill(pid, SIGINT), 0);
	assert_int_equal(kill(pid, SIGHUP), 0);
	assert_int_equal(asked(MESSAGE_ASK, 998).result, -ENOENT);
}

static void without_plugins_it_says_so_and_answers(void **state)
{
	char before[sizeof(plugins)];

	(void)state;
	kill_it();
	memcpy(before, plugins, sizeof(before));
	(void)snprintf(plugins, sizeof(plugins), "%s", dir);
	start();
	memcpy(plugins, before, sizeof(before));
	assert_int_equal(asked(MESSAGE_ASK, entry_of("exec", "/bin/true")->id).result, -ENODEV);
}

/* There is no systemd behind a root prefix. */
static void each_look_is_answered(void **state)
{
	const int bits = UNIT_NO_ANSWER | UNIT_LOOKED;

	(void)state;
	assert_int_equal(asked(MESSAGE_LOOK, message_unit_id("nodira")).result, bits);
	assert_int_equal(asked(MESSAGE_LOOK, message_unit_id("nodira")).type, MESSAGE_UNIT);
	assert_int_equal(asked(MESSAGE_LOOK, message_unit_id("mirzo")).result, bits);
	assert_non_null(strstr(asked(MESSAGE_LOOK, 0).text, "not watched"));
}

static void send_config(const char *unit, uint32_t generation)
{
	int fd = config_of(unit, generation);
	struct message message;

	message_make(&message, MESSAGE_CONFIG, generation, 0, "");
	assert_int_equal(message_send(main_link[0], &message, fd), 0);
	(void)close(fd);
}

static void a_later_config_is_taken_and_an_older_one_is_not(void **state)
{
	struct message nothing;

	(void)state;
	send_config("mirzo", 3);
	send_config("nodira", 2);
	assert_non_null(strstr(asked(MESSAGE_LOOK, message_unit_id("nodira")).text, "not watched"));
	assert_null(strstr(asked(MESSAGE_LOOK, message_unit_id("mirzo")).text, "not watched"));
	message_make(&nothing, MESSAGE_CONFIG, 4, 0, "");
	assert_int_equal(message_send(main_link[0], &nothing, -1), 0);
	assert_int_equal(message_send(main_link[0], &nothing, ledger_fd), 0); /* no config */
	assert_null(strstr(asked(MESSAGE_LOOK, message_unit_id("mirzo")).text, "not watched"));
}

static bool status_has(const char *line)
{
	char path[64], text[4096] = {0};
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	(void)close(fd);
	return strstr(text, line) != NULL;
}

static void the_scribe_keeps_nothing_but_to_read(void **state)
{
	static const char *const lines[] = {
		"\nCapInh:\t0000000000000000\n",
		"\nCapPrm:\t0000000000000004\n",
		"\nCapEff:\t0000000000000004\n",
		"\nCapBnd:\t0000000000000004\n",
		"\nCapAmb:\t0000000000000000\n",
		"\nGroups:\t \n",
	};
	char path[64], ours[64], its[64];

	(void)state;
	if (geteuid() != 0)
		skip();
	kill_it();
	role = "scribe";
	start();
	role = "actor";
	(void)asked(MESSAGE_LOOK, 1);
	assert_false(status_has("\nUid:\t0"));
	assert_false(status_has("\nGid:\t0"));
	assert_true(status_has("\nNoNewPrivs:\t1\n"));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_true(status_has(lines[i]));
	assert_true(status_has("Name:\twd-scribe\n"));
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	assert_true(readlink("/proc/self/ns/net", ours, sizeof(ours)) > 0);
	assert_true(readlink(path, its, sizeof(its)) > 0);
	assert_memory_not_equal(ours, its, strlen("net:[4026531840"));
}

/* The worker lies beside the directory of the tests. */
static int find_program(void **state)
{
	char path[200];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	(void)state;
	assert_true(n > 0);
	path[n] = '\0';
	(void)dirname(dirname(path));
	(void)snprintf(program, sizeof(program), "%s/wd-worker", path);
	(void)snprintf(plugins, sizeof(plugins), "%s/plugins", path);
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
		TEST(an_entry_is_carried_out_and_answered),
		TEST(it_is_called_wd_actor),
		TEST(what_it_cannot_carry_out_is_answered),
		TEST(with_a_root_prefix_no_systemd_is_asked),
		TEST(texts_without_an_end_are_ended),
		TEST(what_is_no_message_does_not_end_it),
		TEST(an_entry_that_was_taken_is_not_run),
		TEST(a_command_is_run_once_over_a_kill),
		TEST(asked_twice_it_runs_once),
		TEST(what_was_asked_while_none_ran_is_carried_out),
		TEST(a_sentinel_that_does_not_read_loses_no_answer),
		TEST(it_ends_when_main_is_gone),
		TEST(on_sigterm_it_answers_what_is_under_way),
		TEST(on_sigterm_a_long_command_is_killed_in_time),
		TEST(ctrl_c_is_left_to_main),
		TEST(without_plugins_it_says_so_and_answers),
		TEST(the_scribe_keeps_nothing_but_to_read),
		TEST(each_look_is_answered),
		TEST(a_later_config_is_taken_and_an_older_one_is_not),
	};

	return cmocka_run_group_tests(tests, find_program, remove_dir);
}
