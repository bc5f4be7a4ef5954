/* What a worker tells of units' logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bounds.h"
#include "start/worker_lines.h"

enum { ROOM = sizeof((struct message){0}.text) };

static struct worker_lines lines;
static int ends[2];

static int find_error(uint64_t unit, const char *line, size_t len, size_t *at)
{
	const char *found = memmem(line, len, "error", 5);

	assert_int_equal(unit, 1);
	*at = found != NULL ? (size_t)(found - line) : 0;
	return found != NULL;
}

static const struct plugin matcher = {.abi = PLUGIN_ABI, .name = "pattern", .match = find_error};
static const struct plugin_unit units[] = {{.id = 2, .log = ""}, {.id = 1, .log = "/x"}, {.id = 3, .log = "", .journal = 1}};

static int set_up(void **state)
{
	(void)state;
	memset(&lines, 0, sizeof(lines));
	assert_int_equal(worker_lines_watch(&lines, units, ARRAY_LEN(units)), 0);
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int tear_down(void **state)
{
	(void)state;
	free(lines.row);
	free(lines.due);
	(void)close(ends[0]);
	(void)close(ends[1]);
	return 0;
}

static void add(uint64_t id, const char *line)
{
	worker_lines_add(&lines, id == 1 ? &matcher : NULL, id, line, strlen(line));
}

static struct message next(void)
{
	struct message message;

	assert_int_equal(message_receive(ends[1], &message, NULL), 1);
	return message;
}

static void nothing_comes(void)
{
	struct message message;

	assert_true(message_receive(ends[1], &message, NULL) < 0);
}

static void the_first_line_is_told_at_once_and_then_once_a_second(void **state)
{
	struct message message;

	(void)state;
	assert_int_equal(worker_lines_send(&lines, ends[0], 5000), -1);
	add(3, "one");
	assert_int_equal(worker_lines_send(&lines, ends[0], 5000), -1);
	message = next();
	assert_int_equal(message.type, MESSAGE_LINES);
	assert_int_equal(message.id, 3);
	assert_int_equal(message.result, 1);
	add(3, "two");
	add(3, "three");
	assert_int_equal(worker_lines_send(&lines, ends[0], 5100), 900);
	nothing_comes();
	assert_int_equal(worker_lines_send(&lines, ends[0], 5999), 1);
	nothing_comes();
	assert_int_equal(worker_lines_send(&lines, ends[0], 6000), -1);
	assert_int_equal(next().result, 2);
}

static void matches_are_told_five_times_a_second_with_the_last_text(void **state)
{
	struct message message;

	(void)state;
	add(1, "an error here");
	add(1, "all is well");
	(void)worker_lines_send(&lines, ends[0], 5000);
	message = next();
	assert_int_equal(message.type, MESSAGE_MATCH);
	assert_int_equal(message.result, 1);
	assert_string_equal(message.text, "an error here");
	assert_int_equal(next().result, 2);
	for (int i = 0; i < 100000; i++)
		add(1, "error again");
	add(1, "the last error");
	assert_int_equal(worker_lines_send(&lines, ends[0], 5010), 190);
	nothing_comes();
	assert_int_equal(worker_lines_send(&lines, ends[0], 5200), 800);
	message = next();
	assert_int_equal(message.result, 100001);
	assert_string_equal(message.text, "the last error");
}

static void a_question_is_answered_behind_all_that_was_read(void **state)
{
	(void)state;
	add(3, "one");
	assert_int_equal(worker_lines_send(&lines, ends[0], 5000), -1);
	assert_int_equal(next().result, 1);
	assert_false(worker_lines_idle(&lines, true, 5000)); /* nobody asks */
	worker_lines_ask(&lines, 7, 5010);
	assert_false(worker_lines_idle(&lines, false, 5020)); /* there is more to read */
	add(3, "two");
	(void)worker_lines_send(&lines, ends[0], 5020);
	nothing_comes();
	assert_true(worker_lines_idle(&lines, true, 5030));
	assert_int_equal(worker_lines_send(&lines, ends[0], 5030), -1);
	assert_int_equal(next().type, MESSAGE_LINES); /* not a second later */
	assert_int_equal(next().id, 7);
	(void)worker_lines_send(&lines, ends[0], 5040);
	nothing_comes();
	worker_lines_ask(&lines, 8, 6000);
	assert_false(worker_lines_idle(&lines, false, 10999));
	assert_true(worker_lines_idle(&lines, false, 11000)); /* always behind, but at work */
	(void)worker_lines_send(&lines, ends[0], 11000);
	assert_int_equal(next().type, MESSAGE_READ);
}

static void a_unit_without_a_log_tells_nothing(void **state)
{
	(void)state;
	add(2, "x");
	add(4711, "x");
	assert_int_equal(worker_lines_send(&lines, ends[0], 5000), -1);
	nothing_comes();
}

static void what_a_full_link_does_not_take_is_told_later_and_counted_whole(void **state)
{
	struct message full;
	uint32_t told = 0;

	(void)state;
	message_make(&full, MESSAGE_ALIVE, 0, 0, "");
	while (message_send(ends[0], &full, -1) == 0)
		;
	for (mono_ms now = 5000; now < 8000; now += 250) {
		add(1, "error");
		assert_int_equal(worker_lines_send(&lines, ends[0], now), -1);
		assert_true(lines.full);
	}
	while (message_receive(ends[1], &full, NULL) == 1)
		assert_int_equal(full.type, MESSAGE_ALIVE);
	(void)worker_lines_send(&lines, ends[0], 8000);
	assert_false(lines.full);
	full = next();
	assert_int_equal(full.type, MESSAGE_MATCH);
	told = (uint32_t)full.result;
	assert_int_equal(told, 12);
	assert_int_equal(next().result, 12);
}

static void a_reload_keeps_what_is_counted(void **state)
{
	static const struct plugin_unit later[] = {{.id = 9, .log = "/y"}, {.id = 1, .log = "/x"}};

	(void)state;
	add(1, "error");
	add(3, "gone");
	assert_int_equal(worker_lines_watch(&lines, later, ARRAY_LEN(later)), 0);
	add(9, "new");
	(void)worker_lines_send(&lines, ends[0], 5000);
	assert_int_equal(next().type, MESSAGE_MATCH);
	assert_int_equal(next().id, 1);
	assert_int_equal(next().id, 9);
	nothing_comes();
	assert_int_equal(worker_lines_watch(&lines, NULL, 0), 0);
	add(1, "error");
	assert_int_equal(worker_lines_send(&lines, ends[0], 9000), -1);
	nothing_comes();
}

static void a_closed_link_holds_nothing_up(void **state)
{
	(void)state;
	add(1, "error");
	assert_int_equal(worker_lines_send(&lines, -1, 5000), -1);
	assert_false(lines.full);
}

static void the_excerpt_shows_the_match(void **state)
{
	static const struct {
		size_t len, at;
		const char *begin, *end;
	} rows[] = {
		{0, 0, "", ""},
		{ROOM - 1, 0, "xxx", "xxx"},
		{ROOM - 1, ROOM - 6, "xxx", "error"},
		{ROOM, 0, "error", "..."},
		{ROOM, ROOM - 5, "...x", "error"},
		{100000, 0, "error", "..."},
		{100000, 50000, "...x", "..."},
		{100000, 99995, "...x", "error"},
	};
	static char line[100000];
	char text[ROOM];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		memset(line, 'x', sizeof(line));
		if (rows[i].len > 5 && i != 1)
			memcpy(line + rows[i].at, "error", 5);
		worker_lines_cut(text, line, rows[i].len, rows[i].at);
		assert_true(strlen(text) < ROOM);
		assert_memory_equal(text, rows[i].begin, strlen(rows[i].begin));
		assert_string_equal(text + strlen(text) - strlen(rows[i].end), rows[i].end);
		assert_true(rows[i].len <= 5 || i == 1 || strstr(text, "error") != NULL);
		assert_true(rows[i].len < ROOM || strlen(text) >= ROOM - 4);
	}
}

static void the_excerpt_keeps_bytes_and_whole_characters(void **state)
{
	char line[1000], text[ROOM];

	(void)state;
	worker_lines_cut(text, "a\0b\033[31m\xff", 9, 0);
	assert_string_equal(text, "a b\033[31m\xff");
	for (size_t shift = 0; shift < 4; shift++) {
		memset(line, 'x', sizeof(line));
		for (size_t i = shift; i + 4 <= sizeof(line); i += 4)
			memcpy(line + i, "\xf0\x9f\x98\x80", 4);
		worker_lines_cut(text, line, sizeof(line), 500);
		assert_int_equal((unsigned char)text[3], 0xf0);
		assert_int_equal((unsigned char)text[strlen(text) - 4], 0x80);
		assert_int_equal((unsigned char)text[strlen(text) - 7], 0xf0);
	}
	memset(line, 0x80, sizeof(line)); /* no characters at all */
	worker_lines_cut(text, line, sizeof(line), 999);
	assert_true(strlen(text) > 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_line_is_told_at_once_and_then_once_a_second),
		TEST(matches_are_told_five_times_a_second_with_the_last_text),
		TEST(a_question_is_answered_behind_all_that_was_read),
		TEST(a_unit_without_a_log_tells_nothing),
		TEST(what_a_full_link_does_not_take_is_told_later_and_counted_whole),
		TEST(a_reload_keeps_what_is_counted),
		TEST(a_closed_link_holds_nothing_up),
		TEST(the_excerpt_shows_the_match),
		TEST(the_excerpt_keeps_bytes_and_whole_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
