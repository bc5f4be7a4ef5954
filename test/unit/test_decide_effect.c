/* What a step has done is measured, logged after `settle`, and told in the next message of its firing. */
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

enum { XTTS, NODIRA };

static int begin(void **state)
{
	(void)state;
	make_begin();
	(void)make_unit("xtts", CONFIG_NONE);
	(void)make_unit("nodira", CONFIG_NONE);
	return 0;
}

static int end(void **state)
{
	(void)state;
	host_end();
	return 0;
}

/* when = host.available < 12%, clear = host.available > 15% for 10s, then = alert critical, stop xtts */
static struct config_rule *critical(const char *name)
{
	struct config_rule *rule = make_rule(name);

	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_clear();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, 15);
	make_for(10000);
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_STOP, XTTS);
	return rule;
}

/* full, some: 1/1000 %, of the 2 s before this look. */
static void pressure(struct host *h, int64_t full, int64_t some)
{
	state_set(&h->state.host[HOST_PRESSURE_FULL], full, 0, h->now - 2000);
	state_set(&h->state.host[HOST_PRESSURE_SOME], some, 0, h->now - 2000);
}

/* It is asked at 0.5 GiB under pressure. */
static struct host *asked(struct config *config)
{
	struct host *h = host_begin(config);

	host_available(h, 0.5);
	pressure(h, 12000, 40000);
	host_look(h, 100);
	return h;
}

/* The step of instance 0 is proved at `at_proof`; 3 s later there are `settled` GiB. */
static void proved(struct host *h, uint32_t unit, double at_proof, double settled)
{
	host_available(h, at_proof);
	host_unit(h, unit, STATE_UNIT_INACTIVE, 0);
	host_outcome(h, 0, unit, OUTCOME_DONE);
	host_available(h, settled);
	host_looks(h, 2900);
	h->now += 100; /* the readings are of the look that judges */
	pressure(h, 400, 1200);
	h->now -= 100;
	host_looks(h, 100);
}

static void the_effect_of_a_step_is_one_line_of_the_log(void **state)
{
	struct host *h;

	(void)state;
	(void)critical("critical");
	h = asked(make_done());
	proved(h, XTTS, 1.25, 1);
	assert_string_equal(h->effect,
			    "stop xtts: it held 1024 MiB; host.available 512 MiB -> 1280 MiB at its proof, 1024 MiB 3.0 s "
			    "later; host.pressure.full 12.0 % -> 0.4 %, some 40.0 % -> 1.2 %");
	h->effect[0] = '\0';
	host_looks(h, 20000);
	assert_string_equal(h->effect, "");
}

static void it_is_not_said_before_settle_is_over(void **state)
{
	struct host *h;

	(void)state;
	(void)critical("critical");
	h = asked(make_done());
	host_looks(h, 5000);
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_looks(h, 2900);
	assert_string_equal(h->effect, "");
	host_looks(h, 100);
	assert_string_not_equal(h->effect, "");
}

static void it_stands_in_the_all_clear(void **state)
{
	struct host *h;

	(void)state;
	(void)critical("critical");
	h = asked(make_done());
	(void)ledger_mark(&h->ledger, "xtts", STATE_MARK_STOPPED, "critical");
	proved(h, XTTS, 4, 4.5);
	host_looks(h, 10000);
	assert_string_equal(host_orders(h), "clear");
	assert_string_equal(h->orders[0].text,
			    "resolved, after 10 s; 3.0 s after stop xtts: host.available 512 MiB -> 4608 MiB, "
			    "host.pressure.full 12.0 % -> 0.4 %; xtts is still stopped");
	assert_string_equal(h->orders[0].title, "resolved, after 10 s (critical); xtts is still stopped");
}

static void it_stands_in_the_next_alert_and_no_more_in_the_all_clear(void **state)
{
	struct host *h;

	(void)state;
	(void)critical("critical");
	make_alert(SEVERITY_WARNING);
	(void)make_step(VERB_STOP, NODIRA);
	h = asked(make_done());
	proved(h, XTTS, 0.75, 0.625);
	assert_string_equal(host_orders(h), "alert:warning stop:nodira");
	assert_string_equal(h->orders[0].text,
			    "still: host.available 7.8 % (0.62 GiB) < 12 %; 3.0 s after stop xtts: host.available 512 MiB -> "
			    "640 MiB, host.pressure.full 12.0 % -> 0.4 %");
	proved(h, NODIRA, 4, 4);
	host_looks(h, 10000);
	assert_string_equal(host_orders(h), "clear");
	assert_string_equal(h->orders[0].text,
			    "resolved, after 13 s; 3.0 s after stop nodira: host.available 640 MiB -> 4096 MiB, "
			    "host.pressure.full 0.4 % -> 0.4 %");
}

static void what_two_steps_did_is_told_of_both(void **state)
{
	struct host *h;

	(void)state;
	(void)critical("critical");
	(void)make_step(VERB_STOP, NODIRA);
	h = asked(make_done());
	proved(h, XTTS, 0.5, 0.5);
	assert_string_equal(host_orders(h), "stop:nodira");
	proved(h, NODIRA, 4, 4);
	host_looks(h, 10000);
	assert_non_null(strstr(h->orders[0].text, "after stop xtts: host.available 512 MiB -> 512 MiB"));
	assert_non_null(strstr(h->orders[0].text, "after stop nodira: host.available 512 MiB -> 4096 MiB"));
}

static void what_is_not_known_is_left_out(void **state)
{
	struct host *h;

	(void)state;
	(void)critical("critical");
	h = host_begin(make_done());
	h->state.unit[XTTS].readings[UNIT_ANON].known = STATE_UNKNOWN;
	host_available(h, 0.5);
	host_look(h, 100);
	proved(h, XTTS, 1, 4);
	assert_string_equal(h->effect, "stop xtts: host.available 512 MiB -> 1024 MiB at its proof, 4096 MiB 3.0 s later; "
				       "host.pressure.full 0.4 %, some 1.2 %");
}

static void of_what_nobody_knows_nothing_is_said(void **state)
{
	struct host *h;

	(void)state;
	(void)critical("critical");
	h = host_begin(make_done());
	host_available(h, 0.5);
	h->state.unit[XTTS].readings[UNIT_ANON].known = STATE_UNKNOWN;
	host_look(h, 100);
	h->state.host[HOST_AVAILABLE].known = STATE_UNKNOWN;
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_looks(h, 5000);
	assert_string_equal(h->effect, "");
}

static void a_pressure_from_before_the_proof_is_none_from_after_it(void **state)
{
	struct host *h;

	(void)state;
	critical("critical")->settle_ms = 1000;
	h = asked(make_done());
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_available(h, 4);
	pressure(h, 11000, 30000);
	host_looks(h, 1000);
	assert_string_equal(h->effect,
			    "stop xtts: it held 1024 MiB; host.available 512 MiB -> 512 MiB at its proof, 4096 MiB 1.0 s later");
}

static void a_sentinel_that_is_killed_says_what_the_next_one_knows(void **state)
{
	struct host *h;

	(void)state;
	(void)critical("critical");
	h = asked(make_done());
	ledger_add(&h->ledger, LEDGER_STEP)->ladder_key = ledger_key("critical", "");
	h->ledger.entries[0].step_verb = VERB_STOP;
	ledger_commit(&h->ledger.entries[0]);
	host_restart(h);
	host_looks(h, 1000);
	proved(h, XTTS, 2, 4);
	assert_string_equal(h->effect, "stop xtts: host.available 2048 MiB at its proof, 4096 MiB 3.0 s later; "
				       "host.pressure.full 0.4 %, some 1.2 %");
	h->effect[0] = '\0';
	host_restart(h); /* and of what was said to the log alone, the all-clear knows nothing */
	host_looks(h, 20000);
	assert_string_equal(h->effect, "");
	assert_string_equal(host_orders(h), "clear");
	assert_null(strstr(h->orders[0].text, "host.available"));
}

static void a_step_that_is_not_done_has_no_effect(void **state)
{
	struct host *h;

	(void)state;
	(void)critical("critical");
	h = asked(make_done());
	host_outcome(h, 0, XTTS, OUTCOME_FAILED);
	host_looks(h, 20000);
	assert_string_equal(h->effect, "");
}

static void a_dry_run_measures_nothing(void **state)
{
	struct host *h;

	(void)state;
	(void)critical("critical");
	h = host_begin_dry(make_done());
	h->answer = OUTCOME_DONE;
	host_available(h, 0.5);
	host_looks(h, 20000);
	assert_string_equal(h->effect, "");
}

static void what_brings_back_a_dead_unit_frees_nothing(void **state)
{
	static const uint32_t units[] = {NODIRA};
	struct host *h;

	(void)state;
	(void)make_event_rule("dead", EVENT_DEAD, units, ARRAY_LEN(units));
	(void)make_step(VERB_RESTART, CONFIG_EACH);
	h = host_begin(make_done());
	host_event(h, EVENT_DEAD, NODIRA, "is dead");
	host_look(h, 100);
	assert_string_equal(host_orders(h), "restart:nodira");
	host_outcome(h, 1, NODIRA, OUTCOME_DONE);
	host_looks(h, 5000);
	assert_string_equal(h->effect, "");
}

static void a_command_has_one_too(void **state)
{
	struct host *h;

	(void)state;
	(void)make_rule("hook");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	(void)make_step(VERB_RUN, CONFIG_NONE);
	h = asked(make_done());
	host_available(h, 4);
	host_outcome(h, 0, CONFIG_NONE, OUTCOME_DONE);
	host_looks(h, 3000);
	assert_string_equal(h->effect, "run a command: host.available 512 MiB -> 4096 MiB at its proof, 4096 MiB 3.0 s later");
}

static void a_reload_forgets_nothing_of_it(void **state)
{
	struct config *config;
	struct host *h;

	(void)state;
	(void)critical("critical");
	h = asked(make_done());
	host_available(h, 4);
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	make_begin(); /* units and rules have other numbers now */
	(void)make_unit("nodira", CONFIG_NONE);
	(void)make_unit("xtts", CONFIG_NONE);
	(void)make_rule("first");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 1);
	critical("critical")->text_hash = 1;
	config = make_done();
	decide_config(&h->decide, config, h->now);
	free(h->config);
	h->config = config;
	host_looks(h, 3000);
	assert_non_null(strstr(h->effect, "host.available 512 MiB -> 4096 MiB at its proof, 4096 MiB 3.0 s later"));
	host_looks(h, 10000);
	assert_non_null(strstr(h->orders[0].text, "3.0 s after stop xtts: host.available 512 MiB -> 4096 MiB"));
}

static void of_more_steps_than_rows_the_oldest_is_not_told(void **state)
{
	uint32_t units[EFFECTS_MAX + 1];
	struct host *h;
	char name[16];

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(units); i++) {
		(void)snprintf(name, sizeof(name), "u%u", i);
		(void)make_unit(name, CONFIG_NONE);
		units[i] = 2 + i;
	}
	(void)make_rule("tight");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_each(units, ARRAY_LEN(units));
	make_alert(SEVERITY_WARNING);
	(void)make_step(VERB_STOP, CONFIG_EACH);
	h = asked(make_done());
	host_available(h, 4);
	for (uint32_t i = 1; i < ARRAY_LEN(units); i++) /* rows were taken in the order of asking */
		host_outcome(h, i, units[i], OUTCOME_DONE);
	host_looks(h, 15000);
	assert_int_equal(h->n, EFFECTS_MAX);
	for (uint32_t i = 0; i < h->n; i++)
		assert_non_null(strstr(h->orders[i].text, "3.0 s after stop u"));
	assert_int_equal(h->decide.unsaid, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(the_effect_of_a_step_is_one_line_of_the_log),
		TEST(it_is_not_said_before_settle_is_over),
		TEST(it_stands_in_the_all_clear),
		TEST(it_stands_in_the_next_alert_and_no_more_in_the_all_clear),
		TEST(what_two_steps_did_is_told_of_both),
		TEST(what_is_not_known_is_left_out),
		TEST(of_what_nobody_knows_nothing_is_said),
		TEST(a_pressure_from_before_the_proof_is_none_from_after_it),
		TEST(a_sentinel_that_is_killed_says_what_the_next_one_knows),
		TEST(a_step_that_is_not_done_has_no_effect),
		TEST(a_dry_run_measures_nothing),
		TEST(what_brings_back_a_dead_unit_frees_nothing),
		TEST(a_command_has_one_too),
		TEST(a_reload_forgets_nothing_of_it),
		TEST(of_more_steps_than_rows_the_oldest_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
