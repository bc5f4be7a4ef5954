/* log: real files in a directory, followed through what happens to logs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "share/plugin.h"
#include "plugin_driver.h"

extern const struct plugin plugin;

enum { UNIT = 7, LINE_MAX_BYTES = 64 * 1024, SOON_MS = 5000, QUIET_MS = 1300 };

static char dir[64];
static int heard; /* reports that were looked at */

static const char *in_dir(const char *name)
{
	static char path[4][PATH_BYTES];
	static unsigned next;
	char *one = path[next++ % 4];

	(void)snprintf(one, PATH_BYTES, "%s/%s", dir, name);
	return one;
}

static void put(const char *name, int flags, const char *bytes, size_t n)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);

	assert_true(fd >= 0);
	for (ssize_t did; n > 0; bytes += did, n -= (size_t)did) {
		did = write(fd, bytes, n);
		assert_true(did > 0);
	}
	(void)close(fd);
}

static void append(const char *name, const char *text)
{
	put(name, O_APPEND, text, strlen(text));
}

static void watch(const char *name)
{
	static char path[PATH_BYTES];
	struct plugin_unit unit = {.id = UNIT, .name = "nodira", .log = path};

	(void)snprintf(path, sizeof(path), "%s", in_dir(name));
	plugin.watch(&unit, 1);
	driver_run(&plugin, 30); /* the first look */
}

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test-log-XXXXXX");
	assert_non_null(mkdtemp(dir));
	heard = 0;
	return plugin.open(driver_host());
}

static int tear_down(void **state)
{
	char line[128];

	(void)state;
	plugin.close();
	(void)snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line);
}

/* The next line that comes, within for_ms; NULL: none. */
static const struct driver_report *next_within(int for_ms)
{
	mono_ms end = clock_mono() + (mono_ms)for_ms;

	while (driver.reports == heard && clock_mono() < end)
		driver_run(&plugin, 10);
	return driver.reports > heard ? &driver.report[heard++ % DRIVER_REPORTS_MAX] : NULL;
}

static void comes(const char *line)
{
	const struct driver_report *report = next_within(SOON_MS);

	if (report == NULL)
		fail_msg("\"%s\" does not come: %s", line, driver.log);
	assert_int_equal(report->said, DRIVER_LINE);
	assert_int_equal(report->unit, UNIT);
	assert_string_equal(report->text, line);
	assert_int_equal(report->result, strlen(line));
}

static void nothing_comes(void)
{
	const struct driver_report *report = next_within(QUIET_MS);

	if (report != NULL)
		fail_msg("\"%.100s\" comes", report->text);
}

static void what_is_there_is_old_and_what_is_appended_is_told_at_once(void **state)
{
	mono_ms began;

	(void)state;
	append("log", "old one\nold two\n");
	watch("log");
	nothing_comes();
	began = clock_mono();
	append("log", "new one\n\nnew two\r\n");
	comes("new one");
	assert_in_range(clock_mono() - began, 0, 500);
	comes("");
	comes("new two");
	nothing_comes();
}

static void a_file_that_appears_is_read_from_its_beginning(void **state)
{
	(void)state;
	watch("sub/dir/log");
	nothing_comes();
	assert_int_equal(mkdir(in_dir("sub"), 0755), 0);
	assert_int_equal(mkdir(in_dir("sub/dir"), 0755), 0);
	append("sub/dir/log", "first\nsecond\n");
	comes("first");
	comes("second");
}

static void after_a_rename_the_old_file_is_read_to_its_end_and_then_the_new(void **state)
{
	int old;

	(void)state;
	append("log", "before\n");
	watch("log");
	old = open(in_dir("log"), O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(old, "one\n", 4), 4);
	assert_int_equal(rename(in_dir("log"), in_dir("log.1")), 0);
	append("log", "three\n");
	assert_int_equal(write(old, "two\n", 4), 4);
	comes("one");
	comes("two");
	comes("three");
	/* The writer has not opened the new one yet. */
	assert_int_equal(write(old, "late\n", 5), 5);
	comes("late");
	append("log", "four\n");
	comes("four");
	(void)close(old);
}

static void a_file_that_is_removed_and_made_again_is_read_from_its_beginning(void **state)
{
	(void)state;
	append("log", "before\n");
	watch("log");
	for (int i = 0; i < 3; i++) {
		append("log", "last words\n");
		assert_int_equal(unlink(in_dir("log")), 0);
		append("log", "first words\n");
		comes("last words");
		comes("first words");
	}
	nothing_comes();
}

static void a_truncated_file_begins_anew(void **state)
{
	(void)state;
	append("log", "a line that was there before\n");
	watch("log");
	append("log", "one\n");
	comes("one");
	assert_int_equal(truncate(in_dir("log"), 0), 0);
	append("log", "two\n");
	comes("two");
	/* Truncated, and longer than before when it is looked at again. */
	put("log", O_TRUNC, "a line that was there before, but is another one\nthree\n", 55);
	comes("a line that was there before, but is another one");
	comes("three");
	nothing_comes();
}

/* copytruncate under a writer that does not append: it goes on at its place, behind a hole. */
static void a_hole_left_by_truncation_is_passed_over(void **state)
{
	int fd;

	(void)state;
	append("log", "");
	watch("log");
	fd = open(in_dir("log"), O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "far\n", 4, (off_t)1 << 28), 4);
	while (next_within(QUIET_MS) != NULL)
		;
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, "farther\n", 8, ((off_t)1 << 28) + 4), 8);
	comes("farther");
	(void)close(fd);
}

static void a_line_is_told_when_its_end_comes_or_after_a_while(void **state)
{
	mono_ms began;

	(void)state;
	append("log", "");
	watch("log");
	append("log", "half");
	assert_null(next_within(700));
	append("log", " and half\nprompt> ");
	comes("half and half");
	began = clock_mono();
	comes("prompt> ");
	assert_in_range(clock_mono() - began, 1500, 4000);
	append("log", "\nnext\n");
	comes("next");
}

static void of_a_long_line_the_beginning_is_told_once(void **state)
{
	static const size_t sizes[] = {LINE_MAX_BYTES - 1, LINE_MAX_BYTES, LINE_MAX_BYTES + 1, 4 * LINE_MAX_BYTES,
				       4 * LINE_MAX_BYTES + 1, 10000000};
	static char line[10000000];
	const struct driver_report *report;

	(void)state;
	append("log", "");
	watch("log");
	memset(line, 'x', sizeof(line));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		put("log", O_APPEND, line, sizes[i] / 2);
		driver_run(&plugin, 50);
		put("log", O_APPEND, line, sizes[i] - sizes[i] / 2);
		append("log", "\nafter it\n");
		report = next_within(SOON_MS);
		assert_non_null(report);
		assert_int_equal(report->result, sizes[i] < LINE_MAX_BYTES ? sizes[i] : LINE_MAX_BYTES);
		comes("after it");
	}
}

static void bytes_of_any_kind_are_told_as_they_are(void **state)
{
	const struct driver_report *report;

	(void)state;
	append("log", "");
	watch("log");
	put("log", O_APPEND, "a\0b\033[31m\xff\xfe\n", 11);
	report = next_within(SOON_MS);
	assert_non_null(report);
	assert_int_equal(report->result, 10);
	assert_memory_equal(report->text, "a\0b\033[31m\xff\xfe", 10);
}

static void a_star_is_any_text_and_new_files_are_found(void **state)
{
	(void)state;
	assert_int_equal(mkdir(in_dir("a"), 0755), 0);
	append("a/x-1.log", "old\n");
	append("a/x-1.txt", "not meant\n");
	append("a/.x-2.log", "hidden\n");
	watch("*/x*.log");
	append("a/x-1.log", "one\n");
	append("a/x-1.txt", "not meant\n");
	comes("one");
	append("a/x-2.log", "two\n");
	comes("two");
	assert_int_equal(mkdir(in_dir("b"), 0755), 0);
	append("b/x.log", "three\n");
	comes("three");
	append("a/x-1.log", "four\n");
	comes("four");
	/* Renamed within the pattern it is no new file. */
	assert_int_equal(rename(in_dir("a/x-1.log"), in_dir("a/x-9.log")), 0);
	nothing_comes();
	append("a/x-9.log", "five\n");
	comes("five");
}

static void brackets_and_question_marks_are_no_patterns(void **state)
{
	(void)state;
	assert_int_equal(mkdir(in_dir("[a]?"), 0755), 0);
	assert_int_equal(mkdir(in_dir("a1"), 0755), 0);
	append("[a]?/x.log", "");
	append("a1/x.log", "");
	watch("[a]?/*.log");
	append("a1/x.log", "another\n");
	append("[a]?/x.log", "one\n");
	comes("one");
	nothing_comes();
}

static void what_is_no_file_is_refused_and_said_once(void **state)
{
	int fifo;

	(void)state;
	assert_int_equal(mkfifo(in_dir("log"), 0644), 0);
	watch("log");
	assert_non_null(strstr(driver.log, "no regular file"));
	assert_int_equal(open(in_dir("log"), O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1); /* nobody has it open */
	driver.log[0] = '\0';
	nothing_comes();
	assert_string_equal(driver.log, "");
	fifo = unlink(in_dir("log"));
	assert_int_equal(fifo, 0);
	append("log", "a file now\n");
	comes("a file now");
	watch(".");
	assert_non_null(strstr(driver.log, "no regular file"));
	assert_int_equal(symlink("/dev/zero", in_dir("zero")), 0);
	driver.log[0] = '\0';
	watch("zero");
	assert_non_null(strstr(driver.log, "no regular file"));
	nothing_comes();
}

static void a_link_is_followed_to_where_it_points_now(void **state)
{
	(void)state;
	append("one", "old\n");
	assert_int_equal(symlink("one", in_dir("current")), 0);
	watch("current");
	append("one", "by one\n");
	comes("by one");
	append("two", "by two\n");
	assert_int_equal(unlink(in_dir("current")), 0);
	assert_int_equal(symlink("two", in_dir("current")), 0);
	comes("by two");
}

static void what_may_not_be_read_is_said_once_and_tried_again(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	append("log", "old\n");
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chmod(in_dir("log"), 0600), 0);
	pid = fork();
	if (pid == 0) { /* without root's rights, in a process of its own */
		bool well = setgid(65534) == 0 && setuid(65534) == 0;

		watch("log");
		well = well && strstr(driver.log, "Permission denied") != NULL;
		driver.log[0] = '\0';
		driver_run(&plugin, 2500);
		well = well && driver.log[0] == '\0' && driver.reports == 0;
		_exit(well ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_reload_goes_on_where_it_was(void **state)
{
	struct plugin_unit units[2] = {{.id = 1, .name = "other"}, {.id = UNIT, .name = "nodira"}};

	(void)state;
	append("log", "");
	watch("log");
	append("log", "one\n");
	units[0].log = in_dir("log");
	units[1].log = in_dir("log");
	plugin.watch(units, 2); /* the other begins at the end */
	comes("one");
	nothing_comes();
	append("log", "two\n");
	assert_non_null(next_within(SOON_MS));
	assert_non_null(next_within(SOON_MS));
	nothing_comes();
	assert_int_equal(driver.report[1].unit + driver.report[2].unit, UNIT + 1);
	plugin.watch(units + 1, 1); /* the watch that both had goes on for the one that stays */
	append("log", "three\n");
	comes("three");
	units[1].log = "";
	plugin.watch(units, 0);
	append("log", "four\n");
	nothing_comes();
}

static long cpu_ms(void)
{
	struct timespec at;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at), 0);
	return at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static void a_turn_ends_in_time_and_nothing_of_a_flood_is_lost(void **state)
{
	enum { LINES = 2000000, LINE = 32 };
	static char lines[LINES * LINE];
	struct pollfd fds[4];
	long worst = 0; /* of its own CPU time: others may hold it up here for as long as they like */

	(void)state;
	append("log", "");
	append("calm", "");
	watch("*");
	for (size_t i = 0; i < LINES; i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "%031zu\n", i);
		memcpy(lines + i * LINE, line, LINE);
	}
	put("log", O_APPEND, lines, sizeof(lines));
	append("calm", "calm\n");
	for (int i = 0; i < 10000 && driver.reports < LINES + 1; i++) {
		int timeout_ms = 100, rows = plugin.prepare(fds, 4, &timeout_ms);
		long began = cpu_ms();

		plugin.dispatch(fds, rows);
		if (cpu_ms() - began > worst)
			worst = cpu_ms() - began;
		if (timeout_ms > 0)
			(void)usleep(1000);
	}
	print_message("# the longest turn: %ld ms\n", worst);
	assert_int_equal(driver.reports, LINES + 1);
	assert_in_range(worst, 0, 60); /* all at once takes more than twice that */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_there_is_old_and_what_is_appended_is_told_at_once),
		TEST(a_file_that_appears_is_read_from_its_beginning),
		TEST(after_a_rename_the_old_file_is_read_to_its_end_and_then_the_new),
		TEST(a_file_that_is_removed_and_made_again_is_read_from_its_beginning),
		TEST(a_truncated_file_begins_anew),
		TEST(a_hole_left_by_truncation_is_passed_over),
		TEST(a_line_is_told_when_its_end_comes_or_after_a_while),
		TEST(of_a_long_line_the_beginning_is_told_once),
		TEST(bytes_of_any_kind_are_told_as_they_are),
		TEST(a_star_is_any_text_and_new_files_are_found),
		TEST(brackets_and_question_marks_are_no_patterns),
		TEST(what_is_no_file_is_refused_and_said_once),
		TEST(a_link_is_followed_to_where_it_points_now),
		TEST(what_may_not_be_read_is_said_once_and_tried_again),
		TEST(a_reload_goes_on_where_it_was),
		TEST(a_turn_ends_in_time_and_nothing_of_a_flood_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
