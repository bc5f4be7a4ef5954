#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/title.h"
#include "live.h"

enum { HOUR = 3600000 };

static void no_new_line_for_log_silence_is_told_once(void **state)
{
	(void)state;
	live_says(LIVE_BOT, MESSAGE_LINES, 3, "");
	live_look(12 * HOUR - 100);
	assert_int_equal(live_row(LIVE_BOT)->heard, live.now - 12 * HOUR + 100);
	live_assert_no_event();
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_SILENCE, false, "its log has had no new line for 12 h 0 min");
	live_look(HOUR);
	live_assert_no_event();
}

static void it_is_counted_from_our_start(void **state)
{
	(void)state;
	live_look(12 * HOUR - 100001); /* setup has looked for 100 s */
	live_assert_no_event();
	live_look(1);
	live_assert_event(LIVE_BOT, EVENT_SILENCE, false, "no new line");
	assert_int_equal(live_row(LIVE_BOT)->heard, 0);
}

static void it_is_counted_from_the_start_of_the_unit(void **state)
{
	(void)state;
	live_look(11 * HOUR);
	live_status(LIVE_BOT, STATE_UNIT_INACTIVE);
	live_status(LIVE_BOT, STATE_UNIT_RUNNING);
	live_look(12 * HOUR - 1);
	live_assert_no_event();
	live_look(1);
	live_assert_event(LIVE_BOT, EVENT_SILENCE, false, "12 h");
}

static void each_line_begins_the_count_anew(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		live_look(11 * HOUR);
		live_assert_no_event();
		live_says(LIVE_BOT, i % 2 ? MESSAGE_LINES : MESSAGE_MATCH, 1, "");
	}
}

static void it_ends_with_the_next_line(void **state)
{
	(void)state;
	live_look(12 * HOUR);
	live_look(0);
	live_says(LIVE_BOT, MESSAGE_LINES, 1, "");
	live_assert_event(LIVE_BOT, EVENT_SILENCE, true, "a new line");
	live_look(12 * HOUR);
	live_assert_event(LIVE_BOT, EVENT_SILENCE, false, "12 h");
}

static void it_ends_with_the_units_next_start(void **state)
{
	(void)state;
	live_look(12 * HOUR);
	live_status(LIVE_BOT, STATE_UNIT_INACTIVE);
	live.now += 10;
	live_status(LIVE_BOT, STATE_UNIT_RUNNING);
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_SILENCE, true, "from its start");
	live_look(12 * HOUR - 101);
	live_assert_no_event();
	live_look(1);
	live_assert_event(LIVE_BOT, EVENT_SILENCE, false, "12 h");
}

static void a_unit_that_is_stopped_dead_or_frozen_is_not_silent(void **state)
{
	static const struct {
		enum state_unit_status status;
		uint32_t bits;
		enum state_alive alive;
	} cases[] = {
		{STATE_UNIT_INACTIVE, UNIT_STOP_JOB, STATE_STOPPED},
		{STATE_UNIT_INACTIVE, UNIT_FAILED, STATE_DEAD},
		{STATE_UNIT_FROZEN, UNIT_ACTIVE, STATE_ALIVE},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(live_setup(state), 0);
		if (cases[i].alive != STATE_ALIVE)
			live_die(LIVE_BOT);
		live_status(LIVE_BOT, cases[i].status);
		live_says(LIVE_BOT, MESSAGE_UNIT, live.answer[LIVE_BOT] = cases[i].bits, "");
		live_look(100);
		live_assert_alive(LIVE_BOT, cases[i].alive);
		live_look(20 * HOUR);
		live_assert_no_event();
		live_status(LIVE_BOT, STATE_UNIT_RUNNING); /* from here on it is counted */
		live_live(LIVE_BOT);
		live_says(LIVE_BOT, MESSAGE_UNIT, live.answer[LIVE_BOT] = UNIT_ACTIVE, "");
		live_look(0);
		live_look(12 * HOUR - 1);
		live_assert_no_event();
		live_look(1);
		live_assert_event(LIVE_BOT, EVENT_SILENCE, false, "12 h");
		(void)live_teardown(state);
	}
	assert_int_equal(live_setup(state), 0);
}

static void a_silence_that_was_told_ends_when_the_unit_is_stopped(void **state)
{
	(void)state;
	live_look(12 * HOUR);
	live_die(LIVE_BOT);
	live_status(LIVE_BOT, STATE_UNIT_INACTIVE);
	live_says(LIVE_BOT, MESSAGE_UNIT, live.answer[LIVE_BOT] = UNIT_STOP_JOB, "");
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_SILENCE, true, "does not run");
}

static void a_unit_without_log_silence_is_never_silent(void **state)
{
	(void)state;
	live_says(LIVE_TTS, MESSAGE_LINES, 1, "");
	live_look(11 * HOUR);
	live_look(100u * HOUR);
	assert_int_equal(live_unit(LIVE_TTS)->liveness.silence.told, false);
}

static void a_silence_is_told_again_after_a_reload_and_ended_after_a_restart(void **state)
{
	(void)state;
	live_look(12 * HOUR);
	live_reload(NULL);
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_SILENCE, false, "12 h");
	live_restart(); /* counted from our start: it is over */
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_SILENCE, true, "");
	live_look(100);
	live_assert_no_event();
	live_restart();
	live_look(100);
	live_assert_no_event();
}

static void a_silence_that_a_reload_lengthens_is_over(void **state)
{
	(void)state;
	live_look(12 * HOUR);
	live_reload("[unit bot]\nsystemd = bot.service\nprocess = claude\nlog = /var/log/x\nlog-silence = 20h\n");
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_SILENCE, true, "");
}

static void matching_lines_are_one_event_that_counts_them(void **state)
{
	const struct event *event;

	(void)state;
	live_look(100);
	live_says(LIVE_BOX, MESSAGE_MATCH, 7, "{\"type\":\"error\"} Subject: \r\n%s%n \x1b[2J");
	event = live_assert_event(LIVE_BOX, EVENT_LOG_MATCH, false, "its log says: {\"type\":\"error\"}");
	assert_int_equal(event->count, 7);
	assert_string_equal(event->title, "log: {\"type\":\"error\"} Subject: \r\n%s%n \x1b[2J");
	assert_non_null(strstr(event->text, "%s%n")); /* no format; escaped by who prints it */
}

static void counts_that_make_no_sense_are_passed_over(void **state)
{
	(void)state;
	live_look(100);
	live_says(LIVE_BOX, MESSAGE_MATCH, 0, "x");
	live_says(LIVE_BOX, MESSAGE_MATCH, (uint32_t)-1, "x");
	live_says(LIVE_BOX, MESSAGE_LINES, (uint32_t)-1, "x");
	live_assert_no_event();
	live_look(0);
	assert_int_equal(live_row(LIVE_BOX)->heard, 0);
}

static void the_longest_excerpt_is_bounded(void **state)
{
	char longest[256];
	const struct event *event;

	(void)state;
	live_look(100);
	memset(longest, '\xff', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	live_says(LIVE_BOX, MESSAGE_MATCH, 1, longest);
	event = live_assert_event(LIVE_BOX, EVENT_LOG_MATCH, false, longest);
	assert_int_equal(strlen(event->text), strlen("its log says: ") + 255);
	assert_int_equal(strlen(event->title), TITLE_CHARS + 3);
}

static void the_end_of_the_count_is_looked_at_when_it_comes(void **state)
{
	(void)state;
	live_says(LIVE_BOT, MESSAGE_LINES, 1, "");
	live_look(12 * HOUR - 300);
	assert_int_equal(liveness_next_ms(live.see, live.now), 300);
}

static void a_log_that_was_not_read_is_not_silent(void **state)
{
	(void)state;
	live.scribe_hangs = true;
	live_look(12 * HOUR);
	live_looks(20000);
	live_assert_no_event();
	live.scribe_hangs = false; /* it goes on, with nothing new */
	see_reader_up(live.see, live.now); /* ... or was started again, and has missed what came */
	live_look(12 * HOUR - 1);
	live_assert_no_event();
	live_look(1);
	live_assert_event(LIVE_BOT, EVENT_SILENCE, false, "12 h");
}

static void an_answer_to_an_older_question_says_nothing(void **state)
{
	struct message message;
	uint64_t id;

	(void)state;
	live.scribe_hangs = true;
	live_look(12 * HOUR);
	assert_true(see_next_reader_question(live.see, &id));
	message_make(&message, MESSAGE_READ, id - 1, 0, "");
	see_report(live.see, &message, live.now);
	live_look(100);
	live_assert_no_event();
	message_make(&message, MESSAGE_READ, id, 0, "");
	see_report(live.see, &message, live.now);
	live_look(100);
	live_assert_event(LIVE_BOT, EVENT_SILENCE, false, "12 h");
}

static void a_silence_that_was_told_outlives_the_scribe(void **state)
{
	(void)state;
	live_look(12 * HOUR);
	live_assert_event(LIVE_BOT, EVENT_SILENCE, false, "12 h");
	see_reader_up(live.see, live.now);
	live_look(100);
	live_assert_no_event();
	live_says(LIVE_BOT, MESSAGE_LINES, 1, "");
	live_assert_event(LIVE_BOT, EVENT_SILENCE, true, "a new line");
}

static void a_scribe_that_does_not_answer_hangs_once_by_our_own_time(void **state)
{
	uint64_t id;

	(void)state;
	live.scribe_hangs = true;
	live_look(60000);
	assert_true(see_next_reader_question(live.see, &id));
	assert_false(see_next_reader_question(live.see, &id));
	live_look(HOUR); /* we stood still, it may have too */
	assert_false(see_reader_hangs(live.see));
	live_looks(28000);
	assert_false(see_reader_hangs(live.see));
	live_looks(2000);
	assert_true(see_reader_hangs(live.see));
	assert_false(see_reader_hangs(live.see));
}

#define SILENCE_TEST(f) cmocka_unit_test_setup_teardown(f, live_setup, live_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SILENCE_TEST(no_new_line_for_log_silence_is_told_once),
		SILENCE_TEST(it_is_counted_from_our_start),
		SILENCE_TEST(it_is_counted_from_the_start_of_the_unit),
		SILENCE_TEST(each_line_begins_the_count_anew),
		SILENCE_TEST(it_ends_with_the_next_line),
		SILENCE_TEST(it_ends_with_the_units_next_start),
		SILENCE_TEST(a_unit_that_is_stopped_dead_or_frozen_is_not_silent),
		SILENCE_TEST(a_silence_that_was_told_ends_when_the_unit_is_stopped),
		SILENCE_TEST(a_unit_without_log_silence_is_never_silent),
		SILENCE_TEST(a_silence_is_told_again_after_a_reload_and_ended_after_a_restart),
		SILENCE_TEST(a_silence_that_a_reload_lengthens_is_over),
		SILENCE_TEST(matching_lines_are_one_event_that_counts_them),
		SILENCE_TEST(counts_that_make_no_sense_are_passed_over),
		SILENCE_TEST(the_longest_excerpt_is_bounded),
		SILENCE_TEST(a_log_that_was_not_read_is_not_silent),
		SILENCE_TEST(an_answer_to_an_older_question_says_nothing),
		SILENCE_TEST(a_silence_that_was_told_outlives_the_scribe),
		SILENCE_TEST(a_scribe_that_does_not_answer_hangs_once_by_our_own_time),
		SILENCE_TEST(the_end_of_the_count_is_looked_at_when_it_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
