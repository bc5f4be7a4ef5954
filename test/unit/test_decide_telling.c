/* kill -9 at each store between an order to tell people and its ladder's note that they were told: what has no open
 * entry in the ledger is told again, what has one is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "make_config.h"
#include "make_host.h"

enum { NODIRA };
enum { SECOND = 1000, MINUTE = 60000, HOUR = 3600000 };

/* Where the kill comes. */
enum cut {
	CUT_BEFORE,       /* nothing is written */
	CUT_BEGUN,        /* whose order it is */
	CUT_NOTED,        /* and the entry's id */
	CUT_OPEN,         /* the entry is open */
	CUT_ACKNOWLEDGED, /* and its ladder has noted it, but not that this was all */
	CUT_BEHIND,
	CUTS,
};

static const uint32_t bots[] = {NODIRA};

static int begin(void **state)
{
	(void)state;
	make_begin();
	(void)make_unit("nodira", CONFIG_NONE);
	return 0;
}

static int end(void **state)
{
	(void)state;
	host_end();
	return 0;
}

#define assert_orders(host, want) assert_string_equal(host_orders(host), want)

static struct host *low_memory(void)
{
	(void)make_rule("low");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_clear();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, 15);
	make_alert(SEVERITY_CRITICAL);
	return host_begin(make_done());
}

static void set_dead(struct host *h, bool ended)
{
	struct event event = {.kind = EVENT_DEAD, .unit = NODIRA, .at = h->now, .ended = ended};

	strcpy(event.text, "no claude for 20 s");
	decide_event(&h->decide, &event, h->now);
}

static void die(struct host *h, bool reply)
{
	struct event event = {.kind = EVENT_DEATH, .unit = NODIRA, .at = h->now, .reply = reply, .pid = 7};

	strcpy(event.text, reply ? "claude is back" : "claude exited");
	decide_event(&h->decide, &event, h->now);
}

/* The entry as alert_send makes it; thread: of the order, or its own id. */
static struct ledger_entry *enter(struct host *h, const struct order *order)
{
	struct ledger_entry *entry = ledger_add(&h->ledger, LEDGER_ALERT);

	entry->severity = order->severity;
	entry->thread = order->thread != 0 ? order->thread : entry->id;
	atomic_store(&h->ledger.telling.entry, entry->id);
	return entry;
}

/* Look; the next order is of that kind; a kill on the way of telling it. Its thread, if its entry is open. */
static uint64_t tell_until(struct host *h, enum order_kind kind, enum cut cut)
{
	struct ledger_entry *entry;
	struct order order;
	uint64_t noted;

	h->now += 100;
	decide_look(&h->decide, h->now);
	assert_true(decide_next(&h->decide, &order, h->now));
	assert_int_equal(order.kind, kind);
	if (cut == CUT_BEFORE)
		return 0;
	decide_tell_begin(&h->decide, &order, h->now);
	assert_int_equal(h->ledger.telling.entry, 0);
	if (cut == CUT_BEGUN)
		return 0;
	entry = enter(h, &order);
	if (cut == CUT_NOTED)
		return 0;
	ledger_commit(entry);
	noted = h->ledger.telling.key;
	if (cut == CUT_OPEN)
		return entry->thread;
	decide_sent(&h->decide, &order, entry->thread, h->now);
	assert_int_equal(h->ledger.telling.entry, 0);
	if (cut == CUT_ACKNOWLEDGED) {
		h->ledger.telling.key = noted;
		atomic_store(&h->ledger.telling.entry, entry->id);
	}
	return entry->thread;
}

/* The next sentinel; of each entry of the one before it has taken note, so that it may end. */
static void kill_and_begin(struct host *h)
{
	host_restart(h);
	assert_int_equal(h->ledger.telling.entry, 0);
	for (int i = 0; i < ENTRIES_MAX; i++)
		ledger_free(&h->ledger.entries[i]);
}

static void an_alert_and_its_all_clear_are_told_once_or_again(void **state)
{
	(void)state;
	for (enum cut cut = 0; cut < CUTS; cut++) {
		struct host *h = low_memory();
		uint64_t thread;

		host_available(h, 0.5);
		thread = tell_until(h, ORDER_ALERT, cut);
		kill_and_begin(h);
		host_look(h, 100);
		assert_orders(h, cut < CUT_OPEN ? "alert:critical" : "");
		if (cut < CUT_OPEN)
			thread = h->threads;
		host_available(h, 8);
		assert_int_equal(tell_until(h, ORDER_CLEAR, cut), cut < CUT_OPEN ? 0 : thread);
		kill_and_begin(h);
		host_look(h, 100);
		assert_orders(h, cut < CUT_OPEN ? "clear" : "");
		host_look(h, 100);
		assert_int_equal(h->ledger.ladders[0].firing, 0);
		assert_int_equal(h->ledger.ladders[0].thread, 0);
		host_end();
		(void)begin(NULL);
	}
}

static void a_repeat_is_told_once_or_again(void **state)
{
	(void)state;
	for (enum cut cut = 0; cut < CUTS; cut++) {
		struct host *h = low_memory();

		host_available(h, 0.5);
		host_look(h, 100);
		assert_orders(h, "alert:critical");
		for (int i = 0; i < 60; i++)
			host_look(h, MINUTE);
		h->now += MINUTE + SECOND;
		(void)tell_until(h, ORDER_REPEAT, cut);
		kill_and_begin(h);
		host_look(h, 100);
		assert_orders(h, cut < CUT_OPEN ? "repeat" : "");
		host_look(h, 100);
		assert_orders(h, "");
		host_end();
		(void)begin(NULL);
	}
}

static void a_reply_is_told_once_or_again(void **state)
{
	(void)state;
	for (enum cut cut = 0; cut < CUTS; cut++) {
		struct host *h;

		(void)make_event_rule("died", EVENT_DEATH, bots, ARRAY_LEN(bots));
		make_alert(SEVERITY_WARNING);
		h = host_begin(make_done());
		die(h, false);
		host_look(h, 100);
		assert_orders(h, "alert:warning");
		die(h, true);
		(void)tell_until(h, ORDER_REPLY, cut);
		kill_and_begin(h);
		die(h, true); /* seen anew */
		host_look(h, 100);
		assert_orders(h, cut < CUT_OPEN ? "reply" : "tell");
		host_end();
		(void)begin(NULL);
	}
}

/* What was given up is no alert of a step. */
static void what_is_given_up_is_told_once_or_again(void **state)
{
	(void)state;
	for (enum cut cut = 0; cut < CUTS; cut++) {
		struct config_rule *rule;
		struct host *h;

		rule = make_event_rule("dead", EVENT_DEAD, bots, ARRAY_LEN(bots));
		rule->limit_n = 1;
		rule->limit_for_ms = HOUR;
		(void)make_step(VERB_RESTART, CONFIG_EACH);
		h = host_begin(make_done());
		set_dead(h, false);
		host_look(h, 100);
		assert_orders(h, "restart:nodira");
		host_outcome(h, 1, NODIRA, OUTCOME_FAILED);
		(void)tell_until(h, ORDER_ALERT, cut);
		kill_and_begin(h);
		host_look(h, 100);
		assert_orders(h, cut < CUT_OPEN ? "alert:critical" : "");
		host_look(h, 100);
		assert_orders(h, "");
		assert_int_equal(h->ledger.ladders[0].alerted, 0);
		host_end();
		(void)begin(NULL);
	}
}

static void a_rule_that_was_changed_meanwhile_still_owes_the_all_clear(void **state)
{
	struct host *h = low_memory();
	uint64_t thread;

	(void)state;
	host_available(h, 0.5);
	thread = tell_until(h, ORDER_ALERT, CUT_OPEN);
	h->ledger.ladders[0].text_hash++;
	kill_and_begin(h);
	host_look(h, 100);
	assert_orders(h, "clear");
	assert_int_equal(h->orders[0].thread, thread);
}

static void a_ladder_that_is_gone_changes_nothing(void **state)
{
	struct host *h = low_memory();

	(void)state;
	host_available(h, 0.5);
	(void)tell_until(h, ORDER_ALERT, CUT_OPEN);
	h->ledger.telling.key++;
	h->ledger.telling.as = UINT32_MAX;
	kill_and_begin(h);
	host_look(h, 100);
	assert_orders(h, "alert:critical");
}

/* Looks may end before everything is asked for: what was told is noted all the same. */
static void what_was_told_is_noted_before_the_next_is_asked_for(void **state)
{
	struct host *h = low_memory();

	(void)state;
	host_available(h, 0.5);
	(void)tell_until(h, ORDER_ALERT, CUT_BEHIND);
	assert_int_equal(h->ledger.ladders[0].alerted, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_alert_and_its_all_clear_are_told_once_or_again),
		TEST(a_repeat_is_told_once_or_again),
		TEST(a_reply_is_told_once_or_again),
		TEST(what_is_given_up_is_told_once_or_again),
		TEST(a_rule_that_was_changed_meanwhile_still_owes_the_all_clear),
		TEST(a_ladder_that_is_gone_changes_nothing),
		TEST(what_was_told_is_noted_before_the_next_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
