/* What outlived a restart of the host, taken back by what does: marks of units that are as they were left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "act.h"
#include "do/action_lasting.h"
#include "do/action_mark.h"
#include "fakeroot.h"

/* The host is restarted, or only the ledger lost: bot and big are down, box runs. A sentinel begins. */
static void begin_anew(const char *boot_id)
{
	bool fresh;
	int fd = memfd_create("ledger", MFD_CLOEXEC);

	ledger_close(act.ledger);
	act.ledger = ledger_open(fd, boot_id, &fresh);
	(void)close(fd);
	assert_true(fresh);
	fakeroot_remove(ACT_BOT);
	fakeroot_remove(ACT_BIG);
	act_begin();
}

static struct lasting mark_of(const char *unit, const char *rule)
{
	struct lasting mark = {.kind = LASTING_MARK, .mark = STATE_MARK_STOPPED, .rebooted = 1, .at = 1769107081000,
			       .rules = 1, .rule_hash = {ledger_hash(rule)}};

	(void)snprintf(mark.unit, sizeof(mark.unit), "%s", unit);
	return mark;
}

static void take(const struct lasting *row)
{
	actions_take_lasting(&act.actions, row, fakeroot.now);
}

static void a_unit_that_is_down_is_marked_as_it_was(void **state)
{
	struct lasting mark = mark_of("bot", "stop");
	const struct ledger_mark *found;

	(void)state;
	begin_anew("boot-2");
	mark.rules = 2;
	mark.rule_hash[1] = ledger_hash("stop2");
	take(&mark);
	act_assert_mark("bot", STATE_MARK_STOPPED);
	found = ledger_mark_find(act.ledger, "bot");
	assert_int_equal(found->at, mark.at);
	assert_int_equal(found->rules, 2);
	assert_int_equal(found->rule[1], ledger_hash("stop2"));
	take(&mark);
	assert_string_equal(act.ledger->marks[1].unit, "");
	(void)act_look(100);
	assert_int_equal(act_unit("bot")->mark, STATE_MARK_STOPPED);
	assert_int_equal(act_unit("bot")->alive, STATE_STOPPED);
	assert_null(act_asked()); /* nothing is owed */
}

static void what_the_ledger_has_wins(void **state)
{
	struct lasting mark = mark_of("bot", "stop");

	(void)state;
	begin_anew("boot-2");
	assert_non_null(ledger_mark(act.ledger, "bot", STATE_MARK_STOPPED, "stop2"));
	mark.owed = 1;
	take(&mark);
	assert_int_equal(ledger_mark_find(act.ledger, "bot")->rules, 1);
	assert_int_equal(ledger_mark_find(act.ledger, "bot")->rule[0], ledger_hash("stop2"));
	assert_int_equal(ledger_unit(act.ledger, "bot")->flags & LEDGER_UNIT_OWED, 0);
}

static void a_unit_that_runs_again_is_stopped_no_more(void **state)
{
	struct lasting mark = mark_of("box", "stopbox");

	(void)state;
	begin_anew("boot-2");
	mark.owed = 1;
	take(&mark);
	act_assert_mark("box", STATE_MARK_NONE);
	assert_int_equal(ledger_unit(act.ledger, "box")->flags & LEDGER_UNIT_OWED, 0);
}

/* A late scribe: the unit was started, and stopped by another. */
static void a_unit_that_ran_since_is_stopped_by_us_no_more(void **state)
{
	struct lasting mark = mark_of("bot", "stop");

	(void)state;
	begin_anew("boot-2");
	act_put_unit(ACT_BOT, true, false);
	(void)act_look(100);
	fakeroot_remove(ACT_BOT);
	(void)act_look(100);
	take(&mark);
	act_assert_mark("bot", STATE_MARK_NONE);
}

/* systemd starts it a moment later. */
static void a_mark_ends_when_its_unit_is_seen_to_run(void **state)
{
	struct lasting mark = mark_of("bot", "stop");

	(void)state;
	begin_anew("boot-2");
	take(&mark);
	act_assert_mark("bot", STATE_MARK_STOPPED);
	act_put_unit(ACT_BOT, true, false);
	(void)act_look(100);
	actions_check_marks(&act.actions, fakeroot.now);
	act_assert_mark("bot", STATE_MARK_NONE);
	take(&mark); /* told again, by whatever mistake */
	act_assert_mark("bot", STATE_MARK_NONE);
}

static void a_start_that_was_owed_is_made(void **state)
{
	struct lasting mark = mark_of("bot", "restart");

	(void)state;
	begin_anew("boot-2");
	mark.owed = 1;
	take(&mark);
	act_available(4000);
	act_rule("restart", STATE_RULE_FIRING);
	assert_false(act_look(1000));
	assert_null(act_asked());
	act_rule("restart", STATE_RULE_QUIET);
	assert_false(act_look(1000));
	act_start("bot", 1000);
	act_assert_mark("bot", STATE_MARK_NONE);
}

static void a_start_that_was_owed_of_a_unit_that_systemd_started_is_none(void **state)
{
	struct lasting mark = mark_of("bot", "restart");

	(void)state;
	begin_anew("boot-2");
	mark.owed = 1;
	take(&mark);
	act_put_unit(ACT_BOT, true, false);
	act_available(4000);
	assert_false(act_look(1000));
	assert_null(act_asked());
	assert_int_equal(ledger_unit(act.ledger, "bot")->flags & LEDGER_UNIT_OWED, 0);
}

static void a_unit_that_is_not_in_the_config_is_forgotten(void **state)
{
	struct lasting mark = mark_of("gone", "stop"), peak = {.kind = LASTING_UNIT, .unit = "gone", .peak_mib = 5};

	(void)state;
	begin_anew("boot-2");
	take(&mark);
	take(&peak);
	act_assert_mark("gone", STATE_MARK_NONE);
	assert_null(ledger_unit_find(act.ledger, "gone"));
}

static void a_unit_that_became_another_is_none_of_ours(void **state)
{
	struct lasting mark = mark_of("bot", "restart");

	(void)state;
	begin_anew("boot-2");
	mark.target = action_target(&act.actions, config_find_unit(act.actions.config, "bot")) + 2;
	mark.owed = 1;
	take(&mark);
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_false(act_look(1000));
	assert_null(act_asked());
	mark.target -= 2;
	take(&mark);
	act_assert_mark("bot", STATE_MARK_STOPPED);
	assert_int_equal(ledger_mark_find(act.ledger, "bot")->target, mark.target);
	(void)act_look(100);
	actions_check_marks(&act.actions, fakeroot.now);
	act_assert_mark("bot", STATE_MARK_STOPPED);
}

static void a_mark_of_rules_that_are_gone_stays(void **state)
{
	struct lasting mark = mark_of("bot", "nobody");

	(void)state;
	begin_anew("boot-2");
	take(&mark);
	act_assert_mark("bot", STATE_MARK_STOPPED);
}

static void what_is_frozen_still_is_ours_to_thaw(void **state)
{
	struct lasting mark = mark_of("box", "freeze");

	(void)state;
	act_put_unit(ACT_BOX, true, true);
	begin_anew("boot-1");
	mark.mark = STATE_MARK_FROZEN;
	mark.rebooted = 0;
	take(&mark);
	act_assert_mark("box", STATE_MARK_FROZEN);
	actions_thaw_all(&act.actions);
	act_assert_mark("box", STATE_MARK_NONE);
	act_assert_file(ACT_BOX "/cgroup.freeze", "0");
}

static void what_was_thawed_since_is_not_marked(void **state)
{
	struct lasting mark = mark_of("box", "freeze");

	(void)state;
	begin_anew("boot-1");
	mark.mark = STATE_MARK_FROZEN;
	mark.rebooted = 0;
	take(&mark);
	act_assert_mark("box", STATE_MARK_NONE);
}

static void a_ledger_full_of_marks_takes_no_more(void **state)
{
	struct lasting mark = mark_of("bot", "stop");
	char name[16];

	(void)state;
	begin_anew("boot-2");
	for (int i = 0; i < MARKS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "u%d", i);
		assert_non_null(ledger_mark(act.ledger, name, STATE_MARK_STOPPED, "stop"));
	}
	take(&mark);
	act_assert_mark("bot", STATE_MARK_NONE);
}

static void the_higher_peak_counts(void **state)
{
	struct lasting peak = {.kind = LASTING_UNIT, .unit = "bot", .peak_mib = 5000};

	(void)state;
	begin_anew("boot-2");
	take(&peak);
	assert_int_equal(ledger_unit(act.ledger, "bot")->peak_mib, 5000);
	peak.peak_mib = 4000;
	take(&peak);
	assert_int_equal(ledger_unit(act.ledger, "bot")->peak_mib, 5000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, act_setup, act_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_unit_that_is_down_is_marked_as_it_was),
		TEST(what_the_ledger_has_wins),
		TEST(a_unit_that_runs_again_is_stopped_no_more),
		TEST(a_unit_that_ran_since_is_stopped_by_us_no_more),
		TEST(a_mark_ends_when_its_unit_is_seen_to_run),
		TEST(a_start_that_was_owed_is_made),
		TEST(a_start_that_was_owed_of_a_unit_that_systemd_started_is_none),
		TEST(a_unit_that_is_not_in_the_config_is_forgotten),
		TEST(a_unit_that_became_another_is_none_of_ours),
		TEST(a_mark_of_rules_that_are_gone_stays),
		TEST(what_is_frozen_still_is_ours_to_thaw),
		TEST(what_was_thawed_since_is_not_marked),
		TEST(a_ledger_full_of_marks_takes_no_more),
		TEST(the_higher_peak_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
