/* decide/decide.h: deaths. `after`, the reply to a death, the two rules of the post-mortem, storms,
 * what an order says of its event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

static struct config_rule *on(const char *name, enum event_kind kind, enum severity severity)
{
	struct config_rule *rule = make_event_rule(name, kind, bots, ARRAY_LEN(bots));

	make_alert(severity);
	return rule;
}

static void set_after(struct config_rule *rule, uint32_t n, uint32_t for_ms)
{
	rule->after_n = n;
	rule->after_for_ms = for_ms;
}

static void reload(struct host *h, struct config *config)
{
	decide_config(&h->decide, config, h->now);
	free(h->config);
	h->config = config;
}

/* An event of a process. */
static void process_event(struct host *h, enum event_kind kind, int32_t pid, const char *text)
{
	struct event event = {.kind = kind, .unit = NODIRA, .at = h->now, .pid = pid};

	(void)snprintf(event.text, sizeof(event.text), "%s", text);
	decide_event(&h->decide, &event, h->now);
}

static void die(struct host *h, int32_t pid)
{
	process_event(h, EVENT_DEATH, pid, "claude died");
}

static void come_back(struct host *h)
{
	struct event event = {.kind = EVENT_DEATH,
			      .unit = NODIRA,
			      .at = h->now,
			      .reply = true,
			      .text = "claude is back"};

	decide_event(&h->decide, &event, h->now);
}

static void lines(struct host *h, uint32_t count)
{
	struct event event = {.kind = EVENT_LOG_MATCH,
			      .unit = NODIRA,
			      .at = h->now,
			      .count = count,
			      .text = "\"type\":\"error\""};

	decide_event(&h->decide, &event, h->now);
}

/* --- a unit that becomes another --- */

static struct config *dead_config(uint64_t text_hash, enum config_unit_kind kind)
{
	struct config *config;

	on("dead", EVENT_DEAD, SEVERITY_CRITICAL)->text_hash = text_hash;
	config = make_done();
	((struct config_unit *)(uintptr_t)config_unit_at(config, NODIRA))->kind = kind;
	return config;
}

static void the_state_of_a_unit_ends_when_its_name_is_anothers(void **state)
{
	struct host *h = host_begin(dead_config(77, CONFIG_SYSTEMD));

	(void)state;
	process_event(h, EVENT_DEAD, 7, "nodira is dead");
	host_look(h, 100);
	assert_orders(h, "alert:critical");
	begin_units();
	reload(h, dead_config(77, CONFIG_SYSTEMD));
	host_looks(h, 1000);
	assert_orders(h, "");
	begin_units();
	reload(h, dead_config(77, CONFIG_CGROUP));
	host_looks(h, 1000);
	assert_orders(h, "clear");
}

/* --- after --- */

static struct host *errors(uint32_t n, uint32_t for_ms)
{
	set_after(on("errors", EVENT_LOG_MATCH, SEVERITY_WARNING), n, for_ms);
	return host_begin(make_done());
}

static void the_nth_event_within_its_time_fires_and_the_others_are_noted(void **state)
{
	struct host *h = errors(3, 300000);

	(void)state;
	lines(h, 0);
	host_look(h, 100);
	assert_orders(h, "tell");
	assert_string_equal(h->orders[0].text, "1 of 3 within 5m: \"type\":\"error\"");
	assert_int_equal(h->orders[0].unit, NODIRA);
	lines(h, 1);
	host_look(h, 100);
	assert_string_equal(h->orders[0].text, "2 of 3 within 5m: \"type\":\"error\"");
	lines(h, 1);
	host_look(h, 100);
	assert_orders(h, "alert:warning");
	assert_string_equal(h->orders[0].text, "3 within 5m, the last: \"type\":\"error\"");
	lines(h, 1);
	host_look(h, 100);
	assert_string_equal(h->orders[0].text, "1 of 3 within 5m: \"type\":\"error\"");
}

static void an_event_that_is_older_than_its_time_counts_no_more(void **state)
{
	struct host *h = errors(3, 300000);

	(void)state;
	lines(h, 1);
	host_look(h, 150000);
	lines(h, 1);
	host_look(h, 150000);
	lines(h, 1); /* the first is 5 min old */
	host_look(h, 149000);
	assert_string_equal(h->orders[0].text, "2 of 3 within 5m: \"type\":\"error\"");
	lines(h, 1); /* the second is not yet */
	host_look(h, 100);
	assert_orders(h, "alert:warning");
}

static void many_lines_at_once_count_each_and_fire_once(void **state)
{
	struct host *h = errors(3, 90000);

	(void)state;
	lines(h, 2);
	host_look(h, 100);
	assert_string_equal(h->orders[0].text, "2 of 3 within 90s: \"type\":\"error\"");
	lines(h, UINT32_MAX);
	host_look(h, 100);
	assert_orders(h, "alert:warning");
	lines(h, 2);
	host_look(h, 100);
	assert_orders(h, "tell"); /* anew */
}

static void after_of_more_than_the_ring_holds_still_counts(void **state)
{
	struct host *h = errors(100, 3600000);

	(void)state;
	for (int i = 0; i < 99; i++) {
		lines(h, 1);
		host_look(h, 1000);
		assert_orders(h, "tell");
	}
	lines(h, 1);
	host_look(h, 1000);
	assert_orders(h, "alert:warning");
}

static void each_unit_counts_for_itself(void **state)
{
	struct host *h = errors(2, 300000);

	(void)state;
	lines(h, 1);
	host_event(h, EVENT_LOG_MATCH, MIRZO, "error");
	host_look(h, 100);
	assert_orders(h, "tell tell");
	host_event(h, EVENT_LOG_MATCH, MIRZO, "error");
	host_look(h, 100);
	assert_orders(h, "alert:warning");
	assert_int_equal(h->orders[0].unit, MIRZO);
}

static void what_after_lets_through_counts_for_limit_and_nothing_else_does(void **state)
{
	struct host *h;
	struct config_rule *rule = on("errors", EVENT_LOG_MATCH, SEVERITY_WARNING);

	(void)state;
	set_after(rule, 2, 300000);
	rule->limit_n = 1;
	h = host_begin(make_done());
	for (int i = 0; i < 6; i++) {
		lines(h, 1);
		host_look(h, 1000);
		assert_orders(h, i == 1 ? "alert:warning" : i % 2 == 0 ? "tell" : "");
	}
	assert_int_equal(h->ledger.ladders[0].held_back, 2);
}

static struct config *errors_again(uint64_t text_hash)
{
	begin_units();
	(void)on("before", EVENT_OOM_KILL, SEVERITY_INFO); /* all has another number */
	set_after(on("errors", EVENT_LOG_MATCH, SEVERITY_WARNING), 3, 300000);
	struct config *config = make_done();

	((struct config_rule *)(uintptr_t)config_rule_at(config, 1))->text_hash = text_hash;
	return config;
}

static void a_reload_keeps_the_count_of_an_unchanged_rule_alone(void **state)
{
	struct host *h = errors(3, 300000);
	uint64_t text_hash = config_rule_at(h->config, 0)->text_hash;

	(void)state;
	lines(h, 2);
	host_look(h, 100);
	reload(h, errors_again(text_hash));
	lines(h, 1);
	host_look(h, 100);
	assert_orders(h, "alert:warning");
	lines(h, 2);
	host_look(h, 100);
	reload(h, errors_again(text_hash + 1));
	lines(h, 1);
	host_look(h, 100);
	assert_string_equal(h->orders[0].text, "1 of 3 within 5m: \"type\":\"error\"");
}

static void a_crash_may_take_the_count_but_no_event(void **state)
{
	struct host *h = errors(3, 300000);

	(void)state;
	lines(h, 2);
	assert_true(decide_keeps_events(&h->decide)); /* not even in the log yet */
	host_look(h, 100);
	assert_false(decide_keeps_events(&h->decide));
	host_restart(h);
	lines(h, 1);
	host_look(h, 100);
	assert_string_equal(h->orders[0].text, "1 of 3 within 5m: \"type\":\"error\"");
}

static void a_state_counts_once_however_often_it_is_told(void **state)
{
	struct host *h;
	struct event over = {.kind = EVENT_DEAD, .unit = NODIRA, .ended = true};

	(void)state;
	set_after(on("dead", EVENT_DEAD, SEVERITY_CRITICAL), 2, 3600000);
	h = host_begin(make_done());
	host_event(h, EVENT_DEAD, NODIRA, "no claude for 20 s");
	host_event(h, EVENT_DEAD, NODIRA, "no claude for 21 s");
	host_look(h, 100);
	host_event(h, EVENT_DEAD, NODIRA, "no claude for 22 s");
	host_look(h, 100);
	assert_orders(h, "");
	decide_event(&h->decide, &over, h->now);
	host_look(h, 100);
	host_event(h, EVENT_DEAD, NODIRA, "no claude for 20 s");
	host_look(h, 100);
	assert_orders(h, "alert:critical");
}

static void a_note_gives_its_place_to_what_fires_and_that_is_said(void **state)
{
	struct host *h;

	(void)state;
	set_after(on("errors", EVENT_LOG_MATCH, SEVERITY_WARNING), 1000, 300000);
	(void)on("oom", EVENT_OOM_KILL, SEVERITY_CRITICAL);
	h = host_begin(make_done());
	for (int i = 0; i < EVENTS_MAX + 2; i++)
		lines(h, 1);
	host_event(h, EVENT_OOM_KILL, NODIRA, "killed");
	host_look(h, 100);
	assert_string_equal(h->orders[EVENTS_MAX - 1].text,
			    "3 events or replies more, without room to be told each");
	host_event(h, EVENT_OOM_KILL, NODIRA, "killed");
	host_look(h, 100);
	assert_orders(h, "alert:critical");
	assert_int_equal(h->decide.apart, 0);
}

static void more_counts_than_rows_begin_anew_and_that_is_told(void **state)
{
	static struct after after;
	struct config_rule rule = {.after_n = 2, .after_for_ms = 1000000};
	uint32_t within;

	(void)state;
	for (uint64_t key = 1; key <= AFTER_MAX + 1; key++)
		assert_false(after_count(&after, &rule, key, 1, 1000 + key, &within));
	assert_int_equal(after.given_way, 1);
	assert_true(after_count(&after, &rule, 2, 1, 5000, &within));
	assert_false(after_count(&after, &rule, 1, 1, 5000, &within)); /* it gave way */
}

static void an_instant_out_of_order_takes_nothing_away(void **state)
{
	static struct after after;
	struct config_rule rule = {.after_n = 3, .after_for_ms = 1000};
	uint32_t within;

	(void)state;
	assert_false(after_count(&after, &rule, 1, 1, 5000, &within));
	assert_false(after_count(&after, &rule, 1, 1, 100, &within));
	assert_int_equal(within, 2);
	assert_true(after_count(&after, &rule, 1, 1, 5999, &within));
}

/* The post-mortem's case: one API error is told, three in five minutes restart the bot. */
static struct host *post_mortem(void)
{
	(void)on("errors", EVENT_LOG_MATCH, SEVERITY_WARNING);
	set_after(make_event_rule("again", EVENT_LOG_MATCH, bots, ARRAY_LEN(bots)), 3, 300000);
	(void)make_step(VERB_RESTART, CONFIG_EACH);
	return host_begin(make_done());
}

static void one_rule_tells_at_once_and_another_restarts_at_three(void **state)
{
	struct host *h = post_mortem();

	(void)state;
	lines(h, 1);
	host_look(h, 60000);
	assert_orders(h, "tell alert:warning");
	assert_string_equal(h->orders[1].text, "\"type\":\"error\"");
	lines(h, 1);
	host_look(h, 60000);
	assert_orders(h, "tell alert:warning");
	lines(h, 1);
	host_look(h, 60000);
	assert_orders(h, "alert:warning restart:nodira");
	assert_string_equal(h->orders[1].text, "3 within 5m, the last: \"type\":\"error\"");
	host_outcome(h, h->orders[1].instance, NODIRA, OUTCOME_DONE);
	host_looks(h, 10000);
	lines(h, 1);
	host_look(h, 60000);
	assert_orders(h, "tell alert:warning"); /* the count began anew */
}

/* --- the reply --- */

static struct host *deaths(void)
{
	(void)on("died", EVENT_DEATH, SEVERITY_CRITICAL);
	return host_begin(make_done());
}

static void a_death_gets_one_reply_to_who_had_its_alert(void **state)
{
	struct host *h = deaths();

	(void)state;
	die(h, 7);
	host_look(h, 100);
	assert_orders(h, "alert:critical");
	host_looks(h, 5000);
	assert_orders(h, "");
	come_back(h);
	host_look(h, 100);
	assert_orders(h, "reply");
	assert_string_equal(h->orders[0].text, "claude is back");
	assert_int_equal(h->orders[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(h->orders[0].unit, NODIRA);
	come_back(h); /* nobody waits for that */
	host_look(h, 100);
	assert_orders(h, "tell");
	assert_int_equal(h->orders[0].severity, SEVERITY_INFO);
	assert_int_equal(h->decide.apart, 0);
}

static void a_reply_starts_no_firing_and_is_not_counted(void **state)
{
	struct host *h;

	(void)state;
	set_after(on("died", EVENT_DEATH, SEVERITY_CRITICAL), 2, 300000);
	h = host_begin(make_done());
	die(h, 7);
	come_back(h);
	host_look(h, 100);
	assert_orders(h, "tell tell");
	come_back(h);
	host_look(h, 100);
	assert_orders(h, "tell");
	assert_int_equal(h->state.rule[1].fired, 0);
}

static void a_reply_in_the_same_look_follows_its_death(void **state)
{
	struct host *h = deaths();

	(void)state;
	die(h, 7);
	come_back(h);
	host_look(h, 100);
	assert_orders(h, "alert:critical reply");
}

static void the_reply_of_another_unit_is_another(void **state)
{
	struct host *h = deaths();

	(void)state;
	host_event(h, EVENT_DEATH, MIRZO, "died");
	host_look(h, 100);
	come_back(h); /* nodira */
	host_look(h, 100);
	assert_orders(h, "tell");
}

static void each_rule_that_told_the_death_replies(void **state)
{
	struct host *h;

	(void)state;
	(void)on("one", EVENT_DEATH, SEVERITY_CRITICAL);
	(void)make_event_rule("silent", EVENT_DEATH, bots, ARRAY_LEN(bots));
	(void)make_step(VERB_RESTART, XTTS);
	(void)on("two", EVENT_DEATH, SEVERITY_WARNING);
	h = host_begin(make_done());
	h->answer = OUTCOME_DONE;
	die(h, 7);
	host_looks(h, 5000);
	assert_orders(h, "alert:critical restart:xtts alert:warning");
	come_back(h);
	host_look(h, 100);
	assert_orders(h, "reply reply"); /* and none for the log: it is told */
	assert_int_equal(h->orders[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(h->orders[1].severity, SEVERITY_WARNING);
}

static void a_reply_outlives_a_reload(void **state)
{
	struct host *h = deaths();

	(void)state;
	die(h, 7);
	host_look(h, 100);
	begin_units();
	(void)on("before", EVENT_OOM_KILL, SEVERITY_INFO);
	(void)on("died", EVENT_DEATH, SEVERITY_WARNING); /* another text, too */
	reload(h, make_done());
	host_look(h, 100);
	assert_orders(h, "");
	come_back(h);
	host_look(h, 100);
	assert_orders(h, "reply");
	assert_int_equal(h->orders[0].rule, 1);
}

static void a_reply_outlives_a_kill(void **state)
{
	struct host *h = deaths();

	(void)state;
	die(h, 7);
	host_look(h, 100);
	host_restart(h);
	host_looks(h, 5000);
	assert_orders(h, "");
	come_back(h);
	host_look(h, 100);
	assert_orders(h, "reply");
	host_restart(h);
	come_back(h);
	host_look(h, 100);
	assert_orders(h, "tell"); /* once */
}

static void a_reply_that_was_not_written_is_owed_after_a_kill(void **state)
{
	struct host *h = deaths();
	struct order order;

	(void)state;
	die(h, 7);
	host_look(h, 100);
	come_back(h);
	h->now += 100;
	decide_look(&h->decide, h->now);
	assert_true(decide_next(&h->decide, &order, h->now));
	assert_int_equal(order.kind, ORDER_REPLY);
	host_restart(h);
	come_back(h);
	host_look(h, 100);
	assert_orders(h, "reply");
}

static void a_reply_that_waits_outlives_a_reload(void **state)
{
	struct host *h = deaths();

	(void)state;
	die(h, 7);
	host_look(h, 100);
	come_back(h);
	begin_units();
	(void)on("before", EVENT_OOM_KILL, SEVERITY_INFO);
	(void)on("died", EVENT_DEATH, SEVERITY_CRITICAL);
	reload(h, make_done());
	host_look(h, 100);
	assert_orders(h, "reply");
	come_back(h);
	begin_units();
	(void)on("other", EVENT_DEATH, SEVERITY_CRITICAL);
	reload(h, make_done());
	host_look(h, 100);
	assert_orders(h, ""); /* its rule is gone */
	assert_int_equal(h->decide.apart, 0);
}

static void a_reply_does_not_wait_for_the_rest_of_the_ladder(void **state)
{
	struct host *h;

	(void)state;
	(void)on("died", EVENT_DEATH, SEVERITY_CRITICAL);
	(void)make_step(VERB_RESTART, CONFIG_EACH);
	h = host_begin(make_done());
	die(h, 7);
	host_look(h, 100);
	assert_orders(h, "alert:critical restart:nodira");
	come_back(h);
	host_look(h, 100);
	assert_orders(h, "reply");
}

static void a_reply_waits_for_an_alert_below_a_step(void **state)
{
	struct host *h;

	(void)state;
	(void)make_event_rule("died", EVENT_DEATH, bots, ARRAY_LEN(bots));
	(void)make_step(VERB_RESTART, CONFIG_EACH);
	make_alert(SEVERITY_CRITICAL);
	h = host_begin(make_done());
	die(h, 7);
	host_look(h, 100);
	assert_orders(h, "restart:nodira");
	come_back(h);
	host_looks(h, 1000);
	assert_orders(h, "");
	host_outcome(h, 1, NODIRA, OUTCOME_DONE);
	host_looks(h, 5000);
	assert_orders(h, "alert:critical reply");
}

/* --- a storm --- */

static void a_storm_is_told_to_its_limit_counted_and_told_in_the_next(void **state)
{
	struct host *h = deaths();
	int alerts = 0, replies = 0, tells = 0;

	(void)state;
	for (int i = 0; i < 600; i++) { /* it dies each second, and is back */
		die(h, 1000 + i);
		host_look(h, 500);
		for (uint32_t k = 0; k < h->n; k++)
			alerts += h->orders[k].kind == ORDER_ALERT;
		come_back(h);
		host_look(h, 500);
		assert_int_equal(h->n, 1);
		replies += h->orders[0].kind == ORDER_REPLY;
		tells += h->orders[0].kind == ORDER_TELL;
	}
	assert_int_equal(alerts, 5);
	assert_int_equal(replies, 5);
	assert_int_equal(tells, 595);
	h->now += 3600000;
	die(h, 7);
	host_look(h, 100);
	assert_orders(h, "alert:critical");
	assert_string_equal(h->orders[0].text,
			    "(595 more before, held back by `limit`) claude died");
	assert_int_equal(h->orders[0].pid, 0); /* it says more than the death */
	assert_int_equal(h->decide.apart, 0);
	for (int i = 0; i < EVENTS_MAX; i++)
		assert_true(h->decide.event[i].number == 0 ||
			    h->decide.event[i].role == DECIDE_FIRES);
}

static void who_was_told_that_a_death_is_given_up_gets_the_reply(void **state)
{
	struct host *h;

	(void)state;
	on("died", EVENT_DEATH, SEVERITY_WARNING)->limit_n = 1;
	(void)make_step(VERB_RESTART, CONFIG_EACH);
	h = host_begin(make_done());
	h->answer = OUTCOME_DONE;
	die(h, 7);
	host_looks(h, 5000);
	come_back(h);
	host_look(h, 100);
	assert_int_equal(h->orders[0].severity, SEVERITY_WARNING);
	die(h, 8);
	host_looks(h, 5000);
	assert_orders(h, "alert:critical"); /* given up */
	host_restart(h);
	come_back(h);
	host_look(h, 100);
	assert_orders(h, "reply");
	assert_int_equal(h->orders[0].severity, SEVERITY_CRITICAL);
}

/* --- what an order says of its event --- */

static void an_order_says_when_its_event_was_and_whose(void **state)
{
	struct host *h;
	mono_ms died;

	(void)state;
	(void)on("died", EVENT_DEATH, SEVERITY_CRITICAL);
	(void)make_step(VERB_RESTART, CONFIG_EACH);
	make_alert(SEVERITY_CRITICAL);
	(void)make_rule("tight");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_alert(SEVERITY_CRITICAL);
	h = host_begin(make_done());
	died = h->now;
	die(h, 4711);
	host_available(h, 0.5);
	host_look(h, 900);
	assert_orders(h, "alert:critical restart:nodira alert:critical");
	assert_int_equal(h->orders[0].event_at, died);
	assert_int_equal(h->orders[0].pid, 4711);
	assert_int_equal(h->orders[1].event_at, died);
	assert_int_equal(h->orders[1].pid, 0);
	assert_int_equal(h->orders[2].event_at, 0);
	assert_int_equal(h->orders[2].pid, 0);
	host_outcome(h, 1, NODIRA, OUTCOME_DONE);
	host_looks(h, 5000);
	assert_orders(h, "alert:critical"); /* still: */
	assert_int_equal(h->orders[0].pid, 0);
}

static void a_death_from_before_the_start_is_of_its_process_too(void **state)
{
	struct host *h;
	struct event event = {.unit = NODIRA, .at = 5, .pid = 7, .before_start = true, .text = "killed"};

	(void)state;
	(void)on("oom", EVENT_OOM_KILL, SEVERITY_CRITICAL);
	(void)on("died", EVENT_DEATH, SEVERITY_CRITICAL);
	h = host_begin(make_done());
	event.kind = EVENT_OOM_KILL;
	decide_event(&h->decide, &event, h->now);
	event.kind = EVENT_DEATH;
	decide_event(&h->decide, &event, h->now);
	host_look(h, 100);
	assert_orders(h, "alert:critical alert:critical");
	assert_int_equal(h->orders[0].pid, 7); /* one of them is told already: tell/told.h */
	assert_int_equal(h->orders[1].pid, 7);
	come_back(h);
	host_look(h, 100);
	assert_orders(h, "reply");
}

static void a_state_is_as_new_as_the_last_proof_of_its_ladder(void **state)
{
	struct host *h;
	mono_ms began, proved;

	(void)state;
	(void)on("dead", EVENT_DEAD, SEVERITY_CRITICAL);
	(void)make_step(VERB_RESTART, CONFIG_EACH);
	h = host_begin(make_done());
	host_unit(h, NODIRA, STATE_UNIT_INACTIVE, 0);
	process_event(h, EVENT_DEAD, 7, "no claude for 20 s");
	host_look(h, 100);
	began = h->now;
	assert_orders(h, "alert:critical restart:nodira");
	assert_int_equal(h->orders[1].event_at, began);
	assert_int_equal(h->orders[0].pid, 0); /* of no process */
	host_outcome(h, 1, NODIRA, OUTCOME_DONE);
	proved = h->now;
	host_looks(h, 30000);
	assert_orders(h, "restart:nodira"); /* a further round */
	assert_int_equal(h->orders[0].event_at, proved);
}

static void the_end_of_dead_is_told_with_how_long_it_was(void **state)
{
	struct host *h;
	struct event over = {.kind = EVENT_DEAD, .unit = NODIRA, .ended = true};

	(void)state;
	(void)on("dead", EVENT_DEAD, SEVERITY_CRITICAL);
	h = host_begin(make_done());
	host_event(h, EVENT_DEAD, NODIRA, "no claude for 20 s");
	host_look(h, 100);
	host_looks(h, 32900);
	decide_event(&h->decide, &over, h->now);
	host_looks(h, 20000);
	assert_orders(h, "clear");
	assert_string_equal(h->orders[0].text, "resolved, after 43 s");
	assert_int_equal(h->orders[0].severity, SEVERITY_CRITICAL);
}

static void a_reload_of_a_changed_rule_leaves_no_event_behind(void **state)
{
	struct host *h = NULL;

	(void)state;
	for (int i = 0; i < 2 * EVENTS_MAX; i++) {
		begin_units();
		(void)on("dead", EVENT_DEAD, SEVERITY_CRITICAL);
		struct config *config = make_done();

		((struct config_rule *)(uintptr_t)config_rule_at(config, 0))->text_hash =
			100 + (uint64_t)i;
		if (i == 0)
			h = host_begin(config);
		else
			reload(h, config);
		host_event(h, EVENT_DEAD, NODIRA, "no claude for 20 s");
		host_looks(h, 1000);
	}
	for (int i = 0, used = 0; i < EVENTS_MAX; i++) {
		used += h->decide.event[i].number != 0;
		assert_true(used <= 1);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(the_state_of_a_unit_ends_when_its_name_is_anothers),
		TEST(the_nth_event_within_its_time_fires_and_the_others_are_noted),
		TEST(an_event_that_is_older_than_its_time_counts_no_more),
		TEST(many_lines_at_once_count_each_and_fire_once),
		TEST(after_of_more_than_the_ring_holds_still_counts),
		TEST(each_unit_counts_for_itself),
		TEST(what_after_lets_through_counts_for_limit_and_nothing_else_does),
		TEST(a_reload_keeps_the_count_of_an_unchanged_rule_alone),
		TEST(a_crash_may_take_the_count_but_no_event),
		TEST(a_state_counts_once_however_often_it_is_told),
		TEST(a_note_gives_its_place_to_what_fires_and_that_is_said),
		TEST(more_counts_than_rows_begin_anew_and_that_is_told),
		TEST(an_instant_out_of_order_takes_nothing_away),
		TEST(one_rule_tells_at_once_and_another_restarts_at_three),
		TEST(a_death_gets_one_reply_to_who_had_its_alert),
		TEST(a_reply_starts_no_firing_and_is_not_counted),
		TEST(a_reply_in_the_same_look_follows_its_death),
		TEST(the_reply_of_another_unit_is_another),
		TEST(each_rule_that_told_the_death_replies),
		TEST(a_reply_outlives_a_reload),
		TEST(a_reply_outlives_a_kill),
		TEST(a_reply_that_was_not_written_is_owed_after_a_kill),
		TEST(a_reply_that_waits_outlives_a_reload),
		TEST(a_reply_does_not_wait_for_the_rest_of_the_ladder),
		TEST(a_reply_waits_for_an_alert_below_a_step),
		TEST(a_storm_is_told_to_its_limit_counted_and_told_in_the_next),
		TEST(who_was_told_that_a_death_is_given_up_gets_the_reply),
		TEST(an_order_says_when_its_event_was_and_whose),
		TEST(a_death_from_before_the_start_is_of_its_process_too),
		TEST(a_state_is_as_new_as_the_last_proof_of_its_ladder),
		TEST(the_end_of_dead_is_told_with_how_long_it_was),
		TEST(a_reload_of_a_changed_rule_leaves_no_event_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
