/* base: bounded text, escaping, the clock, kernel files, the log. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/root.h"

static void a_text_that_does_not_fit_is_cut_and_says_so(void **state)
{
	char text[6];
	struct buffer b;

	(void)state;
	BUFFER_OVER(&b, text);
	buffer_add(&b, "12345");
	assert_false(b.cut);
	buffer_add(&b, "");
	assert_false(b.cut);
	buffer_add_char(&b, '6');
	assert_true(b.cut);
	assert_string_equal(text, "12345");
	BUFFER_OVER(&b, text);
	buffer_addf(&b, "%d", 1234567);
	assert_true(b.cut);
	assert_string_equal(text, "12345");
	buffer_addf(&b, "x");
	assert_string_equal(text, "12345");
}

static const struct {
	const char *name, *in;
	size_t n;
	const char *line, *json;
} escapes[] = {
	{"ESC and BEL", "\x1b[31m\a", 6, "\\x1b[31m\\x07", "\\u001b[31m\\u0007"},
	{"NUL and newline", "a\0b\nc", 5, "a\\x00b\\x0ac", "a\\u0000b\\u000ac"},
	{"C1 as UTF-8", "\xc2\x9b", 2, "\\xc2\\x9b", "\xc2\x9b"},
	{"bidi override", "\xe2\x80\xae", 3, "\\xe2\\x80\\xae", "\xe2\x80\xae"},
	{"overlong slash", "\xc0\xaf", 2, "\\xc0\\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
	{"surrogate", "\xed\xa0\x80", 3, "\\xed\\xa0\\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	{"beyond Unicode", "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80",
	 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	{"cut in a character", "a\xe2\x82", 3, "a\\xe2\\x82", "a\xef\xbf\xbd\xef\xbf\xbd"},
	{"a quote and a backslash", "\"\\", 2, "\"\\\\", "\\\"\\\\"},
	{"plain UTF-8", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	 "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
	{"empty", "", 0, "", ""},
};

static void hostile_text_is_harmless_on_a_terminal_and_in_json(void **state)
{
	char text[64];
	struct buffer b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
		BUFFER_OVER(&b, text);
		escape_line(&b, escapes[i].in, escapes[i].n);
		assert_string_equal(text, escapes[i].line);
		BUFFER_OVER(&b, text);
		escape_json(&b, escapes[i].in, escapes[i].n);
		assert_string_equal(text, escapes[i].json);
	}
}

static const struct {
	const char *name, *in;
	size_t n;
	const char *html, *url;
} escapes_web[] = {
	{"a tag", "</b><script>", 12, "&lt;/b&gt;&lt;script&gt;", "%3C%2Fb%3E%3Cscript%3E"},
	{"out of an attribute", "' onload=\"x", 11, "&#39; onload=&quot;x", "%27%20onload%3D%22x"},
	{"a reference", "&amp;&#60;", 10, "&amp;amp;&amp;#60;", "%26amp%3B%26%2360%3B"},
	{"a new header", "a\r\nTo: b", 8, "a\xef\xbf\xbd\nTo: b", "a%0D%0ATo%3A%20b"},
	{"a tab", "\t", 1, "\t", "%09"},
	{"NUL and ESC", "\0\x1b[1m", 5, "\xef\xbf\xbd\xef\xbf\xbd[1m", "%00%1B%5B1m"},
	{"DEL and C1 as UTF-8", "\x7f\xc2\x9b", 3, "\xef\xbf\xbd\xef\xbf\xbd", "%7F%C2%9B"},
	{"bidi override", "a\xe2\x80\xae\x62", 5, "a\xef\xbf\xbd\x62", "a%E2%80%AEb"},
	{"not UTF-8", "\xff\xc0\xaf", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "%FF%C0%AF"},
	{"cut before a tag", "\xe2\x82<", 3, "\xef\xbf\xbd\xef\xbf\xbd&lt;", "%E2%82%3C"},
	{"another path", "../?a=1&b#c", 11, "../?a=1&amp;b#c", "..%2F%3Fa%3D1%26b%23c"},
	{"what a URL may hold", "aZ09-._~", 8, "aZ09-._~", "aZ09-._~"},
	{"a percent and a plus", "%2e+", 4, "%2e+", "%252e%2B"},
	{"plain UTF-8", "\xc3\xa9\xf0\x9f\x98\x80", 6, "\xc3\xa9\xf0\x9f\x98\x80", "%C3%A9%F0%9F%98%80"},
	{"empty", "", 0, "", ""},
};

static void hostile_text_is_harmless_in_html_and_in_a_url(void **state)
{
	char text[128];
	struct buffer b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(escapes_web); i++) {
		BUFFER_OVER(&b, text);
		escape_html(&b, escapes_web[i].in, escapes_web[i].n);
		assert_string_equal(text, escapes_web[i].html);
		BUFFER_OVER(&b, text);
		escape_url(&b, escapes_web[i].in, escapes_web[i].n);
		assert_string_equal(text, escapes_web[i].url);
	}
}

static void instants_and_spans_are_written_for_people(void **state)
{
	char text[21], span[32];

	(void)state;
	clock_format(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	clock_format(1769107081000, text);
	assert_string_equal(text, "2026-01-22T18:38:01Z");
	clock_format(951782400000, text);
	assert_string_equal(text, "2000-02-29T00:00:00Z");
	assert_string_equal(clock_format_span(999, span), "999 ms");
	assert_string_equal(clock_format_span(1200, span), "1.2 s");
	assert_string_equal(clock_format_span(59999, span), "59 s");
	assert_string_equal(clock_format_span(243000, span), "4 min 3 s");
	assert_string_equal(clock_format_span(7500000, span), "2 h 5 min");
	assert_string_equal(clock_format_span(273600000, span), "3 d 4 h");
	clock_turn(5, 7);
	assert_int_equal(clock_mono(), 5);
	assert_int_equal(clock_wall(), 7);
	clock_turn(0, 0);
	assert_true(clock_mono() > 5);
}

static void numbers_of_kernel_files_are_found_or_refused(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_true(file_find_u64("MemTotal:  12 kB\nMemFree: 3 kB\n", "MemFree", &v));
	assert_int_equal(v, 3);
	assert_false(file_find_u64("MemFreeish: 3 kB\n", "MemFree", &v));
	assert_false(file_find_u64("MemFree: x\n", "MemFree", &v));
	assert_false(file_find_u64("MemFree: 99999999999999999999999\n", "MemFree", &v));
	assert_false(file_find_u64("MemFree: -3\n", "MemFree", &v));
	assert_false(file_find_u64("", "MemFree", &v));
	assert_true(file_find_u64("oom 1\noom_kill 2\n", "oom", &v));
	assert_int_equal(v, 1);
	assert_true(file_parse_u64("max\n", &v));
	assert_true(v == UINT64_MAX);
	assert_true(file_parse_u64("18446744073709551615\n", &v));
	assert_false(file_parse_u64("18446744073709551616\n", &v));
	assert_false(file_parse_u64("12 34\n", &v));
	assert_false(file_parse_u64("", &v));
}

static void a_kept_file_is_read_from_its_start_each_time(void **state)
{
	char path[] = "/tmp/test_base.XXXXXX", text[8];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "hello", 5), 5);
	assert_int_equal(file_read(fd, text, sizeof(text)), 5);
	assert_int_equal(file_read(fd, text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
	assert_int_equal(file_read(fd, text, 4), 3);
	assert_string_equal(text, "hel");
	assert_int_equal(file_read(-1, text, sizeof(text)), -EBADF);
	assert_int_equal(file_write_at(AT_FDCWD, path, "xy"), 0);
	assert_int_equal(file_read_at(AT_FDCWD, "/nonexistent", text, sizeof(text)), -ENOENT);
	assert_int_equal(file_close(fd), -1);
	(void)unlink(path);
}

static void a_root_prefix_is_joined_in_one_place(void **state)
{
	char path[32];

	(void)state;
	root_set("/");
	assert_false(root_is_fake());
	assert_int_equal(root_join("/proc/x", path, sizeof(path)), 0);
	assert_string_equal(path, "/proc/x");
	root_set("/tmp/fake");
	assert_true(root_is_fake());
	assert_int_equal(root_join("/proc/x", path, sizeof(path)), 0);
	assert_string_equal(path, "/tmp/fake/proc/x");
	assert_int_equal(root_join("/proc/x", path, 8), -ENAMETOOLONG);
	root_set("");
}

static void count_ready(void *arg, uint32_t events)
{
	(void)events;
	++*(int *)arg;
}

static void who_is_ready_is_called_and_who_was_removed_is_not(void **state)
{
	static struct loop loop;
	int pipes[2], calls = 0;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(loop_add(&loop, pipes[0], EPOLLIN, count_ready, &calls), 0);
	assert_int_equal(loop_wait(&loop, 0), 0);
	assert_int_equal(calls, 0);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(loop_wait(&loop, 0), 1); /* so many were ready */
	assert_int_equal(calls, 1);
	loop_remove(&loop, pipes[0]);
	assert_int_equal(loop_wait(&loop, 0), 0);
	assert_int_equal(calls, 1);
	loop_remove(&loop, pipes[0]);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	(void)close(loop.epoll);
}

static void a_log_line_is_one_line_whatever_is_in_it(void **state)
{
	int pipes[2], kept = dup(STDERR_FILENO);
	char text[512];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_true(dup2(pipes[1], STDERR_FILENO) >= 0);
	clock_turn(1, 1769107081000);
	diag_open(false);
	diag_event(SEVERITY_DEBUG, NULL, NULL, "not verbose: not written");
	diag_event(SEVERITY_CRITICAL, "oom", "bot", "killed %s", "a)\n<0>fake: \x1b[2J");
	clock_turn(0, 0);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	n = read(pipes[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, "2026-01-22T18:38:01Z critical rule=oom unit=bot killed a)\\x0a<0>fake: \\x1b[2J\n");
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	(void)close(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_that_does_not_fit_is_cut_and_says_so),
		cmocka_unit_test(hostile_text_is_harmless_on_a_terminal_and_in_json),
		cmocka_unit_test(hostile_text_is_harmless_in_html_and_in_a_url),
		cmocka_unit_test(instants_and_spans_are_written_for_people),
		cmocka_unit_test(numbers_of_kernel_files_are_found_or_refused),
		cmocka_unit_test(a_kept_file_is_read_from_its_start_each_time),
		cmocka_unit_test(a_root_prefix_is_joined_in_one_place),
		cmocka_unit_test(who_is_ready_is_called_and_who_was_removed_is_not),
		cmocka_unit_test(a_log_line_is_one_line_whatever_is_in_it),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
