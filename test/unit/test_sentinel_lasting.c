/* What outlives a restart of the host, at the sentinel: the scribe hears of each change, and each row of what it gives
 * back is taken once, in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "act.h"
#include "fakeroot.h"
#include "share/lasting.h"
#include "start/sentinel.h"

static struct sentinel sentinel;
static int scribe; /* the far end */

static int set_up(void **state)
{
	int ends[2], fd = memfd_create("ledger", MFD_CLOEXEC);
	bool fresh;

	assert_int_equal(act_setup(state), 0);
	ledger_close(act.ledger);
	act.ledger = ledger_open(fd, "boot-2", &fresh);
	(void)close(fd);
	fakeroot_remove(ACT_BOT);
	act_begin();
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	scribe = ends[1];
	memset(&sentinel, 0, sizeof(sentinel));
	sentinel.config = sentinel.alerts.config = act.actions.config;
	sentinel.state = sentinel.alerts.state = act.page;
	sentinel.ledger = sentinel.alerts.ledger = sentinel.alerts.handed.ledger = act.ledger;
	sentinel.actions = act.actions;
	sentinel.scribe.fd = ends[0];
	sentinel.alerts.main = -1;
	clock_turn(FAKEROOT_START, 1769107081000);
	return 0;
}

static int tear_down(void **state)
{
	(void)close(scribe);
	(void)close(sentinel.scribe.fd);
	return act_teardown(state);
}

static int told(void)
{
	struct message message;
	int n = 0;

	while (message_receive(scribe, &message, NULL) == 1) {
		assert_int_equal(message.type, MESSAGE_KEEP);
		n++;
	}
	return n;
}

static int look(void)
{
	sentinel_keep_lasting(&sentinel);
	return told();
}

static void the_scribe_hears_of_each_change_once(void **state)
{
	struct state_rule *row = &act.page->rule[0];
	struct ledger_entry *entry;

	(void)state;
	assert_int_equal(look(), 1); /* it begins: there may have been one that it could not tell */
	assert_int_equal(look(), 0);
	assert_non_null(ledger_mark(act.ledger, "bot", STATE_MARK_STOPPED, "stop"));
	assert_int_equal(look(), 1);
	assert_int_equal(look(), 0);
	assert_non_null(ledger_mark(act.ledger, "bot", STATE_MARK_STOPPED, "stop2"));
	assert_int_equal(look(), 1);
	ledger_unit(act.ledger, "bot")->flags |= LEDGER_UNIT_OWED;
	assert_int_equal(look(), 1);
	ledger_unit(act.ledger, "bot")->flags |= LEDGER_UNIT_RAN;
	assert_int_equal(look(), 0);
	row->thread = 5;
	assert_int_equal(look(), 1);
	row->phase = STATE_RULE_GIVEN_UP; /* what follows is critical */
	assert_int_equal(look(), 1);
	row->thread = 0;
	assert_int_equal(look(), 1);
	entry = ledger_add(act.ledger, LEDGER_STEP);
	entry->verb = VERB_STOP;
	entry->step_verb = VERB_RESTART;
	ledger_commit(entry);
	assert_int_equal(look(), 1);
	ledger_free(entry);
	assert_int_equal(look(), 1);
	ledger_unmark(act.ledger, "bot");
	assert_int_equal(look(), 1);
	assert_int_equal(look(), 0);
}

static void a_scribe_that_does_not_read_is_told_later(void **state)
{
	struct message message;

	(void)state;
	message_make(&message, MESSAGE_KEEP, 0, 0, "");
	while (message_send(sentinel.scribe.fd, &message, -1) == 0)
		;
	sentinel_keep_lasting(&sentinel);
	assert_true(told() > 0);
	assert_int_equal(look(), 1);
	assert_int_equal(look(), 0);
}

static void of_a_dry_run_the_scribe_hears_nothing(void **state)
{
	struct message message;

	(void)state;
	act.ledger->life = 0;
	assert_int_equal(look(), 0);
	lasting_message(&message, 0, NULL);
	sentinel_take_lasting(&sentinel, &message);
	assert_int_equal(act.ledger->lasting_next, 0);
}

static void give(uint64_t number, const struct lasting *row)
{
	struct message message;

	lasting_message(&message, number, row);
	sentinel_take_lasting(&sentinel, &message);
}

static const struct lasting bot = {.kind = LASTING_MARK, .mark = STATE_MARK_STOPPED, .unit = "bot", .rebooted = 1,
				   .rules = 1, .at = 1769107000000};
static const struct lasting big = {.kind = LASTING_UNIT, .unit = "big", .peak_mib = 7000};

static void each_row_is_taken_once_and_in_order(void **state)
{
	(void)state;
	(void)look();
	give(1, &big);
	assert_null(ledger_unit_find(act.ledger, "nobody"));
	assert_int_equal(act.ledger->lasting_next, 0);
	give(0, &bot);
	act_assert_mark("bot", STATE_MARK_STOPPED);
	assert_int_equal(act.ledger->lasting_next, 1);
	ledger_unmark(act.ledger, "bot"); /* it ended */
	give(0, &bot);
	act_assert_mark("bot", STATE_MARK_NONE);
	give(1, &big);
	assert_int_equal(ledger_unit(act.ledger, "big")->peak_mib, 7000);
	give(1, NULL); /* an end that is none */
	assert_int_equal(act.ledger->lasting_next, 2);
	give(2, NULL);
	assert_int_equal(act.ledger->lasting_next, LEDGER_LASTING_ALL);
	assert_int_equal(look(), 1); /* now it may write */
	give(2, &bot);
	give(LEDGER_LASTING_ALL, &bot);
	give(0, &bot);
	act_assert_mark("bot", STATE_MARK_NONE);
}

static void a_ledger_that_outlived_its_boot_takes_nothing(void **state)
{
	(void)state;
	act.ledger->lasting_next = LEDGER_LASTING_ALL;
	give(0, &bot);
	act_assert_mark("bot", STATE_MARK_NONE);
}

static void a_row_that_is_not_sound_is_passed_over(void **state)
{
	struct lasting row = bot;

	(void)state;
	memcpy(row.unit, "b\nt", 4);
	give(0, &row);
	assert_int_equal(act.ledger->lasting_next, 1);
	assert_string_equal(act.ledger->marks[0].unit, "");
	give(1, &bot);
	act_assert_mark("bot", STATE_MARK_STOPPED);
}

static void there_is_an_end_to_rows(void **state)
{
	(void)state;
	act.ledger->lasting_next = LASTING_MAX;
	give(LASTING_MAX, &bot);
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_int_equal(act.ledger->lasting_next, LASTING_MAX);
	give(LASTING_MAX, NULL);
	assert_int_equal(act.ledger->lasting_next, LEDGER_LASTING_ALL);
}

/* The last line of `status`. */
static const struct state_action *noted(void)
{
	const struct state_action *last = &act.page->actions[0];

	for (int i = 1; i < STATE_ACTIONS; i++)
		if (act.page->actions[i].number > last->number)
			last = &act.page->actions[i];
	return last;
}

static void an_alert_that_was_open_ends_with_the_restart_of_the_host(void **state)
{
	struct lasting mark = bot, row = {.kind = LASTING_OPEN, .rule = "stop", .severity = SEVERITY_CRITICAL,
					  .thread = 4711, .rebooted = 1, .at = 1769100000000};

	(void)state;
	mark.rule_hash[0] = ledger_hash("stop");
	give(0, &mark);
	give(1, &row);
	assert_string_equal(noted()->rule, "stop");
	assert_int_equal(noted()->severity, SEVERITY_CRITICAL);
	/* the boot was FAKEROOT_START ms ago, 16 min 40 s before 18:38:01 */
	assert_string_equal(noted()->text, "the host was restarted at 18:21 UTC; what was told since 2026-01-22T16:40:00Z "
					   "ends with that; bot is still stopped");
	assert_int_equal(act.page->alerts[SEVERITY_CRITICAL], 1);
	clock_turn(FAKEROOT_START, FAKEROOT_START + 1); /* a clock that was never set */
	row.at = 0;
	give(2, &row);
	assert_string_equal(noted()->text, "the host was restarted; bot is still stopped");
	row.rebooted = 0;
	memcpy(row.rule, "gone", 5);
	give(3, &row);
	assert_string_equal(noted()->text, "watchdogd began anew, without what it knew of this");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_scribe_hears_of_each_change_once),
		TEST(a_scribe_that_does_not_read_is_told_later),
		TEST(of_a_dry_run_the_scribe_hears_nothing),
		TEST(each_row_is_taken_once_and_in_order),
		TEST(a_ledger_that_outlived_its_boot_takes_nothing),
		TEST(a_row_that_is_not_sound_is_passed_over),
		TEST(there_is_an_end_to_rows),
		TEST(an_alert_that_was_open_ends_with_the_restart_of_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
