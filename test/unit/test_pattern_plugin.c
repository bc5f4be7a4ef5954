/* log-match: literal texts and patterns, on lines of any bytes, in bounded time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "share/plugin.h"
#include "plugin_driver.h"

extern const struct plugin plugin;

enum { LONG_BYTES = 64 * 1024 };

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

static void watch(const char *pattern)
{
	static const char *patterns[1];
	struct plugin_unit unit = {.id = 7, .name = "nodira", .patterns = patterns, .patterns_count = 1};

	patterns[0] = pattern;
	plugin.watch(&unit, 1);
}

static int finds(const char *line, size_t len)
{
	size_t at = SIZE_MAX;

	return plugin.match(7, line, len, &at) != 0 ? (int)at : -1;
}

#define BYTES(text) text, sizeof(text) - 1

static void texts_are_literal_and_patterns_between_slashes(void **state)
{
	static const struct {
		const char *pattern, *line;
		size_t len;
		int at;
	} rows[] = {
		{"\"type\":\"error\"", BYTES("{\"type\":\"error\",\"x\":1}"), 1},
		{"\"type\":\"error\"", BYTES("type:error"), -1},
		{"Parse error", BYTES("2026 Parse error: x"), 5},
		{"Parse error", BYTES("parse error"), -1},
		{"a.c", BYTES("abc a.c"), 4},
		{"a.c", BYTES(""), -1},
		{"a.c", BYTES("a.c"), 0},
		{"b", BYTES("\0\0b"), 2},
		{"b", BYTES("\n\xff\xfe b"), 4},
		{"/a.c/", BYTES("xabc"), 1},
		{"/a.c/", BYTES("xABC"), -1},
		{"/a.c/i", BYTES("xABC"), 1},
		{"/^ERROR [0-9]+$/", BYTES("ERROR 12"), 0},
		{"/^ERROR [0-9]+$/", BYTES("an ERROR 12"), -1},
		{"/a\\x00b/", BYTES("xa\0b"), 1},
		{"/\\xff/", BYTES("a\xff"), 1},
		{"/\xc3\xa9/", BYTES("caf\xc3\xa9"), 3},
		{"/./", BYTES("\xff"), 0},
		{"/./", BYTES(""), -1},
		{"/a/b/", BYTES("xa/b"), 1},
		{"/usr/bin/x", BYTES("run /usr/bin/x"), 4}, /* a path is a text */
		{"/", BYTES("a/b"), 1},
		{"/i", BYTES("a/i"), 1},
		{"(", BYTES("a("), 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		watch(rows[i].pattern);
		if (finds(rows[i].line, rows[i].len) != rows[i].at)
			fail_msg("%s in row %zu: %d", rows[i].pattern, i, finds(rows[i].line, rows[i].len));
	}
}

static void each_unit_has_its_own_and_the_first_found_counts(void **state)
{
	static const char *const a[] = {"none", "two", "one"}, *const b[] = {"/three/"};
	const struct plugin_unit units[] = {
		{.id = 9, .name = "a", .patterns = a, .patterns_count = 3},
		{.id = 8, .name = "without"},
		{.id = 1, .name = "b", .patterns = b, .patterns_count = 1},
	};
	size_t at;

	(void)state;
	plugin.watch(units, ARRAY_LEN(units));
	assert_int_equal(plugin.match(9, BYTES("one two three"), &at), 1);
	assert_int_equal(at, 4);
	assert_int_equal(plugin.match(1, BYTES("one two three"), &at), 1);
	assert_int_equal(at, 8);
	assert_int_equal(plugin.match(8, BYTES("one two three"), &at), 0);
	assert_int_equal(plugin.match(4711, BYTES("one two three"), &at), 0);
	plugin.watch(units + 1, 1);
	assert_int_equal(plugin.match(9, BYTES("one two three"), &at), 0);
	plugin.watch(NULL, 0);
	assert_int_equal(plugin.match(9, BYTES("one two three"), &at), 0);
}

static void a_catastrophic_pattern_is_no_match_and_said_once(void **state)
{
	static const char *const patterns[] = {"/^(a+)+$/", "/(a|aa)+$/", "/^(([a-z])+.)+[0-9]([a-z])+$/", "/(a*)*b|(a*)*c/"};
	static char line[LONG_BYTES];
	mono_ms began;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		memset(line, 'a', sizeof(line));
		line[sizeof(line) - 1] = '!';
		watch(patterns[i]);
		driver.log[0] = '\0';
		began = clock_mono();
		assert_int_equal(finds(line, sizeof(line)), -1);
		print_message("# %s: %llu ms\n", patterns[i], (unsigned long long)(clock_mono() - began));
		assert_in_range(clock_mono() - began, 0, 1000);
		assert_non_null(strstr(driver.log, "costs too much"));
		assert_non_null(strstr(driver.log, patterns[i]));
		driver.log[0] = '\0';
		assert_int_equal(finds(line, sizeof(line)), -1);
		assert_string_equal(driver.log, "");
	}
}

/* Deep, but of one way only: it must be found, by whatever engine. */
static void a_long_line_is_searched_to_its_end(void **state)
{
	static const char *const patterns[] = {"end", "/end$/", "/a.*end/", "/^.*(e)nd$/", "/^[ab]*end$/"};
	static char line[LONG_BYTES];

	(void)state;
	memset(line, 'a', sizeof(line));
	memcpy(line + sizeof(line) - 3, "end", 3);
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		watch(patterns[i]);
		if (finds(line, sizeof(line)) < 0)
			fail_msg("%s: %s", patterns[i], driver.log);
	}
}

static void what_is_no_pattern_is_refused_with_the_reason(void **state)
{
	static const char *const wrong[] = {"/(/", "/[a/", "/a{2,1}/", "/*/i", "/(*UTF)a/", "", "//", "//i", "/(?<=a+)b/"};
	static const char *const right[] = {"(", "[a", "/", "/usr/bin/x", "/a/", "/a/i", "/(a+)+/", "*"};
	char why[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		why[0] = '\0';
		if (plugin.check(wrong[i], why, sizeof(why)) != -EINVAL)
			fail_msg("%s is taken", wrong[i]);
		assert_true(strlen(why) > 10);
		assert_int_equal(plugin.check(wrong[i], why, 4), -EINVAL);
		assert_int_equal(strlen(why), 3);
	}
	for (size_t i = 0; i < ARRAY_LEN(right); i++)
		if (plugin.check(right[i], why, sizeof(why)) != 0)
			fail_msg("%s: %s", right[i], why);
}

static void a_broken_pattern_is_said_and_matches_nothing(void **state)
{
	(void)state;
	watch("/(/");
	assert_non_null(strstr(driver.log, "nodira"));
	assert_int_equal(finds(BYTES("/(/")), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(texts_are_literal_and_patterns_between_slashes),
		TEST(each_unit_has_its_own_and_the_first_found_counts),
		TEST(a_catastrophic_pattern_is_no_match_and_said_once),
		TEST(a_long_line_is_searched_to_its_end),
		TEST(what_is_no_pattern_is_refused_with_the_reason),
		TEST(a_broken_pattern_is_said_and_matches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
