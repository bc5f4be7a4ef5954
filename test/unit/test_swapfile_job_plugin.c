/* The child of the plugin swapfile: its time limit, one at a time, a swapoff that is given up. What the work is, and
 * how long it takes, the test says: swapfile_do is its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "plugin_driver.h"
#include "../../plugins/swapfile_order.h"

extern const struct plugin plugin;

enum { WAIT_MS = 30000 };

static uint64_t last_id;
static int seen[2]; /* a pipe: each child writes what it is to do, and its pid */

struct word {
	enum swapfile_work work;
	pid_t pid;
};

int __wrap_swapfile_do(const struct swapfile_order *order, struct buffer *said);

/* In the child, which has closed all but what it needs: the pipe is found again by its name. A path that ends in
 * "hang" is never done. */
int __wrap_swapfile_do(const struct swapfile_order *order, struct buffer *said)
{
	char name[64];
	struct word word = {order->work, getpid()};
	int fd;

	(void)snprintf(name, sizeof(name), "/proc/%d/fd/%d", getppid(), seen[1]);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, &word, sizeof(word)) != (ssize_t)sizeof(word))
		return -EIO;
	(void)close(fd);
	while (strcmp(order->name, "hang") == 0 && order->work != SWAPFILE_ON && order->work != SWAPFILE_CLEAN)
		(void)pause();
	buffer_add(said, "done");
	return 0;
}

static int open_plugin(void **state)
{
	(void)state;
	return pipe2(seen, O_CLOEXEC | O_NONBLOCK) < 0 ? -1 : plugin.open(driver_host());
}

static int close_plugin(void **state)
{
	(void)state;
	plugin.close();
	(void)close(seen[0]);
	(void)close(seen[1]);
	return 0;
}

static uint64_t ask(const char *target, uint32_t limit_ms)
{
	plugin.ask(&(struct plugin_request){.id = ++last_id, .verb = "swap", .target = target, .timeout_ms = limit_ms});
	return last_id;
}

static void assert_answer(uint64_t id, int result, const char *text)
{
	const struct driver_answer *answer = driver_wait(&plugin, id, WAIT_MS);

	assert_non_null(answer);
	if (answer->result != result || strstr(answer->text, text) == NULL)
		fail_msg("%d: %s", answer->result, answer->text);
}

/* The next child, as it has begun. */
static struct word begun(void)
{
	struct word word = {0};

	for (int i = 0; i < WAIT_MS / 10; i++) {
		if (read(seen[0], &word, sizeof(word)) == (ssize_t)sizeof(word))
			return word;
		driver_run(&plugin, 10);
	}
	fail_msg("no child began");
	return word;
}

static void what_it_does_is_answered(void **state)
{
	uint64_t id = ask("look 1 2 -1 /x", WAIT_MS);

	(void)state;
	assert_answer(id, 0, "done");
	assert_int_equal(begun().work, SWAPFILE_LOOK);
}

static void what_takes_too_long_is_killed_and_what_it_left_is_cleaned(void **state)
{
	uint64_t id = ask("make 1 2 -1 /hang", 2000);
	pid_t pid = begun().pid;

	(void)state;
	assert_answer(id, -ETIMEDOUT, "it was not made in its time");
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(begun().work, SWAPFILE_CLEAN);
	id = ask("look 1 2 -1 /x", WAIT_MS); /* perhaps it is still at it */
	for (int i = 0; i < 100; i++) {
		const struct driver_answer *answer = driver_wait(&plugin, id, WAIT_MS);

		if (answer->result != -EAGAIN)
			break;
		driver_run(&plugin, 20);
		id = ask("look 1 2 -1 /x", WAIT_MS);
	}
	assert_answer(id, 0, "done");
}

static void a_swapoff_at_its_limit_says_what_is_where(void **state)
{
	(void)state;
	assert_answer(ask("off 1 2 -1 /hang", 50), -ETIMEDOUT,
		      "what was read back is in memory, the rest stays on it");
}

static void there_is_one_at_a_time(void **state)
{
	uint64_t first = ask("make 1 2 -1 /hang", WAIT_MS);

	(void)state;
	(void)begun();
	assert_answer(ask("look 1 2 -1 /x", WAIT_MS), -EAGAIN, "the swap file is being worked on");
	assert_answer(ask("on 1 2 -1 /x", WAIT_MS), -EAGAIN, "the swap file is being worked on");
	plugin.close();
	assert_answer(first, -ECANCELED, "watchdogd ends");
}

static void swap_that_is_wanted_again_ends_a_swapoff(void **state)
{
	uint64_t off = ask("off 1 2 -1 /hang", WAIT_MS), on;
	struct word word = begun();

	(void)state;
	assert_int_equal(word.work, SWAPFILE_OFF);
	on = ask("on 1 2 -1 /hang", WAIT_MS);
	assert_answer(off, -ECANCELED, "given up: swap is wanted again");
	assert_answer(on, 0, "done");
	assert_int_equal(kill(word.pid, 0), -1); /* it had ended before */
	assert_int_equal(begun().work, SWAPFILE_ON);
}

static void a_child_that_is_killed_by_another_is_told(void **state)
{
	uint64_t id = ask("off 1 2 -1 /hang", WAIT_MS);

	(void)state;
	assert_int_equal(kill(begun().pid, SIGKILL), 0);
	assert_answer(id, -EIO, "who worked on it ended without a word");
}

static void it_goes_first_when_memory_ends_and_stands_back_while_it_makes(void **state)
{
	char name[64], text[16] = "";
	pid_t pid;
	int fd;

	(void)state;
	(void)ask("make 1 2 -1 /hang", WAIT_MS);
	pid = begun().pid;
	(void)snprintf(name, sizeof(name), "/proc/%d/oom_score_adj", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	(void)close(fd);
	assert_string_equal(text, "0\n");
	(void)snprintf(name, sizeof(name), "/proc/%d/comm", pid);
	memset(text, 0, sizeof(text));
	fd = open(name, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	(void)close(fd);
	assert_string_equal(text, "wd-swapfile\n");
}

static char state_of(pid_t pid)
{
	char name[64], text[256] = "", *end;
	int fd;

	(void)snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	(void)!read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	end = strrchr(text, ')');
	return end != NULL ? end[2] : 0;
}

/* Whoever kills the actor kills that too: the next one may begin at once. */
static void it_ends_with_the_actor(void **state)
{
	pid_t actor = fork(), pid;
	char is = 'S';

	(void)state;
	if (actor == 0) {
		(void)ask("make 1 2 -1 /hang", WAIT_MS);
		for (;;)
			(void)pause();
	}
	pid = begun().pid;
	assert_int_equal(kill(actor, SIGKILL), 0);
	assert_int_equal(waitpid(actor, NULL, 0), actor);
	for (int i = 0; i < WAIT_MS / 10 && is != 0 && is != 'Z'; i++) {
		is = state_of(pid);
		(void)usleep(10000);
	}
	assert_true(is == 0 || is == 'Z'); /* gone, whether or not somebody has asked how */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_plugin, close_plugin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_it_does_is_answered),
		TEST(what_takes_too_long_is_killed_and_what_it_left_is_cleaned),
		TEST(a_swapoff_at_its_limit_says_what_is_where),
		TEST(there_is_one_at_a_time),
		TEST(swap_that_is_wanted_again_ends_a_swapoff),
		TEST(a_child_that_is_killed_by_another_is_told),
		TEST(it_ends_with_the_actor),
		TEST(it_goes_first_when_memory_ends_and_stands_back_while_it_makes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
