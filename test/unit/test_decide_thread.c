/* What follows the first alert of a firing: threads, titles, repeats, and that a person has seen it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decide/heard.h"
#include "make_config.h"
#include "make_host.h"

enum { XTTS, NODIRA, MIRZO };
enum { SECOND = 1000, MINUTE = 60000, HOUR = 3600000 };

static const uint32_t bots[] = {NODIRA, MIRZO};
static const uint32_t none[] = {0};

static int begin(void **state)
{
	(void)state;
	make_begin();
	(void)make_unit("xtts", CONFIG_NONE);
	(void)make_unit("nodira", CONFIG_NONE);
	(void)make_unit("mirzo", CONFIG_NONE);
	return 0;
}

static int end(void **state)
{
	(void)state;
	host_end();
	return 0;
}

#define assert_orders(host, want) assert_string_equal(host_orders(host), want)

/* host.available < 12 %, until it is > 15 %. */
static struct config_rule *critical(enum severity severity)
{
	struct config_rule *rule = make_rule("critical");

	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_clear();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, 15);
	make_alert(severity);
	return rule;
}

static struct config_rule *dead(enum severity severity)
{
	struct config_rule *rule = make_event_rule("dead", EVENT_DEAD, bots, ARRAY_LEN(bots));

	make_alert(severity);
	return rule;
}

static void set_dead(struct host *h, uint32_t unit, bool ended)
{
	struct event event = {.kind = EVENT_DEAD, .unit = unit, .at = h->now, .ended = ended};

	strcpy(event.text, "no claude for 20 s (grace 20 s); systemd says: active");
	strcpy(event.title, "no claude for 20 s");
	decide_event(&h->decide, &event, h->now);
}

/* Days go by at a look a minute. */
static void minutes(struct host *h, uint32_t n)
{
	struct order seen[HOST_ORDERS_MAX];
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++) {
		host_look(h, MINUTE);
		for (uint32_t k = 0; k < h->n && count < HOST_ORDERS_MAX; k++)
			seen[count++] = h->orders[k];
	}
	memcpy(h->orders, seen, count * sizeof(seen[0]));
	h->n = count;
}

static uint32_t ack(struct host *h, uint64_t thread, const char *want)
{
	char text[256];
	struct buffer said;
	uint32_t n;

	BUFFER_OVER(&said, text);
	n = decide_ack(&h->decide, thread, &said, h->now);
	assert_string_equal(text, want);
	return n;
}

/* --- threads --- */

static void what_follows_an_alert_is_in_its_thread(void **state)
{
	enum severity severity;
	struct host *h;

	(void)state;
	(void)critical(SEVERITY_WARNING);
	(void)make_step(VERB_STOP, XTTS);
	make_alert(SEVERITY_CRITICAL);
	h = host_begin(make_done());
	assert_int_equal(decide_thread(&h->decide, 0, &severity, h->now), 0);
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "alert:warning stop:xtts");
	assert_int_equal(h->orders[0].thread, 0); /* it begins one */
	assert_int_equal(h->threads, 1);
	assert_int_equal(decide_thread(&h->decide, 0, &severity, h->now), 1);
	assert_int_equal(severity, SEVERITY_CRITICAL); /* of its rule */
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_looks(h, 3 * SECOND);
	assert_orders(h, "alert:critical tell");
	assert_int_equal(h->orders[0].thread, 1);
	assert_string_equal(h->orders[0].title, "still: host.available 6.2 % < 12 %");
	host_available(h, 4);
	host_look(h, 100);
	assert_orders(h, "clear");
	assert_int_equal(h->orders[0].thread, 1);
	host_look(h, 100);
	assert_int_equal(decide_thread(&h->decide, 0, &severity, h->now), 0); /* nothing follows */
	host_available(h, 0.5);
	host_look(h, 100);
	assert_int_equal(h->orders[0].thread, 0);
	assert_int_equal(h->threads, 2);
}

static void what_was_told_before_a_kill_is_told_no_more(void **state)
{
	struct order order;
	struct host *h;

	(void)state;
	(void)critical(SEVERITY_WARNING);
	h = host_begin(make_done());
	host_available(h, 0.5);
	decide_look(&h->decide, h->now += 100);
	assert_true(decide_next(&h->decide, &order, h->now));
	decide_sent(&h->decide, &order, 77, h->now);
	host_restart(h);
	host_look(h, 100);
	assert_orders(h, "");
	host_available(h, 8);
	host_look(h, 100);
	assert_orders(h, "clear");
	assert_int_equal(h->orders[0].thread, 77);
}

static void the_thread_outlives_a_kill_and_a_reload(void **state)
{
	struct config *old;
	struct host *h;

	(void)state;
	(void)critical(SEVERITY_WARNING);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_look(h, 100);
	host_restart(h);
	(void)begin(NULL);
	(void)dead(SEVERITY_INFO);
	critical(SEVERITY_WARNING)->text_hash = 1;
	old = h->config;
	h->config = make_done();
	decide_config(&h->decide, h->config, h->now);
	free(old);
	host_available(h, 4);
	host_look(h, 100);
	assert_orders(h, "clear");
	assert_int_equal(h->orders[0].thread, 1);
}

static void what_was_given_up_stays_in_its_thread_until_the_all_clear(void **state)
{
	struct config_rule *rule;
	struct host *h;

	(void)state;
	rule = dead(SEVERITY_WARNING);
	rule->limit_n = 1;
	rule->limit_for_ms = HOUR;
	(void)make_step(VERB_RESTART, CONFIG_EACH);
	h = host_begin(make_done());
	set_dead(h, NODIRA, false);
	host_look(h, 100);
	host_outcome(h, 1, NODIRA, OUTCOME_FAILED);
	host_looks(h, 10 * SECOND);
	assert_orders(h, "alert:critical");
	assert_memory_equal(h->orders[0].title, "given up for 1 h 0 min", 22);
	assert_int_equal(h->orders[0].thread, 1);
	h->decide.wall = (wall_ms)1769107081000;
	minutes(h, 60);
	assert_orders(h, "alert:warning restart:nodira"); /* a new firing, of the same matter */
	assert_int_equal(h->orders[0].thread, 1);
	host_outcome(h, 1, NODIRA, OUTCOME_DONE);
	set_dead(h, NODIRA, true);
	host_looks(h, 20 * SECOND);
	assert_orders(h, "clear");
	assert_int_equal(h->orders[0].thread, 1);
	set_dead(h, NODIRA, false);
	host_look(h, 2 * HOUR);
	assert_int_equal(h->orders[0].thread, 0);
}

static void die(struct host *h, bool reply)
{
	struct event event = {.kind = EVENT_DEATH, .unit = NODIRA, .at = h->now, .reply = reply, .pid = 7};

	strcpy(event.text, reply ? "nodira: claude is back (pid 9) after 7.0 s" : "nodira: claude (pid 7) exited");
	strcpy(event.title, reply ? "claude is back (pid 9) after 7.0 s" : "claude exited with status 1");
	decide_event(&h->decide, &event, h->now);
}

static void a_reply_is_in_the_thread_of_its_death(void **state)
{
	enum severity severity;
	struct host *h;

	(void)state;
	(void)make_event_rule("died", EVENT_DEATH, bots, ARRAY_LEN(bots));
	make_alert(SEVERITY_WARNING);
	h = host_begin(make_done());
	die(h, false);
	host_look(h, 100);
	assert_orders(h, "alert:warning");
	assert_string_equal(h->orders[0].title, "claude exited with status 1");
	host_look(h, 100);
	assert_int_equal(decide_thread(&h->decide, 1, &severity, h->now), 1); /* a step of it may end yet */
	die(h, false);
	host_look(h, 100);
	assert_orders(h, "alert:warning");
	assert_int_equal(h->orders[0].thread, 0); /* each death its own */
	die(h, true);
	host_look(h, 100);
	assert_orders(h, "reply");
	assert_int_equal(h->orders[0].thread, 2);
	assert_string_equal(h->orders[0].title, "claude is back (pid 9) after 7.0 s");
}

static void a_death_that_is_not_told_is_in_no_thread(void **state)
{
	struct config_rule *rule;
	enum severity severity;
	struct host *h;

	(void)state;
	rule = make_event_rule("died", EVENT_DEATH, bots, ARRAY_LEN(bots));
	rule->limit_n = 1;
	make_alert(SEVERITY_WARNING);
	(void)make_step(VERB_STOP, XTTS);
	h = host_begin(make_done());
	h->answer = OUTCOME_DONE;
	die(h, false);
	host_looks(h, 5 * SECOND);
	assert_orders(h, "alert:warning stop:xtts");
	h->answer = OUTCOME_BEGUN;
	die(h, false); /* beyond the limit, with the reply to the first one owed */
	host_look(h, 100);
	assert_orders(h, "stop:xtts");
	assert_int_equal(decide_thread(&h->decide, 1, &severity, h->now), 0);
	die(h, true);
	host_look(h, 100);
	assert_orders(h, "reply");
	assert_int_equal(h->orders[0].thread, 1);
}

/* --- titles --- */

static void a_title_says_it_in_short(void **state)
{
	struct host *h;

	(void)state;
	(void)make_rule("both");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12.5);
	make_for(1000);
	make_unit_term(CONFIG_EACH, UNIT_ANON, CONFIG_GT, HOST_GIB / 2);
	make_join(CONFIG_AND);
	make_unit_term(XTTS, UNIT_ANON, CONFIG_GT, HOST_GIB / 4);
	make_join(CONFIG_AND);
	make_each(bots, ARRAY_LEN(bots));
	make_alert(SEVERITY_WARNING);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_looks(h, 1100);
	assert_string_equal(h->orders[0].text, "host.available 6.2 % (0.50 GiB) < 12.5 % for 1s; nodira.anon 1.00 GiB > 0.50 GiB; "
					       "xtts.anon 1.00 GiB > 256 MiB");
	assert_string_equal(h->orders[0].title,
			    "host.available 6.2 % < 12.5 %, anon 1.00 GiB > 0.50 GiB, xtts.anon 1.00 GiB > 256 MiB");
}

static void a_title_is_bounded_and_whole(void **state)
{
	struct event event = {.kind = EVENT_LOG_MATCH, .unit = NODIRA};
	struct host *h;

	(void)state;
	make_event_rule("errors", EVENT_LOG_MATCH, bots, ARRAY_LEN(bots))->after_n = 2;
	make_alert(SEVERITY_WARNING);
	(void)make_event_rule("kills", EVENT_OOM_KILL, none, 0);
	make_alert(SEVERITY_WARNING);
	h = host_begin(make_done());
	event.count = 5;
	strcpy(event.text, "its log says: %s%n");
	memset(event.title, 'x', sizeof(event.title) - 1);
	memcpy(event.title, "log: %s%n\r\n\"<b>\033[2J ", 20); /* hostile as it is; who shows it escapes it */
	decide_event(&h->decide, &event, h->now);
	host_look(h, 100);
	assert_orders(h, "alert:warning");
	assert_memory_equal(h->orders[0].title, event.title, 20);
	assert_true(strlen(h->orders[0].title) < TITLE_BYTES - 1);
	host_event(h, EVENT_OOM_KILL, CONFIG_NONE, "the kernel's OOM killer killed x (pid 5); y asked for memory");
	host_look(h, 100);
	assert_string_equal(h->orders[0].title, "the kernel's OOM killer killed x (pid 5)");
}

static void a_count_within_a_time_is_in_the_title(void **state)
{
	struct config_rule *rule;
	struct host *h;

	(void)state;
	rule = make_event_rule("died", EVENT_DEATH, bots, ARRAY_LEN(bots));
	rule->after_n = 2;
	rule->after_for_ms = 5 * MINUTE;
	make_alert(SEVERITY_WARNING);
	h = host_begin(make_done());
	die(h, false);
	die(h, false);
	host_look(h, 100);
	assert_int_equal(h->orders[h->n - 1].kind, ORDER_ALERT);
	assert_string_equal(h->orders[h->n - 1].title, "claude exited with status 1 (2 within 5m)");
}

/* --- repeats --- */

static void what_is_critical_is_told_again_each_hour(void **state)
{
	struct host *h;

	(void)state;
	(void)critical(SEVERITY_CRITICAL);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_look(h, 100);
	minutes(h, 59);
	assert_orders(h, "");
	host_available(h, 0.6);
	minutes(h, 3);
	assert_orders(h, "repeat");
	assert_int_equal(h->orders[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(h->orders[0].thread, 1);
	assert_string_equal(h->orders[0].text, "still, for 1 h 2 min: host.available 7.5 % (0.60 GiB) < 12 %");
	assert_string_equal(h->orders[0].title, "still, for 1 h 2 min: host.available 7.5 % < 12 %");
	host_available(h, 1.1); /* neither true nor clear: it has not ended */
	minutes(h, 130);
	assert_orders(h, "repeat repeat");
	host_available(h, 4);
	minutes(h, 130);
	assert_orders(h, "clear");
}

static void what_is_not_critical_or_over_at_once_is_not_told_again(void **state)
{
	struct host *h;

	(void)state;
	(void)critical(SEVERITY_WARNING);
	make_event_rule("oom", EVENT_OOM_KILL, bots, ARRAY_LEN(bots))->repeat_ms = MINUTE;
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_STOP, XTTS);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_event(h, EVENT_OOM_KILL, NODIRA, "killed");
	host_look(h, 100); /* its step is under way for the whole time */
	minutes(h, 300);
	assert_orders(h, "");
}

static void a_rule_says_how_often_or_never(void **state)
{
	static const struct {
		uint32_t repeat_ms;
		enum severity severity;
		uint32_t in_3_hours;
	} rows[] = {
		{0, SEVERITY_WARNING, 0},      {0, SEVERITY_CRITICAL, 2},  {CONFIG_NEVER, SEVERITY_CRITICAL, 0},
		{HOUR, SEVERITY_INFO, 2},      {30 * MINUTE, SEVERITY_CRITICAL, 5},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct host *h;

		(void)begin(state);
		dead(rows[i].severity)->repeat_ms = rows[i].repeat_ms;
		h = host_begin(make_done());
		set_dead(h, NODIRA, false);
		host_look(h, 100);
		minutes(h, 170);
		if (h->n != rows[i].in_3_hours)
			fail_msg("row %zu: %s", i, host_orders(h));
		host_end();
	}
}

static void the_shortest_of_the_channels_that_hear_it_counts(void **state)
{
	static const struct {
		uint32_t rule_ms, channel_ms;
		enum severity of_channel;
		uint32_t rule, unit;
		uint32_t want;
	} rows[] = {
		{0, 0, SEVERITY_INFO, CONFIG_NONE, CONFIG_NONE, CONFIG_NEVER}, /* a warning, and nobody says else */
		{0, MINUTE, SEVERITY_INFO, CONFIG_NONE, CONFIG_NONE, MINUTE},
		{HOUR, MINUTE, SEVERITY_INFO, CONFIG_NONE, CONFIG_NONE, MINUTE},
		{HOUR, 2 * HOUR, SEVERITY_INFO, CONFIG_NONE, CONFIG_NONE, 90 * MINUTE},
		{HOUR, 0, SEVERITY_INFO, CONFIG_NONE, CONFIG_NONE, HOUR},
		{CONFIG_NEVER, MINUTE, SEVERITY_WARNING, CONFIG_NONE, CONFIG_NONE, MINUTE},
		{HOUR, MINUTE, SEVERITY_CRITICAL, CONFIG_NONE, CONFIG_NONE, 90 * MINUTE}, /* it does not hear it */
		{HOUR, MINUTE, SEVERITY_INFO, 0, NODIRA, MINUTE},
		{HOUR, MINUTE, SEVERITY_INFO, 1, NODIRA, 90 * MINUTE},
		{HOUR, MINUTE, SEVERITY_INFO, 0, MIRZO, 90 * MINUTE},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct heard heard = {.rule = 0, .unit = NODIRA, .severity = SEVERITY_WARNING};
		struct config *config;

		(void)begin(state);
		dead(SEVERITY_WARNING)->repeat_ms = rows[i].rule_ms;
		(void)critical(SEVERITY_WARNING);
		/* one that hears all: every 90 min where the rows say nothing of their own */
		if (rows[i].want == 90 * MINUTE)
			make_channel("all", "email", SEVERITY_INFO)->repeat_ms = 90 * MINUTE;
		make_channel("one", "exec", rows[i].of_channel)->repeat_ms = rows[i].channel_ms;
		make_channel_of(rows[i].rule, rows[i].unit);
		config = make_done();
		if (heard_repeat_ms(config, &heard) != rows[i].want)
			fail_msg("row %zu: %u", i, heard_repeat_ms(config, &heard));
		free(config);
	}
}

static void where_nobody_hears_it_the_rule_counts_and_never_is_never(void **state)
{
	struct heard heard = {.rule = 0, .unit = CONFIG_NONE, .severity = SEVERITY_CRITICAL};
	struct config *config;

	(void)state;
	(void)critical(SEVERITY_CRITICAL);
	config = make_done();
	assert_int_equal(heard_repeat_ms(config, &heard), HOUR);
	free(config);
	(void)begin(NULL);
	(void)critical(SEVERITY_CRITICAL);
	make_channel("one", "exec", SEVERITY_INFO)->repeat_ms = CONFIG_NEVER;
	config = make_done();
	assert_int_equal(heard_repeat_ms(config, &heard), CONFIG_NEVER);
	free(config);
}

static void what_is_given_up_is_critical_and_told_again(void **state)
{
	struct config_rule *rule;
	struct host *h;

	(void)state;
	rule = dead(SEVERITY_WARNING);
	rule->limit_n = 1;
	rule->limit_for_ms = 24 * HOUR;
	(void)make_step(VERB_RESTART, CONFIG_EACH);
	h = host_begin(make_done());
	set_dead(h, NODIRA, false);
	host_look(h, 100);
	host_outcome(h, 1, NODIRA, OUTCOME_FAILED);
	minutes(h, 1);
	assert_orders(h, "alert:critical");
	minutes(h, 59);
	assert_orders(h, "");
	minutes(h, 121);
	assert_orders(h, "repeat repeat");
	assert_int_equal(h->orders[0].severity, SEVERITY_CRITICAL);
	assert_memory_equal(h->orders[0].text, "still, for 1 h 3 min: no claude for 20 s", 40);
}

static void a_kill_neither_loses_nor_doubles_a_repeat(void **state)
{
	struct host *h;

	(void)state;
	(void)dead(SEVERITY_CRITICAL);
	h = host_begin(make_done());
	set_dead(h, NODIRA, false);
	host_look(h, 100);
	for (int i = 0; i < 58; i++) {
		minutes(h, 1);
		assert_orders(h, "");
		host_restart(h);
	}
	minutes(h, 4);
	assert_orders(h, "repeat");
	assert_non_null(strstr(h->orders[0].text, "dead, seen before watchdogd was started again"));
	host_restart(h);
	minutes(h, 58);
	assert_orders(h, "");
	minutes(h, 4);
	assert_orders(h, "repeat");
}

static void a_reload_changes_when_it_is_told_again(void **state)
{
	struct config *old;
	struct host *h;

	(void)state;
	(void)dead(SEVERITY_WARNING);
	h = host_begin(make_done());
	set_dead(h, NODIRA, false);
	host_look(h, 100);
	minutes(h, 100);
	assert_orders(h, "");
	for (int i = 0; i < 2; i++) { /* of a channel: the text of the rule is the same */
		(void)begin(NULL);
		(void)dead(SEVERITY_WARNING);
		make_channel("one", "exec", SEVERITY_INFO)->repeat_ms = i == 0 ? 10 * MINUTE : CONFIG_NEVER;
		old = h->config;
		h->config = make_done();
		decide_config(&h->decide, h->config, h->now);
		free(old);
		minutes(h, 38);
		assert_orders(h, i == 0 ? "repeat repeat repeat" : "");
	}
}

/* --- a person has seen it --- */

static void what_a_person_has_seen_is_not_told_again_in_this_firing(void **state)
{
	struct host *h;

	(void)state;
	(void)dead(SEVERITY_CRITICAL);
	h = host_begin(make_done());
	set_dead(h, NODIRA, false);
	set_dead(h, MIRZO, false);
	host_look(h, 100);
	host_look(h, 100);
	assert_int_equal(ack(h, 99, ""), 0);
	assert_int_equal(ack(h, 1, "dead of nodira"), 1);
	assert_true(h->state.rule[1].acked);
	assert_false(h->state.rule[2].acked);
	host_restart(h);
	minutes(h, 65);
	assert_orders(h, "repeat"); /* mirzo's */
	assert_int_equal(h->orders[0].unit, MIRZO);
	assert_int_equal(ack(h, 1, "dead of nodira"), 1); /* said again, it stays so */
	assert_int_equal(ack(h, 0, "dead of mirzo"), 1);
	assert_int_equal(ack(h, 0, ""), 0);
	minutes(h, 200);
	assert_orders(h, "");
	set_dead(h, NODIRA, true);
	minutes(h, 2);
	assert_orders(h, "clear"); /* that it is over is told */
	set_dead(h, NODIRA, false);
	minutes(h, 65);
	assert_orders(h, "alert:critical repeat"); /* another firing */
}

static void what_is_over_is_known_and_nothing_follows(void **state)
{
	struct host *h;

	(void)state;
	(void)make_event_rule("oom", EVENT_OOM_KILL, bots, ARRAY_LEN(bots));
	make_alert(SEVERITY_CRITICAL);
	h = host_begin(make_done());
	host_event(h, EVENT_OOM_KILL, NODIRA, "killed");
	host_look(h, 100);
	host_look(h, 100);
	assert_int_equal(ack(h, 0, ""), 0);
	assert_int_equal(ack(h, 1, "oom of nodira"), 1);
	assert_int_equal(h->state.rule[1].acked, 0);
}

static void the_page_shows_the_alert_that_is_open(void **state)
{
	const struct state_rule *row;
	struct host *h;

	(void)state;
	(void)critical(SEVERITY_WARNING);
	h = host_begin(make_done());
	row = &h->state.rule[0];
	host_look(h, 100);
	assert_int_equal(row->severity, SEVERITY_WARNING);
	assert_int_equal(row->thread, 0);
	assert_int_equal(row->began, 0);
	host_available(h, 0.5);
	host_look(h, 100);
	host_look(h, 100);
	assert_int_equal(row->thread, 1);
	assert_int_equal(row->began, h->now - 100);
	assert_false(row->acked);
	assert_int_equal(ack(h, 1, "critical"), 1);
	assert_true(row->acked);
	host_available(h, 4);
	host_looks(h, 300);
	assert_int_equal(row->thread, 0);
	assert_int_equal(row->began, 0);
	assert_false(row->acked);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_follows_an_alert_is_in_its_thread),
		TEST(what_was_told_before_a_kill_is_told_no_more),
		TEST(the_thread_outlives_a_kill_and_a_reload),
		TEST(what_was_given_up_stays_in_its_thread_until_the_all_clear),
		TEST(a_reply_is_in_the_thread_of_its_death),
		TEST(a_death_that_is_not_told_is_in_no_thread),
		TEST(a_title_says_it_in_short),
		TEST(a_title_is_bounded_and_whole),
		TEST(a_count_within_a_time_is_in_the_title),
		TEST(what_is_critical_is_told_again_each_hour),
		TEST(what_is_not_critical_or_over_at_once_is_not_told_again),
		TEST(a_rule_says_how_often_or_never),
		TEST(the_shortest_of_the_channels_that_hear_it_counts),
		TEST(where_nobody_hears_it_the_rule_counts_and_never_is_never),
		TEST(what_is_given_up_is_critical_and_told_again),
		TEST(a_kill_neither_loses_nor_doubles_a_repeat),
		TEST(a_reload_changes_when_it_is_told_again),
		TEST(what_a_person_has_seen_is_not_told_again_in_this_firing),
		TEST(what_is_over_is_known_and_nothing_follows),
		TEST(the_page_shows_the_alert_that_is_open),
	};

	return cmocka_run_group_tests_name("decide_thread", tests, NULL, NULL);
}
