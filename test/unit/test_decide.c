/* decide/decide.h: events, limit, reload, restart, what the state page shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "make_config.h"
#include "make_host.h"

enum { XTTS, NODIRA, MIRZO };

static const uint32_t bots[] = {NODIRA, MIRZO};

static void begin_units(void)
{
	make_begin();
	(void)make_unit("xtts", CONFIG_NONE);
	(void)make_unit("nodira", CONFIG_NONE);
	(void)make_unit("mirzo", CONFIG_NONE);
}

static int begin(void **state)
{
	(void)state;
	begin_units();
	return 0;
}

static int end(void **state)
{
	(void)state;
	host_end();
	return 0;
}

#define assert_orders(host, want) assert_string_equal(host_orders(host), want)

static void tight(double pct)
{
	(void)make_rule("tight");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, pct);
	make_clear();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, pct + 3);
}

/* True for one look, then clear. */
static void fire_once(struct host *h)
{
	host_available(h, 0.5);
	host_look(h, 1000);
}

static void clear(struct host *h)
{
	host_available(h, 4);
	host_look(h, 1000);
}

static struct host *oom(void)
{
	(void)make_event_rule("oom", EVENT_OOM_KILL, bots, ARRAY_LEN(bots));
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_RESTART, CONFIG_EACH);
	return host_begin(make_done());
}

static void an_event_holds_for_its_ladder_and_has_no_all_clear(void **state)
{
	struct host *h = oom();

	(void)state;
	host_event(h, EVENT_OOM_KILL, NODIRA, "the kernel's OOM killer killed claude");
	host_look(h, 100);
	assert_orders(h, "alert:critical restart:nodira");
	assert_string_equal(h->orders[0].text, "the kernel's OOM killer killed claude");
	assert_int_equal(h->orders[0].unit, NODIRA);
	assert_int_equal(h->orders[0].instance, 1);
	host_outcome(h, 1, NODIRA, OUTCOME_DONE);
	host_looks(h, 60000);
	assert_orders(h, "");
	assert_int_equal(h->state.rule[1].phase, STATE_RULE_QUIET);
}

static void an_event_of_no_watched_unit_is_told(void **state)
{
	struct host *h = oom();

	(void)state;
	host_event(h, EVENT_OOM_KILL, CONFIG_NONE, "killed firefox");
	host_look(h, 100);
	assert_orders(h, "alert:critical tell");
	assert_string_equal(h->orders[1].text, "restart unit skipped: it is about no watched unit");
}

static void an_event_of_another_kind_or_unit_does_not_fire(void **state)
{
	struct host *h = oom();

	(void)state;
	host_event(h, EVENT_DEATH, NODIRA, "died");
	host_event(h, EVENT_OOM_KILL, XTTS, "killed");
	host_look(h, 100);
	assert_orders(h, "");
}

static void every_event_is_told_and_acted_on_once(void **state)
{
	struct host *h = oom();

	(void)state;
	host_event(h, EVENT_OOM_KILL, NODIRA, "first");
	host_event(h, EVENT_OOM_KILL, NODIRA, "second");
	host_look(h, 100);
	assert_orders(h, "alert:critical restart:nodira");
	host_event(h, EVENT_OOM_KILL, NODIRA, "third");
	host_look(h, 100);
	assert_true(decide_keeps_events(&h->decide));
	host_outcome(h, 1, NODIRA, OUTCOME_DONE);
	host_looks(h, 10000);
	assert_orders(h, "alert:critical alert:critical"); /* the restart answered them */
	assert_false(decide_keeps_events(&h->decide));
	assert_string_equal(h->orders[0].text, "second");
	assert_string_equal(h->orders[1].text, "third");
	host_event(h, EVENT_OOM_KILL, NODIRA, "fourth");
	host_look(h, 100);
	assert_orders(h, "alert:critical restart:nodira");
}

static void events_from_before_the_start_are_told_and_no_step_is_taken(void **state)
{
	struct host *h = oom();
	struct event event = {.kind = EVENT_OOM_KILL,
			      .unit = MIRZO,
			      .at = 5,
			      .before_start = true,
			      .text = "killed"};

	(void)state;
	decide_event(&h->decide, &event, h->now);
	host_looks(h, 5000);
	assert_orders(h, "alert:critical");
	assert_string_equal(h->orders[0].text, "while watchdogd was not running: killed");
}

static void events_beyond_the_bound_are_counted(void **state)
{
	struct host *h = oom();

	(void)state;
	for (int i = 0; i < EVENTS_MAX + 3; i++)
		host_event(h, EVENT_OOM_KILL, NODIRA, "killed");
	host_look(h, 100);
	assert_string_equal(h->orders[0].text, "(3 more before, held back by `limit`) killed");
}

static struct host *state_rule(enum event_kind kind)
{
	(void)make_event_rule("dead", kind, bots, ARRAY_LEN(bots));
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_RESTART, CONFIG_EACH);
	return host_begin(make_done());
}

static void end_state(struct host *h, enum event_kind kind)
{
	struct event event = {.kind = kind, .unit = NODIRA, .at = h->now, .ended = true};

	decide_event(&h->decide, &event, h->now);
}

static void a_state_holds_until_it_ends(void **state)
{
	struct host *h = state_rule(EVENT_DEAD);

	(void)state;
	host_unit(h, NODIRA, STATE_UNIT_INACTIVE, 0);
	host_event(h, EVENT_DEAD, NODIRA, "no claude for 20 s");
	host_event(h, EVENT_DEAD, NODIRA, "no claude for 21 s");
	host_look(h, 100);
	assert_orders(h, "alert:critical restart:nodira"); /* what is dead is started */
	host_outcome(h, 1, NODIRA, OUTCOME_DONE);
	host_unit(h, NODIRA, STATE_UNIT_RUNNING, 1);
	h->state.unit[NODIRA].started = h->now;
	host_looks(h, 15000);
	assert_orders(h, "tell"); /* dead still, in its grace */
	end_state(h, EVENT_DEAD);
	host_looks(h, 11000);
	assert_orders(h, "clear");
}

static void a_silence_has_no_all_clear(void **state)
{
	struct host *h = state_rule(EVENT_SILENCE);

	(void)state;
	host_event(h, EVENT_SILENCE, NODIRA, "no new line for 12 h");
	host_look(h, 100);
	host_outcome(h, 1, NODIRA, OUTCOME_DONE);
	end_state(h, EVENT_SILENCE);
	host_looks(h, 20000);
	assert_orders(h, "tell");
}

static struct host *limited(enum verb verb)
{
	tight(12);
	make_alert(SEVERITY_CRITICAL);
	if (verb != VERB_ALERT)
		(void)make_step(verb, XTTS);
	return host_begin(make_done());
}

static void beyond_its_limit_a_firing_is_counted_and_the_count_told(void **state)
{
	struct host *h = limited(VERB_ALERT);

	(void)state;
	for (int i = 0; i < 5; i++) {
		fire_once(h);
		assert_orders(h, "alert:critical");
		clear(h);
		assert_orders(h, "clear");
	}
	for (int i = 0; i < 3; i++) {
		fire_once(h);
		assert_orders(h, "");
		assert_int_equal(h->state.rule[0].phase, STATE_RULE_GIVEN_UP);
		clear(h);
		assert_orders(h, "tell"); /* for the log; nobody had an alert */
	}
	h->now += 3600000;
	fire_once(h);
	assert_orders(h, "alert:critical");
	assert_string_equal(h->orders[0].text,
			    "(3 more before, held back by `limit`) host.available "
			    "6.2 % (0.50 GiB) < 12 %");
	clear(h);
	fire_once(h);
	assert_string_equal(h->orders[0].text, "host.available 6.2 % (0.50 GiB) < 12 %");
}

static void the_first_that_holds_an_action_back_gives_up_with_one_alert(void **state)
{
	struct host *h;

	(void)state;
	make_event_rule("oom", EVENT_OOM_KILL, bots, ARRAY_LEN(bots))->limit_n = 1;
	make_alert(SEVERITY_WARNING);
	(void)make_step(VERB_RESTART, CONFIG_EACH);
	h = host_begin(make_done());
	h->decide.wall = 1769107080000; /* 2026-01-22T18:38:00Z */
	h->answer = OUTCOME_DONE;
	host_event(h, EVENT_OOM_KILL, NODIRA, "killed");
	host_looks(h, 5000);
	assert_orders(h, "alert:warning restart:nodira");
	host_event(h, EVENT_OOM_KILL, NODIRA, "killed again");
	host_looks(h, 5000);
	assert_orders(h, "alert:critical");
	assert_string_equal(h->orders[0].text,
			    "given up until 19:37 UTC, or `watchdogctl retry nodira` "
			    "(limit of 1 per 1 h 0 min): killed again");
	host_event(h, EVENT_OOM_KILL, NODIRA, "and again");
	host_looks(h, 5000);
	assert_orders(h, "");
	host_event(h, EVENT_OOM_KILL, MIRZO, "killed"); /* per rule and unit */
	host_looks(h, 5000);
	assert_orders(h, "alert:warning restart:mirzo");
}

static void a_stop_is_not_held_back_only_its_alert_is(void **state)
{
	struct host *h = limited(VERB_STOP);

	(void)state;
	for (int i = 0; i < 7; i++) {
		fire_once(h);
		assert_orders(h, i < 5 ? "alert:critical stop:xtts" : "stop:xtts");
		host_outcome(h, 0, XTTS, OUTCOME_DONE);
		host_available(h, 4);
		host_looks(h, 5000);
	}
}

static void when_its_time_is_over_and_it_still_holds_that_is_a_new_firing(void **state)
{
	struct host *h = limited(VERB_ALERT);

	(void)state;
	for (int i = 0; i < 5; i++) {
		fire_once(h);
		clear(h);
	}
	host_available(h, 0.5);
	host_looks(h, 100000);
	assert_orders(h, "");
	h->now += 3480000;
	host_looks(h, 60000);
	assert_orders(h, "alert:critical");
	assert_int_equal(h->state.rule[0].fired, 7);
}

static void what_stays_unknown_for_a_minute_is_told_once(void **state)
{
	struct host *h = limited(VERB_ALERT);

	(void)state;
	h->state.host[HOST_AVAILABLE].known = STATE_UNKNOWN;
	host_looks(h, 60000);
	assert_orders(h, "");
	host_looks(h, 600000);
	assert_orders(h, "tell");
	assert_string_equal(h->orders[0].text,
			    "neither fires nor clears: for a minute host.available is unknown");
	host_available(h, 4);
	host_look(h, 100);
	h->state.host[HOST_AVAILABLE].known = STATE_UNKNOWN;
	host_looks(h, 61000);
	assert_orders(h, "tell");
}

static void a_start_must_leave_the_bounds_that_are_firing(void **state)
{
	struct host *h;

	(void)state;
	tight(12);
	make_alert(SEVERITY_WARNING);
	tight(10);
	make_alert(SEVERITY_WARNING);
	tight(5);
	make_alert(SEVERITY_WARNING);
	h = host_begin(make_done());
	assert_int_equal(decide_room_bytes(&h->decide), 0);
	host_available(h, 0.9);
	host_look(h, 100);
	assert_int_equal(decide_room_bytes(&h->decide), 8 * HOST_GIB / 100000 * 12000);
}

static void the_next_look_is_timed_by_settle(void **state)
{
	struct host *h = limited(VERB_STOP);

	(void)state;
	assert_int_equal(decide_next_ms(&h->decide, h->now), UINT32_MAX);
	fire_once(h);
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_look(h, 1000);
	assert_int_equal(decide_next_ms(&h->decide, h->now), 2000);
}

static struct ledger_entry *open_entry(struct host *h, const char *unit)
{
	struct ledger_entry *entry = ledger_add(&h->ledger, LEDGER_STEP);

	entry->verb = entry->step_verb = VERB_STOP;
	entry->ladder_key = ledger_key("tight", "");
	memcpy(entry->unit, unit, strlen(unit) + 1);
	ledger_commit(entry);
	return entry;
}

static void a_ladder_that_waits_for_its_proof_goes_on_after_a_kill(void **state)
{
	struct host *h = limited(VERB_STOP);

	(void)state;
	fire_once(h);
	(void)open_entry(h, "xtts");
	host_restart(h);
	host_looks(h, 5000);
	assert_orders(h, ""); /* neither asked nor told again */
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_available(h, 4);
	host_looks(h, 5000);
	assert_orders(h, "clear");
}

static void a_step_asked_just_before_a_kill_is_not_asked_again(void **state)
{
	struct host *h = limited(VERB_STOP);

	(void)state;
	h->answer = OUTCOME_BUSY; /* the entry was written, BEGUN was not */
	fire_once(h);
	(void)open_entry(h, "xtts");
	host_restart(h);
	h->answer = OUTCOME_BEGUN;
	host_looks(h, 5000);
	assert_orders(h, "");
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	assert_int_equal(h->ledger.ladders[0].proved, h->now);
}

static void a_step_proved_just_before_a_kill_is_not_asked_again(void **state)
{
	struct host *h = limited(VERB_STOP);

	(void)state;
	fire_once(h);
	host_restart(h); /* its entry is free already */
	host_looks(h, 2900);
	assert_orders(h, "");
	assert_int_equal(h->state.rule[0].phase, STATE_RULE_FIRING);
}

static void a_joined_step_is_asked_again_after_a_kill(void **state)
{
	struct host *h = limited(VERB_STOP);

	(void)state;
	fire_once(h);
	open_entry(h, "xtts")->ladder_key = ledger_key("another", "");
	host_restart(h);
	host_look(h, 100);
	assert_orders(h, "stop:xtts"); /* and joins it again */
}

static void an_alert_that_was_not_written_is_sent_again_after_a_kill(void **state)
{
	struct host *h = limited(VERB_STOP);
	struct order order;

	(void)state;
	host_available(h, 0.5);
	h->now += 100;
	decide_look(&h->decide, h->now);
	assert_true(decide_next(&h->decide, &order, h->now));
	assert_int_equal(order.kind, ORDER_ALERT);
	host_restart(h);
	host_look(h, 100);
	assert_orders(h, "alert:critical stop:xtts");
}

static void a_row_that_nobody_wrote_is_dropped(void **state)
{
	struct host *h = limited(VERB_STOP);

	(void)state;
	fire_once(h);
	h->ledger.ladders[0].step = 60000;
	host_restart(h);
	assert_int_equal(h->ledger.ladders[0].key, 0);
	fire_once(h);
	h->ledger.ladders[0].phase = 60000;
	host_restart(h);
	host_look(h, 100);
	assert_orders(h, "alert:critical stop:xtts");
}

static struct config *reloaded(uint64_t text_hash)
{
	begin_units();
	(void)make_rule("before"); /* everything has another number now */
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 1);
	make_for(1000);
	make_alert(SEVERITY_INFO);
	(void)make_rule("tight");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_for(5000);
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_STOP, XTTS);
	struct config *config = make_done();

	((struct config_rule *)(uintptr_t)config_rule_at(config, 1))->text_hash = text_hash;
	return config;
}

static struct host *to_reload(void)
{
	make_rule("tight")->text_hash = 77;
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_for(5000);
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_STOP, XTTS);
	return host_begin(make_done());
}

static void reload(struct host *h, struct config *config)
{
	decide_config(&h->decide, config, h->now);
	free(h->config);
	h->config = config;
}

static void a_reload_carries_the_hold_of_an_unchanged_rule(void **state)
{
	struct host *h = to_reload();

	(void)state;
	host_available(h, 0.5);
	host_look(h, 100);
	host_look(h, 4000);
	reload(h, reloaded(77));
	assert_int_equal(h->state.rule[1].phase, STATE_RULE_HOLDING);
	host_look(h, 1000);
	assert_orders(h, "alert:critical stop:xtts");
	assert_int_equal(h->orders[0].rule, 1);
}

static void a_reload_carries_the_firing_of_an_unchanged_rule(void **state)
{
	struct host *h = to_reload();

	(void)state;
	host_available(h, 0.5);
	host_looks(h, 5100);
	assert_orders(h, "alert:critical stop:xtts");
	reload(h, reloaded(77));
	host_looks(h, 1000);
	assert_orders(h, "");
	assert_int_equal(h->state.rule[1].phase, STATE_RULE_FIRING);
	assert_int_equal(h->state.rule[1].fired, 1);
	host_outcome(h, 1, XTTS, OUTCOME_DONE);
	host_available(h, 4);
	host_looks(h, 20000);
	assert_orders(h, "clear");
}

static void a_reload_ends_the_firing_of_a_changed_rule(void **state)
{
	struct host *h = to_reload();

	(void)state;
	host_available(h, 0.5);
	host_looks(h, 5100);
	reload(h, reloaded(78));
	host_look(h, 100);
	assert_orders(h, "clear");
	assert_string_equal(h->orders[0].text,
			    "no longer watched so (the rule was changed), after 100 ms");
	host_outcome(h, 1, XTTS, OUTCOME_DONE); /* its step is finished and told, no more */
	assert_int_equal(h->ledger.ladders[0].limit_next, 1); /* the counts of limit stay */
	host_looks(h, 5000);
	assert_orders(h, "alert:critical stop:xtts"); /* a new firing, after its own hold */
}

static void a_reload_forgets_a_removed_rule(void **state)
{
	struct host *h = to_reload();

	(void)state;
	host_available(h, 0.5);
	host_looks(h, 5100);
	begin_units();
	reload(h, make_done());
	host_looks(h, 1000);
	assert_orders(h, "");
	assert_int_equal(h->ledger.ladders[0].key, 0);
}

static void a_reload_keeps_events_that_wait(void **state)
{
	struct host *h = oom();

	(void)state;
	host_event(h, EVENT_OOM_KILL, MIRZO, "killed");
	begin_units();
	tight(12);
	(void)make_event_rule("oom", EVENT_OOM_KILL, bots, ARRAY_LEN(bots));
	make_alert(SEVERITY_CRITICAL);
	reload(h, make_done());
	host_look(h, 100);
	assert_orders(h, "alert:critical");
	assert_int_equal(h->orders[0].unit, MIRZO);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(an_event_holds_for_its_ladder_and_has_no_all_clear),
		TEST(an_event_of_no_watched_unit_is_told),
		TEST(an_event_of_another_kind_or_unit_does_not_fire),
		TEST(every_event_is_told_and_acted_on_once),
		TEST(events_from_before_the_start_are_told_and_no_step_is_taken),
		TEST(events_beyond_the_bound_are_counted),
		TEST(a_state_holds_until_it_ends),
		TEST(a_silence_has_no_all_clear),
		TEST(beyond_its_limit_a_firing_is_counted_and_the_count_told),
		TEST(the_first_that_holds_an_action_back_gives_up_with_one_alert),
		TEST(a_stop_is_not_held_back_only_its_alert_is),
		TEST(when_its_time_is_over_and_it_still_holds_that_is_a_new_firing),
		TEST(what_stays_unknown_for_a_minute_is_told_once),
		TEST(a_start_must_leave_the_bounds_that_are_firing),
		TEST(the_next_look_is_timed_by_settle),
		TEST(a_ladder_that_waits_for_its_proof_goes_on_after_a_kill),
		TEST(a_step_asked_just_before_a_kill_is_not_asked_again),
		TEST(a_step_proved_just_before_a_kill_is_not_asked_again),
		TEST(a_joined_step_is_asked_again_after_a_kill),
		TEST(an_alert_that_was_not_written_is_sent_again_after_a_kill),
		TEST(a_row_that_nobody_wrote_is_dropped),
		TEST(a_reload_carries_the_hold_of_an_unchanged_rule),
		TEST(a_reload_carries_the_firing_of_an_unchanged_rule),
		TEST(a_reload_ends_the_firing_of_a_changed_rule),
		TEST(a_reload_forgets_a_removed_rule),
		TEST(a_reload_keeps_events_that_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
