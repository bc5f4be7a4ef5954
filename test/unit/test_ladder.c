/* A firing, sentence by sentence of "A firing": steps, proof, settle, judgement, clear, rounds. */
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

static uint32_t bots;

static int begin(void **state)
{
	(void)state;
	make_begin();
	bots = make_group("bots");
	(void)make_unit("xtts", CONFIG_NONE);
	make_unit("nodira", bots)->priority = 20;
	make_unit("mirzo", bots)->priority = 30;
	return 0;
}

static int end(void **state)
{
	(void)state;
	host_end();
	return 0;
}

/* when = host.available < 12%, clear = host.available > 15% for 10s */
static struct config_rule *critical(void)
{
	struct config_rule *rule = make_rule("critical");

	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_clear();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, 15);
	make_for(10000);
	return rule;
}

static struct host *alert_stop_xtts(void)
{
	(void)critical();
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_STOP, XTTS);
	return host_begin(make_done());
}

#define assert_orders(host, want) assert_string_equal(host_orders(host), want)

static void rule_does_not_fire_before_hold_ends(void **state)
{
	struct host *h;

	(void)state;
	(void)make_rule("tight");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 20);
	make_for(5000);
	make_alert(SEVERITY_WARNING);
	h = host_begin(make_done());
	host_available(h, 1);
	host_look(h, 1000);
	assert_orders(h, "");
	assert_int_equal(h->state.rule[0].phase, STATE_RULE_HOLDING);
	assert_int_equal(decide_next_ms(&h->decide, h->now), 5000);
	host_look(h, 4999);
	assert_orders(h, "");
	host_look(h, 1);
	assert_orders(h, "alert:warning");
	assert_string_equal(h->orders[0].text, "host.available 12.5 % (1.00 GiB) < 20 % for 5s");
	assert_int_equal(h->state.rule[0].fired, 1);
}

static void alerts_are_taken_together_with_the_next_step(void **state)
{
	struct host *h = alert_stop_xtts();

	(void)state;
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "alert:critical stop:xtts");
	assert_int_equal(h->state.rule[0].phase, STATE_RULE_FIRING);
	assert_string_equal(h->state.rule[0].rule, "critical");
	host_looks(h, 5000);
	assert_orders(h, ""); /* asked, not proved */
}

static void what_clears_after_the_step_ends_with_an_all_clear(void **state)
{
	struct host *h = alert_stop_xtts();

	(void)state;
	host_available(h, 0.5);
	host_look(h, 100);
	(void)ledger_mark(&h->ledger, "xtts", STATE_MARK_STOPPED, "critical");
	host_unit(h, XTTS, STATE_UNIT_INACTIVE, 0);
	host_available(h, 4);
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_looks(h, 9900);
	assert_orders(h, "");
	host_looks(h, 300);
	assert_orders(h, "clear");
	assert_string_equal(h->orders[0].text, "resolved, after 10 s; xtts is still stopped");
	assert_int_equal(h->orders[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(h->state.rule[0].phase, STATE_RULE_QUIET);
}

static void a_step_is_judged_only_after_settle(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	(void)make_step(VERB_STOP, XTTS);
	(void)make_step(VERB_RESTART, NODIRA);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "stop:xtts");
	host_unit(h, XTTS, STATE_UNIT_INACTIVE, 0);
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_looks(h, 2900);
	assert_orders(h, "");
	host_look(h, 100);
	assert_orders(h, "restart:nodira");
}

static void when_true_again_before_clear_takes_the_next_step(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_STOP, XTTS);
	(void)make_step(VERB_RESTART, NODIRA);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_look(h, 100);
	host_unit(h, XTTS, STATE_UNIT_INACTIVE, 0);
	host_available(h, 2);
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_looks(h, 8000);
	assert_orders(h, "");
	assert_int_equal(h->state.rule[0].phase, STATE_RULE_STANDING);
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "restart:nodira");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(rule_does_not_fire_before_hold_ends),
		TEST(alerts_are_taken_together_with_the_next_step),
		TEST(what_clears_after_the_step_ends_with_an_all_clear),
		TEST(a_step_is_judged_only_after_settle),
		TEST(when_true_again_before_clear_takes_the_next_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
