/* What is given back, and when: sentence by sentence of "GIVING BACK" in watchdogd.conf(5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decide/patience.h"
#include "make_config.h"
#include "make_host.h"

enum { XTTS, NODIRA, MIRZO };
enum { CRITICAL, LAST };

#define MIN_MS (UINT64_C(60) * 1000)
#define HOUR_MS (60 * MIN_MS)

static int begin(void **state)
{
	(void)state;
	make_begin();
	(void)make_unit("xtts", CONFIG_NONE);
	(void)make_unit("nodira", make_group("bots"));
	(void)make_unit("mirzo", 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	host_end();
	return 0;
}

#define assert_orders(host, want) assert_string_equal(host_orders(host), want)

/* when = host.available < 12%, clear = > 15% for 10s, restore = > 35% for 5m; of 8 GiB: 0.96, 1.2, 2.8 GiB */
static struct config_rule *critical(void)
{
	struct config_rule *rule = make_rule("critical");

	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_clear();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, 15);
	make_for(10000);
	make_restore();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, 35);
	make_for(5 * MIN_MS);
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_STOP, XTTS);
	return rule;
}

/* when = host.headroom < PCT, and neither clear nor restore. */
static void last(double pct)
{
	(void)make_rule("last");
	make_when();
	make_host_pct(HOST_HEADROOM, CONFIG_LT, pct);
	(void)make_step(VERB_STOP, XTTS);
}

static void headroom(struct host *h, double gib)
{
	state_set(&h->state.host[HOST_HEADROOM], (int64_t)(gib * (double)HOST_GIB), 8 * HOST_GIB, h->now);
}

/* As do does: the mark before it is done; then it is down. */
static void mark(struct host *h, uint32_t unit, enum state_mark kind, const char *rule)
{
	const char *name = config_unit_at(h->config, unit)->name;

	if (ledger_mark_find(&h->ledger, name) == NULL)
		patience_note_shed(ledger_unit(&h->ledger, name), h->now);
	assert_non_null(ledger_mark(&h->ledger, name, (char)kind, rule));
	host_unit(h, unit, kind == STATE_MARK_STOPPED ? STATE_UNIT_INACTIVE : STATE_UNIT_FROZEN, 0);
}

static void peak(struct host *h, const char *unit, uint32_t mib)
{
	ledger_unit(&h->ledger, unit)->peak_mib = mib;
}

/* xtts, 1.5 GiB at its peak, is shed by `critical`, whose firing is over. */
static struct host *shed(void)
{
	struct host *h = host_begin(make_done());

	peak(h, "xtts", 1536);
	headroom(h, 8);
	host_available(h, 0.5);
	host_look(h, 1000);
	assert_orders(h, "alert:critical stop:xtts");
	mark(h, XTTS, STATE_MARK_STOPPED, "critical");
	host_available(h, 2);
	host_outcome(h, CRITICAL, XTTS, OUTCOME_DONE);
	host_looks(h, 11000);
	assert_orders(h, "clear");
	assert_non_null(strstr(h->orders[0].text, "xtts is still stopped"));
	return h;
}

static const char *why(const struct host *h, uint32_t unit)
{
	return h->state.unit[unit].restore;
}

static void assert_why(const struct host *h, uint32_t unit, const char *text)
{
	if (strstr(why(h, unit), text) == NULL)
		fail_msg("\"%s\" says nothing of \"%s\"", why(h, unit), text);
}

/* Look for so long at most, until something is asked. */
static void look_until_asked(struct host *h, mono_ms ms)
{
	for (host_look(h, 100); h->n == 0 && ms > 100; ms -= 100)
		host_look(h, 100);
}

/* The start began and was done: it runs again, without our mark. */
static void given(struct host *h, uint32_t unit)
{
	const char *name = config_unit_at(h->config, unit)->name;

	patience_note_given(ledger_unit(&h->ledger, name), h->now);
	ledger_unmark(&h->ledger, name);
	host_unit(h, unit, STATE_UNIT_RUNNING, 1);
	decide_restored(&h->decide, true, h->now);
}

static void it_is_given_back_when_restore_holds_for_its_time(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = shed();
	assert_why(h, XTTS, "not yet, by restore of critical: host.available 25.0 % (2.00 GiB) is not > 35 %");
	host_available(h, 4);
	host_looks(h, 5 * MIN_MS);
	assert_orders(h, "");
	host_look(h, 100);
	assert_orders(h, "restore:xtts");
	assert_int_equal(h->orders[0].verb, VERB_START);
	assert_int_equal(h->orders[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(h->orders[0].unit, XTTS);
	assert_int_equal(h->orders[0].thread, 1); /* of the alert, which said why, and of the all-clear */
	assert_string_equal(h->orders[0].text, "restore of critical: host.available 50.0 % (4.00 GiB) > 35 % for 5 min 0 s; "
					       "at its peak it takes 1.50 GiB more");
	assert_string_equal(why(h, XTTS), "");
	given(h, XTTS);
	host_look(h, 100);
	assert_orders(h, "");
}

static void a_moment_without_it_begins_its_time_anew(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = shed();
	host_available(h, 4);
	host_looks(h, 4 * MIN_MS);
	host_available(h, 2.7);
	host_look(h, 100);
	host_available(h, 4);
	host_looks(h, 5 * MIN_MS);
	assert_orders(h, "");
	host_look(h, 100);
	assert_orders(h, "restore:xtts");
}

static void not_while_its_rule_fires(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = shed();
	host_available(h, 4);
	host_looks(h, 4 * MIN_MS);
	host_available(h, 0.5); /* and its `for` begins anew with it */
	host_look(h, 100);
	assert_why(h, XTTS, "rule critical fires");
	host_available(h, 4);
	host_looks(h, 9900);
	assert_why(h, XTTS, "rule critical fires");
}

static void an_unknown_reading_gives_nothing_back(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = shed();
	host_available(h, 4);
	host_looks(h, 5 * MIN_MS);
	h->state.host[HOST_AVAILABLE].known = STATE_UNKNOWN;
	host_look(h, 100);
	assert_orders(h, "");
	assert_why(h, XTTS, "host.available is unknown");
}

static void not_while_another_rule_that_found_it_done_fires(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	last(4);
	h = shed();
	headroom(h, 0.1);
	host_look(h, 100);
	assert_orders(h, "tell tell"); /* skipped: it is stopped already; nothing is left */
	assert_true(ledger_mark_has(ledger_mark_find(&h->ledger, "xtts"), "last"));
	host_available(h, 4);
	host_looks(h, 6 * MIN_MS);
	assert_orders(h, "");
	assert_why(h, XTTS, "rule last fires");
	headroom(h, 8);
	host_looks(h, 10200); /* its default `clear` */
	assert_orders(h, "tell restore:xtts");
}

static void of_more_rules_than_it_can_name_each_keeps_it_down(void **state)
{
	char name[NAME_BYTES] = "r0";
	struct host *h;

	(void)state;
	(void)critical();
	last(4);
	h = shed();
	for (int i = 1; i < MARK_RULES_MAX + 2; i++) {
		name[1] = (char)('0' + i);
		assert_non_null(ledger_mark(&h->ledger, "xtts", STATE_MARK_STOPPED, name));
	}
	headroom(h, 0.1);
	host_available(h, 4);
	host_looks(h, 6 * MIN_MS);
	assert_false(ledger_mark_has(ledger_mark_find(&h->ledger, "xtts"), "last"));
	assert_orders(h, "tell tell");
	assert_why(h, XTTS, "rule last fires");
}

static void a_group_that_is_shed_already_carries_the_name_too(void **state)
{
	struct host *h;

	(void)state;
	(void)make_rule("first");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	(void)make_step(VERB_STOP, NODIRA);
	(void)make_step(VERB_STOP, MIRZO);
	(void)make_rule("second");
	make_when();
	make_host_pct(HOST_HEADROOM, CONFIG_LT, 4);
	(void)make_step_of(VERB_STOP, CONFIG_LOWEST, 0);
	h = host_begin(make_done());
	mark(h, NODIRA, STATE_MARK_STOPPED, "first");
	mark(h, MIRZO, STATE_MARK_STOPPED, "first");
	headroom(h, 0.1);
	host_look(h, 100);
	assert_orders(h, "tell tell");
	assert_true(ledger_mark_has(ledger_mark_find(&h->ledger, "nodira"), "second"));
	assert_true(ledger_mark_has(ledger_mark_find(&h->ledger, "mirzo"), "second"));
	assert_null(ledger_mark_find(&h->ledger, "xtts"));
}

/* --- room ---------------------------------------------------------------------------------------- */

static void its_peak_must_leave_what_is_inside_clear(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = shed();
	peak(h, "xtts", 2048);
	host_available(h, 3.125); /* 39.1 %; with 2 GiB less 14.1 %, which is not > 15 % */
	host_looks(h, 30 * MIN_MS);
	assert_orders(h, "");
	assert_why(h, XTTS, "with 2.00 GiB taken, not clear of rule critical: host.available 14.1 % (1.12 GiB) is not > 15 %");
	host_available(h, 3.3);
	host_look(h, 100);
	assert_orders(h, "restore:xtts");
}

static void without_a_clear_when_must_not_be_true_then(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	last(40);
	h = shed();
	assert_non_null(ledger_mark(&h->ledger, "xtts", STATE_MARK_STOPPED, "last"));
	headroom(h, 4.5); /* 56 %; with 1.5 GiB less 37.5 %, which is < 40 % */
	host_available(h, 4.5);
	host_looks(h, 30 * MIN_MS);
	assert_orders(h, "");
	assert_why(h, XTTS, "with 1.50 GiB taken, not clear of rule last: host.headroom 37.5 % (3.00 GiB) < 40 %");
	headroom(h, 4.8);
	host_look(h, 100);
	assert_orders(h, "restore:xtts");
}

static void what_is_used_rises_by_its_peak(void **state)
{
	struct host *h;

	(void)state;
	(void)make_rule("tight");
	make_when();
	make_host_pct(HOST_USED, CONFIG_GT, 80);
	make_clear();
	make_host_pct(HOST_USED, CONFIG_LT, 75);
	make_restore();
	make_host_pct(HOST_USED, CONFIG_LT, 60);
	h = host_begin(make_done());
	peak(h, "xtts", 2048);
	mark(h, XTTS, STATE_MARK_STOPPED, "tight");
	state_set(&h->state.host[HOST_USED], 4 * HOST_GIB + HOST_GIB / 2, 8 * HOST_GIB, h->now); /* 56, 81 % */
	host_looks(h, 10000);
	assert_orders(h, "");
	state_set(&h->state.host[HOST_USED], 3 * HOST_GIB, 8 * HOST_GIB, h->now);
	host_look(h, 100);
	assert_orders(h, "restore:xtts");
}

static void a_peak_that_is_not_known_is_256_mib(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = shed();
	peak(h, "xtts", 0);
	host_available(h, 4);
	look_until_asked(h, 6 * MIN_MS);
	assert_orders(h, "restore:xtts");
	assert_non_null(strstr(h->orders[0].text, "at its peak it takes 256 MiB more"));
}

static void what_nothing_here_answers_keeps_nothing_down(void **state)
{
	struct host *h;

	(void)state;
	(void)make_rule("swap");
	make_when();
	make_host_pct(HOST_SWAP_USED, CONFIG_GT, 80); /* there is no swap */
	make_restore();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, 35);
	h = host_begin(make_done());
	mark(h, XTTS, STATE_MARK_STOPPED, "swap");
	look_until_asked(h, 3100);
	assert_orders(h, "restore:xtts");
}

/* when = xtts.anon > 0.5 GiB, clear = xtts.anon < 0.25 GiB, restore = host.available > 35% */
static void a_clear_that_asks_the_stopped_unit_keeps_nothing_down(void **state)
{
	struct host *h;

	(void)state;
	(void)make_rule("leak");
	make_when();
	make_unit_term(XTTS, UNIT_ANON, CONFIG_GT, HOST_GIB / 2);
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 40);
	make_join(CONFIG_OR);
	make_clear();
	make_unit_term(XTTS, UNIT_ANON, CONFIG_LT, HOST_GIB / 4);
	make_restore();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, 35);
	(void)make_step(VERB_STOP, XTTS);
	h = host_begin(make_done());
	peak(h, "xtts", 1024);
	host_available(h, 4);
	host_look(h, 1000);
	assert_orders(h, "stop:xtts");
	mark(h, XTTS, STATE_MARK_STOPPED, "leak");
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_looks(h, 10000);
	assert_orders(h, "");
	assert_why(h, XTTS, "rule leak fires");
	host_look(h, 1100);
	assert_orders(h, "tell"); /* that it is over: it told nobody of it */
	host_look(h, 100);
	/* Its `when` counts then, with the peak taken. */
	assert_why(h, XTTS, "with 1.00 GiB taken, not clear of rule leak: host.available 37.5 % (3.00 GiB) < 40 %");
	host_available(h, 6);
	look_until_asked(h, 5000);
	assert_orders(h, "restore:xtts");
}

static void what_is_frozen_needs_room_for_what_it_does_not_hold(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = shed();
	mark(h, XTTS, STATE_MARK_FROZEN, "critical");
	peak(h, "xtts", 2048);
	state_set(&h->state.unit[XTTS].readings[UNIT_ANON], 2 * HOST_GIB, 8 * HOST_GIB, h->now);
	state_set(&h->state.unit[XTTS].readings[UNIT_SWAP], HOST_GIB / 2, 8 * HOST_GIB, h->now);
	host_available(h, 3);
	look_until_asked(h, 6 * MIN_MS);
	assert_orders(h, "restore:xtts");
	assert_int_equal(h->orders[0].verb, VERB_THAW);
	assert_non_null(strstr(h->orders[0].text, "at its peak it takes 0.50 GiB more"));
}

/* --- caps ---------------------------------------------------------------------------------------- */

/* As do does: the mark before it is done; it runs as before. */
static void cap(struct host *h, uint32_t unit, const char *rule)
{
	const char *name = config_unit_at(h->config, unit)->name;

	if (!ledger_is_marked(&h->ledger, name, STATE_MARK_CAPPED))
		patience_note_shed(ledger_unit(&h->ledger, name), h->now);
	assert_non_null(ledger_mark_cap(&h->ledger, name, rule, HOST_GIB, UINT64_MAX));
}

static void uncapped(struct host *h, uint32_t unit)
{
	const char *name = config_unit_at(h->config, unit)->name;

	patience_note_given(ledger_unit(&h->ledger, name), h->now);
	ledger_uncap(&h->ledger, name);
	decide_restored(&h->decide, true, h->now);
}

static void what_is_capped_needs_room_for_what_it_does_not_hold(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = host_begin(make_done());
	peak(h, "xtts", 2048);
	cap(h, XTTS, "critical");
	host_unit(h, XTTS, STATE_UNIT_RUNNING, 1.5);
	state_set(&h->state.unit[XTTS].readings[UNIT_SWAP], HOST_GIB / 2, 8 * HOST_GIB, h->now);
	host_available(h, 2);
	host_looks(h, 6 * MIN_MS);
	assert_orders(h, "");
	assert_why(h, XTTS, "not yet, by restore of critical");
	host_available(h, 4);
	look_until_asked(h, 6 * MIN_MS);
	assert_orders(h, "restore:xtts");
	assert_int_equal(h->orders[0].verb, VERB_UNCAP);
	assert_non_null(strstr(h->orders[0].text, "at its peak it takes 1.00 GiB more"));
	uncapped(h, XTTS);
	host_looks(h, 10 * MIN_MS);
	assert_orders(h, "");
	assert_string_equal(why(h, XTTS), "");
}

static void what_is_capped_stays_so_while_one_of_its_rules_fires(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	(void)make_rule("other");
	make_when();
	make_host_pct(HOST_HEADROOM, CONFIG_LT, 4);
	make_alert(SEVERITY_WARNING);
	h = host_begin(make_done());
	cap(h, XTTS, "critical");
	cap(h, XTTS, "other");
	headroom(h, 0.1);
	host_available(h, 6);
	host_looks(h, 6 * MIN_MS);
	assert_orders(h, "alert:warning");
	assert_why(h, XTTS, "rule other fires");
	headroom(h, 8);
	host_looks(h, 10200); /* its default `clear` */
	assert_orders(h, "clear restore:xtts");
}

static void what_no_rule_restores_stays_capped(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	last(4);
	h = host_begin(make_done());
	headroom(h, 8);
	cap(h, XTTS, "last");
	host_available(h, 6);
	host_looks(h, 6 * MIN_MS);
	assert_orders(h, "");
	assert_why(h, XTTS, "none of its rules has a `restore`");
}

static void one_that_cannot_be_uncapped_keeps_nobody_waiting(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = host_begin(make_done());
	mark(h, NODIRA, STATE_MARK_STOPPED, "critical");
	cap(h, XTTS, "critical");
	host_available(h, 6);
	host_looks(h, 5 * MIN_MS + 100);
	assert_orders(h, "restore:xtts");
	assert_true(patience_note_not_given(ledger_unit(&h->ledger, "xtts"), h->now));
	decide_restored(&h->decide, false, h->now);
	host_looks(h, 9900);
	assert_orders(h, "");
	host_look(h, 100);
	assert_orders(h, "restore:nodira");
	assert_why(h, XTTS, "that was not done 1 time, and is tried again in ");
	given(h, NODIRA);
	look_until_asked(h, 20000);
	assert_orders(h, "restore:xtts");
}

/* xtts is capped, nodira stopped, then xtts stopped, too: the last done is the first undone. */
static void what_is_capped_and_stopped_is_two_turns(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = host_begin(make_done());
	cap(h, XTTS, "critical");
	mark(h, NODIRA, STATE_MARK_STOPPED, "critical");
	mark(h, XTTS, STATE_MARK_STOPPED, "critical");
	host_available(h, 6);
	host_looks(h, 5 * MIN_MS + 100);
	assert_orders(h, "restore:xtts");
	assert_int_equal(h->orders[0].verb, VERB_START);
	given(h, XTTS);
	host_looks(h, 3000);
	assert_orders(h, "restore:nodira");
	assert_int_equal(h->orders[0].verb, VERB_START);
	assert_why(h, XTTS, "after nodira, which was shed later");
	given(h, NODIRA);
	host_looks(h, 3000);
	assert_orders(h, "restore:xtts");
	assert_int_equal(h->orders[0].verb, VERB_UNCAP);
	uncapped(h, XTTS);
	host_looks(h, MIN_MS);
	assert_orders(h, "");
}

/* --- order --------------------------------------------------------------------------------------- */

static struct host *three_are_shed(void)
{
	struct host *h;

	(void)critical();
	(void)make_step(VERB_STOP, NODIRA);
	(void)make_step(VERB_STOP, MIRZO);
	h = host_begin(make_done());
	headroom(h, 8);
	mark(h, XTTS, STATE_MARK_STOPPED, "critical");
	mark(h, MIRZO, STATE_MARK_STOPPED, "critical");
	mark(h, NODIRA, STATE_MARK_STOPPED, "critical");
	return h;
}

static void what_was_shed_last_comes_first_one_at_a_time(void **state)
{
	struct host *h = three_are_shed();

	(void)state;
	host_available(h, 6);
	host_looks(h, 5 * MIN_MS + 100);
	assert_orders(h, "restore:nodira");
	assert_why(h, XTTS, "after nodira, which was shed later");
	h->state.unit[NODIRA].busy = 1 + VERB_START;
	ledger_unmark(&h->ledger, "nodira"); /* it runs, and has to live now */
	host_looks(h, 20000);
	assert_orders(h, "");
	assert_why(h, MIRZO, "an action is under way, or its effect is watched");
	h->state.unit[NODIRA].busy = 0;
	given(h, NODIRA);
	host_looks(h, 2900);
	assert_orders(h, ""); /* settle */
	host_look(h, 100);
	assert_orders(h, "restore:mirzo");
	given(h, MIRZO);
	host_looks(h, 3000);
	assert_orders(h, "restore:xtts");
}

static void the_order_outlives_what_was_given_back(void **state)
{
	struct host *h = three_are_shed();

	(void)state;
	ledger_unmark(&h->ledger, "xtts"); /* its place in the table is taken by a later one */
	ledger_unmark(&h->ledger, "nodira");
	mark(h, XTTS, STATE_MARK_STOPPED, "critical");
	host_available(h, 6);
	host_looks(h, 5 * MIN_MS + 100);
	assert_orders(h, "restore:xtts");
}

static void one_that_is_too_large_keeps_its_own_waiting(void **state)
{
	struct host *h = three_are_shed();

	(void)state;
	peak(h, "nodira", 5000);
	host_available(h, 5);
	host_looks(h, 6 * MIN_MS);
	assert_orders(h, "");
	assert_why(h, NODIRA, "with 4.88 GiB taken");
	assert_why(h, MIRZO, "after nodira");
}

static void one_without_restore_keeps_nobody_waiting(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	(void)make_rule("other");
	make_when();
	make_host_pct(HOST_HEADROOM, CONFIG_LT, 4);
	(void)make_step(VERB_STOP, NODIRA);
	h = host_begin(make_done());
	headroom(h, 8);
	mark(h, XTTS, STATE_MARK_STOPPED, "critical");
	mark(h, NODIRA, STATE_MARK_STOPPED, "other");
	host_available(h, 6);
	host_looks(h, 5 * MIN_MS + 100);
	assert_orders(h, "restore:xtts");
	assert_why(h, NODIRA, "none of its rules has a `restore`");
}

static void one_whose_start_fails_keeps_nobody_waiting(void **state)
{
	struct host *h = three_are_shed();

	(void)state;
	host_available(h, 6);
	host_looks(h, 5 * MIN_MS + 100);
	assert_orders(h, "restore:nodira");
	assert_true(patience_note_not_given(ledger_unit(&h->ledger, "nodira"), h->now));
	assert_false(patience_note_not_given(ledger_unit(&h->ledger, "nodira"), h->now)); /* told once */
	h->state.unit[NODIRA].restart_at = h->now + 30000;
	decide_restored(&h->decide, false, h->now);
	host_looks(h, 9900);
	assert_orders(h, "");
	host_look(h, 100);
	assert_orders(h, "restore:mirzo");
	assert_why(h, NODIRA, "its next start waits 20 s more");
}

static void a_start_that_is_owed_is_not_ours_to_give_back(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = shed();
	ledger_unit(&h->ledger, "xtts")->flags |= LEDGER_UNIT_OWED;
	host_available(h, 6);
	host_looks(h, 6 * MIN_MS);
	assert_orders(h, "");
	assert_why(h, XTTS, "its start is owed");
}

static void of_a_rule_for_each_unit_its_own_restore_counts(void **state)
{
	static const uint32_t bots[] = {NODIRA, MIRZO};
	struct host *h;

	(void)state;
	(void)make_rule("each");
	make_each(bots, ARRAY_LEN(bots));
	make_when();
	make_unit_term(CONFIG_EACH, UNIT_PRESSURE_FULL, CONFIG_GT, 50000);
	make_restore();
	make_unit_term(CONFIG_EACH, UNIT_PRESSURE_FULL, CONFIG_LT, 1000);
	(void)make_step(VERB_FREEZE, CONFIG_EACH);
	h = host_begin(make_done());
	mark(h, MIRZO, STATE_MARK_FROZEN, "each");
	state_set(&h->state.unit[NODIRA].readings[UNIT_PRESSURE_FULL], 0, 0, h->now);
	state_set(&h->state.unit[MIRZO].readings[UNIT_PRESSURE_FULL], 20000, 0, h->now);
	host_looks(h, 10000);
	assert_orders(h, "");
	assert_why(h, MIRZO, "mirzo.pressure.full 20.0 % is not < 1 %");
	state_set(&h->state.unit[MIRZO].readings[UNIT_PRESSURE_FULL], 500, 0, h->now);
	host_look(h, 100);
	assert_orders(h, "restore:mirzo");
}

static void a_dry_run_says_it_once(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = host_begin_dry(make_done());
	mark(h, XTTS, STATE_MARK_STOPPED, "critical");
	host_available(h, 6);
	host_looks(h, 20 * MIN_MS);
	assert_orders(h, "restore:xtts");
	host_looks(h, 20 * MIN_MS);
	assert_orders(h, "");
}

/* --- in vain ------------------------------------------------------------------------------------- */

static void restore_and_shed_again(struct host *h, mono_ms after)
{
	given(h, XTTS);
	h->now += after;
	mark(h, XTTS, STATE_MARK_STOPPED, "critical");
}

static void one_in_vain_waits_for_six_hours_of_room(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = shed();
	restore_and_shed_again(h, 10 * MIN_MS);
	host_available(h, 4);
	host_look(h, 1000);
	for (uint32_t s = 0; s < 6 * 3600; s++) {
		assert_orders(h, "");
		if (s == 3600)
			assert_why(h, XTTS, "given back in vain 1 time: there must be room for 6 h 0 min on end, 5 h 0 min more");
		host_look(h, 1000);
	}
	assert_orders(h, "restore:xtts");
}

static void the_wait_begins_anew_with_each_lack_of_room(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = shed();
	restore_and_shed_again(h, 10 * MIN_MS);
	for (uint32_t i = 0; i < 24 * 60; i++) { /* never for 6 h on end */
		host_available(h, i % 359 == 358 ? 2 : 4);
		host_look(h, MIN_MS);
		assert_orders(h, "");
	}
}

static void the_wait_doubles_up_to_a_day(void **state)
{
	static const uint32_t hours[] = {0, 6, 12, 24, 24, 24};
	struct host *h;

	(void)state;
	(void)critical();
	h = shed();
	for (size_t i = 0; i < ARRAY_LEN(hours); i++) {
		assert_int_equal(patience_wait_ms(ledger_unit(&h->ledger, "xtts")), hours[i] * HOUR_MS);
		restore_and_shed_again(h, 10 * MIN_MS);
	}
	restore_and_shed_again(h, 12 * HOUR_MS); /* it was of use for that long */
	assert_int_equal(patience_wait_ms(ledger_unit(&h->ledger, "xtts")), 0);
}

static void a_kill_of_the_sentinel_forgets_no_wait(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	h = shed();
	restore_and_shed_again(h, 10 * MIN_MS);
	host_available(h, 4);
	for (uint32_t s = 0; s < 5 * 3600; s++)
		host_look(h, 1000);
	host_restart(h);
	host_look(h, 1000);
	assert_why(h, XTTS, "not yet"); /* its `for` is memory */
	for (uint32_t s = 0; s < 5 * 60; s++)
		host_look(h, 1000);
	assert_why(h, XTTS, "given back in vain 1 time");
	for (uint32_t s = 0; s < 54 * 60; s++)
		host_look(h, 1000);
	assert_orders(h, "");
	for (uint32_t s = 0; s < 60 && h->n == 0; s++)
		host_look(h, 1000);
	assert_orders(h, "restore:xtts");
}

static void a_persons_retry_ends_the_wait(void **state)
{
	char text[256];
	struct buffer said;
	struct host *h;

	(void)state;
	(void)critical();
	h = shed();
	restore_and_shed_again(h, 10 * MIN_MS);
	host_available(h, 4);
	for (uint32_t s = 0; s < 6 * 60; s++)
		host_look(h, 1000);
	assert_orders(h, "");
	BUFFER_OVER(&said, text);
	assert_int_equal(decide_retry(&h->decide, "xtts", &said, h->now), 0);
	host_look(h, 1000);
	assert_orders(h, "restore:xtts");
}

/* --- a day of bots that breathe across the bounds, on a turned clock ------------------------------ */

struct breath {
	mono_ms period_ms;
	mono_ms busy_ms; /* at the end of each period, half up, half down; 0: all of it */
	uint32_t restores;
	mono_ms lives_until; /* a start that is under way */
	bool up;
};

/* Two bots of 4 to 6.4 GiB together, up and down in one period; xtts takes 1.5 GiB where it runs. */
static void breathe(struct host *h, struct breath *b, mono_ms began)
{
	mono_ms calm = b->busy_ms != 0 ? b->period_ms - b->busy_ms : 0, busy = b->period_ms - calm, half = busy / 2;
	mono_ms in = (h->now - began) % b->period_ms, at = in < calm ? 0 : in - calm;
	double up = (double)(at < half ? at : busy - at) / (double)half;

	host_available(h, 8 - (4 + 2.4 * up) - (b->up ? 1.5 : 0));
	headroom(h, 8);
}

static void do_what_is_asked(struct host *h, struct breath *b)
{
	for (uint32_t i = 0; i < h->n; i++) {
		const struct order *o = &h->orders[i];

		if (o->kind == ORDER_STEP) {
			mark(h, XTTS, STATE_MARK_STOPPED, "critical");
			b->up = false;
			b->lives_until = 0;
			h->state.unit[XTTS].busy = 0;
			host_outcome(h, CRITICAL, XTTS, OUTCOME_DONE);
		} else if (o->kind == ORDER_RESTORE) {
			b->restores++;
			b->up = true;
			b->lives_until = h->now + 20000;
			patience_note_given(ledger_unit(&h->ledger, "xtts"), h->now);
			ledger_unmark(&h->ledger, "xtts");
			host_unit(h, XTTS, STATE_UNIT_RUNNING, 1.5);
			h->state.unit[XTTS].busy = 1 + VERB_START;
		}
	}
	if (b->lives_until == 0 || h->now < b->lives_until)
		return;
	b->lives_until = 0;
	h->state.unit[XTTS].busy = 0;
	decide_restored(&h->decide, true, h->now);
}

static uint32_t a_day_of(mono_ms period_ms, mono_ms busy_ms)
{
	struct breath b = {.period_ms = period_ms, .busy_ms = busy_ms, .up = true};
	struct host *h = NULL;
	mono_ms began;

	(void)begin(NULL);
	(void)critical();
	h = host_begin(make_done());
	peak(h, "xtts", 1536);
	began = h->now;
	while (h->now < began + 24 * HOUR_MS) {
		breathe(h, &b, began);
		host_look(h, 10000);
		do_what_is_asked(h, &b);
	}
	host_end();
	return b.restores;
}

static void a_day_of_bots_that_breathe_restores_at_most_twice(void **state)
{
	static const uint32_t minutes[] = {11, 20, 60, 150, 240, 330, 420, 540, 630, 720, 900, 1440};
	uint32_t some = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(minutes); i++) {
		uint32_t restores = a_day_of(minutes[i] * MIN_MS, 0);

		if (restores > 2)
			fail_msg("%u restores with a period of %u min", restores, minutes[i]);
		some += restores;
	}
	assert_true(some >= ARRAY_LEN(minutes)); /* and it is not for want of any */
}

/* Ten minutes of load, and a long calm: it was of use in between, and still. */
static void a_day_of_short_waves_restores_at_most_twice(void **state)
{
	(void)state;
	for (uint32_t minutes = 20; minutes <= 1440; minutes += minutes < 300 ? 40 : 10) {
		uint32_t restores = a_day_of(minutes * MIN_MS, 10 * MIN_MS);

		if (restores > 2)
			fail_msg("%u restores with a wave each %u min", restores, minutes);
		assert_true(restores > 0 || minutes == 1440);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_given_back_when_restore_holds_for_its_time),
		TEST(a_moment_without_it_begins_its_time_anew),
		TEST(not_while_its_rule_fires),
		TEST(an_unknown_reading_gives_nothing_back),
		TEST(not_while_another_rule_that_found_it_done_fires),
		TEST(of_more_rules_than_it_can_name_each_keeps_it_down),
		TEST(a_group_that_is_shed_already_carries_the_name_too),
		TEST(its_peak_must_leave_what_is_inside_clear),
		TEST(without_a_clear_when_must_not_be_true_then),
		TEST(what_is_used_rises_by_its_peak),
		TEST(a_peak_that_is_not_known_is_256_mib),
		TEST(what_nothing_here_answers_keeps_nothing_down),
		TEST(a_clear_that_asks_the_stopped_unit_keeps_nothing_down),
		TEST(what_is_frozen_needs_room_for_what_it_does_not_hold),
		TEST(what_is_capped_needs_room_for_what_it_does_not_hold),
		TEST(what_is_capped_stays_so_while_one_of_its_rules_fires),
		TEST(what_no_rule_restores_stays_capped),
		TEST(one_that_cannot_be_uncapped_keeps_nobody_waiting),
		TEST(what_is_capped_and_stopped_is_two_turns),
		TEST(what_was_shed_last_comes_first_one_at_a_time),
		TEST(the_order_outlives_what_was_given_back),
		TEST(one_that_is_too_large_keeps_its_own_waiting),
		TEST(one_without_restore_keeps_nobody_waiting),
		TEST(one_whose_start_fails_keeps_nobody_waiting),
		TEST(a_start_that_is_owed_is_not_ours_to_give_back),
		TEST(of_a_rule_for_each_unit_its_own_restore_counts),
		TEST(a_dry_run_says_it_once),
		TEST(one_in_vain_waits_for_six_hours_of_room),
		TEST(the_wait_begins_anew_with_each_lack_of_room),
		TEST(the_wait_doubles_up_to_a_day),
		TEST(a_kill_of_the_sentinel_forgets_no_wait),
		TEST(a_persons_retry_ends_the_wait),
		TEST(a_day_of_bots_that_breathe_restores_at_most_twice),
		TEST(a_day_of_short_waves_restores_at_most_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
