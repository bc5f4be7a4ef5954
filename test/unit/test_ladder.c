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
	assert_string_equal(h->orders[0].text, "resolved, after 10 s; 3.0 s after stop xtts: host.available 512 MiB -> "
					       "4096 MiB; xtts is still stopped");
	assert_string_equal(h->orders[0].title, "resolved, after 10 s (critical); xtts is still stopped");
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

/* The step of instance 0 is proved, and the unit is down. */
static void stopped(struct host *h, uint32_t unit)
{
	(void)ledger_mark(&h->ledger,
			  h->config->units.count > unit ? config_unit_at(h->config, unit)->name
							: "",
			  STATE_MARK_STOPPED, "critical");
	host_unit(h, unit, STATE_UNIT_INACTIVE, 0);
	host_outcome(h, 0, unit, OUTCOME_DONE);
}

static void a_start_is_not_waited_for(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	(void)make_step(VERB_START, XTTS);
	(void)make_step(VERB_STOP, NODIRA);
	h = host_begin(make_done());
	host_unit(h, XTTS, STATE_UNIT_INACTIVE, 0);
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "start:xtts stop:nodira");
	host_outcome(h, 0, XTTS, OUTCOME_DONE); /* of the start: proves no stop */
	host_looks(h, 5000);
	assert_int_equal(h->ledger.ladders[0].proved, 0);
}

static void a_window_from_before_the_proof_does_not_judge(void **state)
{
	struct host *h;

	(void)state;
	make_rule("last")->settle_ms = 1000;
	make_when();
	make_host_pct(HOST_PRESSURE_FULL, CONFIG_GT, 30);
	(void)make_step(VERB_STOP, XTTS);
	(void)make_step(VERB_STOP, NODIRA);
	h = host_begin(make_done());
	state_set(&h->state.host[HOST_PRESSURE_FULL], 50000, 0, h->now - 2000);
	host_look(h, 100);
	assert_orders(h, "stop:xtts");
	stopped(h, XTTS);
	state_set(&h->state.host[HOST_PRESSURE_FULL], 50000, 0, h->now - 900);
	host_look(h, 1100);
	assert_orders(h, "");
	assert_int_equal(h->state.rule[0].phase, STATE_RULE_STANDING);
	assert_int_equal(h->state.rule[0].when, CONDITION_UNKNOWN);
	state_set(&h->state.host[HOST_PRESSURE_FULL], 50000, 0, h->now - 1100);
	host_look(h, 100);
	assert_orders(h, "stop:nodira");
}

static void a_hold_counts_anew_from_the_proof(void **state)
{
	struct host *h;

	(void)state;
	(void)make_rule("last");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_for(5000);
	(void)make_step(VERB_STOP, XTTS);
	(void)make_step(VERB_STOP, NODIRA);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_looks(h, 5100);
	assert_orders(h, "stop:xtts");
	stopped(h, XTTS);
	host_looks(h, 5000);
	assert_orders(h, ""); /* settled after 3 s, but it held for less than 5 s since */
	host_looks(h, 100);
	assert_orders(h, "stop:nodira");
}

static struct host *default_clear(uint32_t settle_ms)
{
	make_rule("tight")->settle_ms = settle_ms;
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_alert(SEVERITY_WARNING);
	return host_begin(make_done());
}

static void without_clear_it_ends_when_false_for_ten_seconds(void **state)
{
	struct host *h = default_clear(3000);

	(void)state;
	host_available(h, 0.5);
	host_look(h, 100);
	host_available(h, 4);
	host_looks(h, 10000);
	assert_orders(h, "");
	host_looks(h, 100);
	assert_orders(h, "clear");
	assert_string_equal(h->orders[0].text, "resolved, after 10 s");
}

static void without_clear_a_longer_settle_counts(void **state)
{
	struct host *h = default_clear(30000);

	(void)state;
	host_available(h, 0.5);
	host_look(h, 100);
	host_available(h, 4);
	host_looks(h, 30000);
	assert_orders(h, "");
	assert_int_equal(decide_next_ms(&h->decide, h->now), 100);
	host_looks(h, 100);
	assert_orders(h, "clear");
}

static void an_unknown_condition_neither_fires_nor_clears(void **state)
{
	struct host *h = default_clear(3000);

	(void)state;
	h->state.host[HOST_AVAILABLE].known = STATE_UNKNOWN;
	host_looks(h, 5000);
	assert_orders(h, "");
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "alert:warning");
	h->state.host[HOST_AVAILABLE].known = STATE_UNKNOWN;
	host_looks(h, 50000);
	assert_orders(h, "");
	assert_int_equal(h->state.rule[0].phase, STATE_RULE_STANDING);
}

static void the_default_clear_does_not_wait_for_what_nothing_here_will_answer(void **state)
{
	struct host *h;

	(void)state;
	(void)make_rule("tight");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_host_pct(HOST_SWAP_USED, CONFIG_GT, 80);
	make_join(CONFIG_OR);
	make_alert(SEVERITY_WARNING);
	h = host_begin(make_done());
	h->state.swap_total_bytes = 0;
	h->state.host[HOST_SWAP_USED].known = STATE_UNKNOWN;
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "alert:warning");
	host_available(h, 4);
	host_looks(h, 9900);
	assert_orders(h, "");
	host_looks(h, 200);
	assert_orders(h, "clear");
}

/* when = TERM of xtts, clear = xtts.anon < 0.25 GiB for 2s, then = stop xtts */
static struct host *clear_asks_xtts(bool when_too)
{
	(void)make_rule("leak");
	make_when();
	if (when_too)
		make_unit_term(XTTS, UNIT_ANON, CONFIG_GT, HOST_GIB / 2);
	else
		make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_clear();
	make_unit_term(XTTS, UNIT_ANON, CONFIG_LT, HOST_GIB / 4);
	make_for(2000);
	make_alert(SEVERITY_WARNING);
	(void)make_step(VERB_STOP, XTTS);
	return host_begin(make_done());
}

static void stop_xtts(struct host *h)
{
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "alert:warning stop:xtts");
	host_unit(h, XTTS, STATE_UNIT_INACTIVE, 0);
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
}

static void a_clear_that_asks_the_stopped_unit_alone_gives_way_to_the_default(void **state)
{
	struct host *h = clear_asks_xtts(true);

	(void)state;
	stop_xtts(h);
	host_looks(h, 5000);
	assert_orders(h, "");
	assert_int_equal(decide_next_ms(&h->decide, h->now), 5100); /* of the 10 s */
	host_looks(h, 5000);
	assert_orders(h, "");
	host_looks(h, 200);
	assert_orders(h, "clear");
	host_end();
	(void)begin(NULL);
	h = clear_asks_xtts(false); /* so `when` must be false, not only unknown */
	stop_xtts(h);
	h->state.host[HOST_AVAILABLE].known = STATE_UNKNOWN;
	host_looks(h, 30000);
	assert_orders(h, "");
	host_available(h, 4);
	host_looks(h, 10000);
	assert_orders(h, "");
	host_looks(h, 200);
	assert_orders(h, "clear");
}

static void a_clear_whose_source_fails_for_a_while_is_waited_for(void **state)
{
	struct host *h = clear_asks_xtts(false);

	(void)state;
	stop_xtts(h);
	host_available(h, 4);
	host_unit(h, XTTS, STATE_UNIT_RUNNING, 1);
	h->state.unit[XTTS].readings[UNIT_ANON].known = STATE_UNKNOWN;
	host_looks(h, 50000);
	assert_orders(h, "");
	/* Down for a moment: the ten seconds begin anew with each. */
	for (int i = 0; i < 3; i++) {
		host_unit(h, XTTS, STATE_UNIT_INACTIVE, 0);
		host_looks(h, 6000);
		assert_orders(h, "");
		host_unit(h, XTTS, STATE_UNIT_RUNNING, 1);
		host_looks(h, 1000);
		assert_orders(h, "");
	}
	host_unit(h, XTTS, STATE_UNIT_RUNNING, 0.1);
	host_looks(h, 2000);
	assert_orders(h, "");
	host_look(h, 100);
	assert_orders(h, "clear");
}

static void clear_needs_when_not_to_be_true(void **state)
{
	struct host *h;

	(void)state;
	(void)make_rule("tight");
	make_when();
	make_host_pct(HOST_PRESSURE_FULL, CONFIG_GT, 10);
	make_clear();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, 15);
	make_alert(SEVERITY_WARNING);
	h = host_begin(make_done());
	state_set(&h->state.host[HOST_PRESSURE_FULL], 50000, 0, h->now);
	host_looks(h, 5000);
	assert_orders(h, "alert:warning");                       /* clear is true all the time */
	h->state.host[HOST_PRESSURE_FULL].known = STATE_UNKNOWN; /* not true: clear may end it */
	host_looks(h, 100);
	assert_orders(h, "clear");
}

static void the_next_firing_begins_at_the_first_step(void **state)
{
	struct host *h = alert_stop_xtts();

	(void)state;
	for (int i = 1; i <= 2; i++) {
		host_available(h, 0.5);
		host_look(h, 100);
		assert_orders(h, "alert:critical stop:xtts");
		assert_int_equal(h->orders[0].firing, i);
		host_outcome(h, 0, XTTS, OUTCOME_DONE);
		host_available(h, 4);
		host_looks(h, 20000);
		assert_orders(h, "clear");
	}
	assert_int_equal(h->state.rule[0].fired, 2);
}

static void below_the_last_step_it_says_once_that_nothing_is_left(void **state)
{
	struct host *h = alert_stop_xtts();

	(void)state;
	host_available(h, 0.5);
	host_look(h, 100);
	stopped(h, XTTS);
	host_looks(h, 60000);
	assert_orders(h, "tell");
	assert_string_equal(h->orders[0].text,
			    "nothing is left to shed: host.available 6.2 % (0.50 GiB) < 12 %");
	host_available(h, 1.1);
	host_looks(h, 5000);
	host_available(h, 0.5);
	host_looks(h, 60000);
	assert_orders(h, "");
}

static void it_goes_round_again_when_a_step_has_work_to_do_anew(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	make_alert(SEVERITY_CRITICAL);
	(void)make_step_of(VERB_STOP, CONFIG_LARGEST, bots);
	h = host_begin(make_done());
	host_unit(h, NODIRA, STATE_UNIT_RUNNING, 2);
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "alert:critical stop:nodira");
	stopped(h, NODIRA);
	host_looks(h, 3000);
	assert_orders(h, "stop:mirzo"); /* and each alert is sent once */
	stopped(h, MIRZO);
	host_looks(h, 60000);
	assert_orders(h, "tell");
}

static void rounds_of_limited_steps_end_at_the_limit(void **state)
{
	struct host *h;
	int restarts = 0;

	(void)state;
	(void)critical();
	(void)make_step(VERB_RESTART, XTTS);
	h = host_begin(make_done());
	host_available(h, 0.5);
	for (int i = 0; i < 6000; i++) {
		host_look(h, 100);
		if (strcmp(host_orders(h), "restart:xtts") != 0)
			continue;
		restarts++;
		h->state.unit[XTTS].started = h->now;
		host_outcome(h, 0, XTTS, OUTCOME_DONE);
	}
	assert_int_equal(restarts, 5);
}

static void a_round_leaves_a_unit_in_its_grace(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	(void)make_step(VERB_RESTART, XTTS);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_look(h, 100);
	h->state.unit[XTTS].started = h->now;
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_looks(h, 19900);
	assert_orders(h, "tell"); /* nothing is left, for now */
	host_looks(h, 200);
	assert_orders(h, "restart:xtts");
}

static void a_unit_that_a_person_started_is_left_alone(void **state)
{
	struct host *h = alert_stop_xtts();

	(void)state;
	host_available(h, 0.5);
	host_look(h, 100);
	stopped(h, XTTS);
	ledger_unmark(&h->ledger, "xtts"); /* a person's start ends our mark */
	host_unit(h, XTTS, STATE_UNIT_RUNNING, 1);
	host_looks(h, 60000);
	assert_orders(h, "tell");
}

static void a_unit_that_came_back_as_a_dependency_is_stopped_anew(void **state)
{
	struct host *h = alert_stop_xtts();

	(void)state;
	host_available(h, 0.5);
	host_look(h, 100);
	stopped(h, XTTS);
	host_unit(h, XTTS, STATE_UNIT_RUNNING, 1); /* our mark stays */
	host_looks(h, 3000);
	assert_orders(h, "stop:xtts");
}

static void work_that_is_done_is_skipped_and_the_log_says_why(void **state)
{
	static const struct {
		enum verb verb;
		enum state_unit_status status;
		bool protect, marked;
		const char *want;
	} rows[] = {
		{VERB_STOP, STATE_UNIT_INACTIVE, false, false,
		 "stop xtts skipped: it is stopped already"},
		{VERB_KILL, STATE_UNIT_INACTIVE, false, false,
		 "kill xtts skipped: it is not running"},
		{VERB_SIGNAL, STATE_UNIT_INACTIVE, false, false,
		 "signal xtts skipped: it is not running"},
		{VERB_FREEZE, STATE_UNIT_INACTIVE, false, false,
		 "freeze xtts skipped: it is not running"},
		{VERB_FREEZE, STATE_UNIT_FROZEN, false, false,
		 "freeze xtts skipped: it is frozen already"},
		{VERB_THAW, STATE_UNIT_RUNNING, false, false,
		 "thaw xtts skipped: it is not frozen"},
		{VERB_START, STATE_UNIT_RUNNING, false, false,
		 "start xtts skipped: it is running already"},
		{VERB_RESTART, STATE_UNIT_INACTIVE, false, false,
		 "restart xtts skipped: it is stopped already"},
		{VERB_RESTART, STATE_UNIT_INACTIVE, false, true,
		 "restart xtts skipped: it was stopped to free memory"},
		{VERB_STOP, STATE_UNIT_RUNNING, true, false, "stop xtts skipped: it is protected"},
		{VERB_UNCAP, STATE_UNIT_RUNNING, false, false, "uncap xtts skipped: it is not capped"},
		{VERB_CAP, STATE_UNIT_INACTIVE, false, false, "cap xtts 0B skipped: it is not running"},
		{VERB_RECLAIM, STATE_UNIT_INACTIVE, false, false, "reclaim xtts 0B skipped: it is not running"},
		{VERB_STOP, STATE_UNIT_RUNNING, false, false, NULL},
		{VERB_STOP, STATE_UNIT_FROZEN, false, false, NULL},
		{VERB_STOP, STATE_UNIT_UNSEEN, false, false, NULL},
		{VERB_FREEZE, STATE_UNIT_RUNNING, false, false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct host *h;

		host_end();
		make_begin();
		make_unit("xtts", CONFIG_NONE)->protect = rows[i].protect;
		(void)make_unit("other", CONFIG_NONE);
		(void)critical();
		(void)make_step(rows[i].verb, 0);
		(void)make_step(VERB_STOP, 1);
		h = host_begin(make_done());
		host_unit(h, 0, rows[i].status, 1);
		if (rows[i].marked)
			(void)ledger_mark(&h->ledger, "xtts", STATE_MARK_STOPPED, "before");
		host_available(h, 0.5);
		host_look(h, 100);
		if (rows[i].want == NULL) {
			assert_int_equal(h->orders[0].kind, ORDER_STEP);
			assert_int_equal(h->orders[0].unit, 0);
			continue;
		}
		assert_string_equal(h->orders[0].text, rows[i].want);
		assert_orders(h, "tell stop:other"); /* at once, without settle */
	}
}

static bool takes_a_unit(enum verb verb)
{
	enum verb_argument argument = verb_words[verb].argument;

	return argument == VERB_TAKES_UNIT || argument == VERB_TAKES_UNIT_SIGNAL || argument == VERB_TAKES_UNIT_BYTES;
}

static void what_is_protected_is_touched_by_no_verb(void **state)
{
	static const enum state_unit_status seen[] = {STATE_UNIT_RUNNING, STATE_UNIT_INACTIVE, STATE_UNIT_FROZEN};
	static const enum config_target targets[] = {CONFIG_UNIT, CONFIG_LARGEST, CONFIG_LOWEST, CONFIG_GROWING, CONFIG_IDLE};
	enum { TARGETS = ARRAY_LEN(targets) };
	int tried = 0;

	(void)state;
	for (int i = 0; i < VERBS * (int)ARRAY_LEN(seen) * TARGETS; i++) {
		enum verb verb = (enum verb)(i / TARGETS / (int)ARRAY_LEN(seen));
		enum config_target target = targets[i % TARGETS];
		struct config_unit *kept;
		uint32_t group;
		struct host *h;

		if (!takes_a_unit(verb))
			continue;
		host_end();
		make_begin();
		group = make_group("kept");
		kept = make_unit("xtts", group);
		kept->protect = 1;
		kept->idle_ms = 1000;
		(void)critical();
		if (target == CONFIG_UNIT)
			(void)make_step(verb, 0);
		else
			(void)make_step_of(verb, target, group);
		h = host_begin(make_done());
		host_unit(h, 0, seen[i / TARGETS % (int)ARRAY_LEN(seen)], 1);
		/* The one that they would choose. */
		state_set(&h->state.unit[0].readings[UNIT_GROWTH], HOST_GIB, 0, h->now);
		h->state.unit[0].use = STATE_USE_UNUSED;
		h->state.unit[0].unused_since = 1;
		host_available(h, 0.5);
		host_looks(h, 20000);
		for (uint32_t k = 0; k < h->n; k++)
			assert_int_equal(h->orders[k].kind, ORDER_TELL);
		assert_true(h->n > 0);
		assert_non_null(strstr(h->orders[0].text, "is protected"));
		tried++;
	}
	assert_true(tried >= 7 * 3 * TARGETS);
}

/* Down as it is: what keeps it down is the stop, which the start that is under way makes way for. */
static void a_unit_that_is_on_its_way_back_is_stopped_all_the_same(void **state)
{
	static const struct {
		enum verb verb, busy;
		const char *want;
	} rows[] = {
		{VERB_STOP, VERB_RESTART, "stop:xtts"}, {VERB_KILL, VERB_RESTART, "kill:xtts"},
		{VERB_STOP, VERB_START, "stop:xtts"},   {VERB_STOP, VERB_STOP, "tell"},
		{VERB_FREEZE, VERB_RESTART, "tell"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct host *h;

		host_end();
		make_begin();
		(void)make_unit("xtts", CONFIG_NONE);
		(void)critical();
		(void)make_step(rows[i].verb, 0);
		h = host_begin(make_done());
		host_unit(h, 0, STATE_UNIT_INACTIVE, 0);
		h->state.unit[0].busy = (uint8_t)(1 + rows[i].busy);
		host_available(h, 0.5);
		host_look(h, 100);
		h->n = h->n > 1 ? 1 : h->n; /* what follows a skip is another matter */
		assert_orders(h, rows[i].want);
	}
}

static void who_finds_it_done_adds_its_name_to_our_mark(void **state)
{
	struct host *h = alert_stop_xtts();
	const struct ledger_mark *mark;

	(void)state;
	host_unit(h, XTTS, STATE_UNIT_INACTIVE, 0);
	(void)ledger_mark(&h->ledger, "xtts", STATE_MARK_STOPPED, "last");
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "alert:critical tell tell");
	mark = ledger_mark_find(&h->ledger, "xtts");
	assert_int_equal(mark->rules, 2);
	assert_int_equal(mark->rule[1], ledger_hash("critical"));
}

static void what_a_person_stopped_gets_no_mark(void **state)
{
	struct host *h = alert_stop_xtts();

	(void)state;
	host_unit(h, XTTS, STATE_UNIT_INACTIVE, 0);
	host_available(h, 0.5);
	host_look(h, 100);
	assert_null(ledger_mark_find(&h->ledger, "xtts"));
}

static void a_failed_step_is_not_repeated_and_the_ladder_goes_on(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	(void)make_step(VERB_STOP, XTTS);
	(void)make_step(VERB_STOP, NODIRA);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "stop:xtts");
	host_outcome(h, 0, XTTS, OUTCOME_FAILED);
	host_look(h, 100);
	assert_orders(h, "stop:nodira"); /* nothing was freed: no settle */
	host_outcome(h, 0, NODIRA, OUTCOME_FAILED);
	host_looks(h, 60000);
	assert_orders(h, "tell");
}

static void after_a_failed_step_it_stands_when_the_condition_is_over(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	(void)make_step(VERB_STOP, XTTS);
	(void)make_step(VERB_STOP, NODIRA);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_look(h, 100);
	host_outcome(h, 0, XTTS, OUTCOME_FAILED);
	host_available(h, 1.1);
	host_looks(h, 5000);
	assert_orders(h, "");
}

/* Of a ladder with one step that presses: it is asked, and proved after a second. */
static struct host *host_pressed(enum verb verb)
{
	struct host *h;

	(void)critical();
	make_step(verb, XTTS)->bytes = HOST_GIB / 2;
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_look(h, 100);
	assert_int_equal(h->orders[0].kind, ORDER_STEP);
	return h;
}

static void what_is_capped_as_low_is_not_capped_again(void **state)
{
	struct host *h = host_pressed(VERB_CAP);

	(void)state;
	(void)ledger_mark_cap(&h->ledger, "xtts", "critical", HOST_GIB / 2, UINT64_MAX);
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_looks(h, 60000);
	assert_orders(h, "tell"); /* nothing is left to shed */
	assert_string_equal(h->orders[0].text, "nothing is left to shed: host.available 6.2 % (0.50 GiB) < 12 %");
}

static void who_finds_it_capped_adds_its_name_to_the_mark(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	make_step(VERB_CAP, XTTS)->bytes = HOST_GIB;
	h = host_begin(make_done());
	(void)ledger_mark_cap(&h->ledger, "xtts", "other", HOST_GIB / 2, UINT64_MAX);
	host_available(h, 0.5);
	host_look(h, 100);
	assert_string_equal(h->orders[0].text, "cap xtts 1G skipped: it is capped already");
	assert_int_equal(ledger_mark_find(&h->ledger, "xtts")->rules, 2);
}

static void a_cap_that_cannot_be_is_asked_for_once_in_a_firing(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	make_step(VERB_CAP, XTTS)->bytes = HOST_GIB / 2;
	h = host_begin(make_done());
	host_available(h, 0.5);
	h->answer = OUTCOME_SKIPPED; /* no such file in its cgroup */
	host_look(h, 100);
	assert_orders(h, "cap:xtts tell");
	host_looks(h, 60000);
	assert_orders(h, "");
}

static void a_reclaim_is_done_once_in_a_firing(void **state)
{
	struct host *h = host_pressed(VERB_RECLAIM);

	(void)state;
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_looks(h, 60000);
	assert_orders(h, "tell");
	host_available(h, 4);
	host_looks(h, 60000);
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "reclaim:xtts"); /* in the next one again */
}

static void a_snapshot_is_not_waited_for(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	(void)make_step(VERB_SNAPSHOT, CONFIG_NONE);
	(void)make_step(VERB_STOP, XTTS);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_look(h, 100);
	assert_int_equal(h->orders[0].verb, VERB_SNAPSHOT);
	assert_int_equal(h->orders[1].verb, VERB_STOP);
}

static void a_busy_unit_is_asked_again_at_the_next_look(void **state)
{
	struct host *h = alert_stop_xtts();

	(void)state;
	host_available(h, 0.5);
	h->answer = OUTCOME_BUSY;
	host_look(h, 100);
	assert_orders(h, "alert:critical stop:xtts");
	host_look(h, 100);
	assert_orders(h, "stop:xtts");
	host_available(h, 1.1);
	host_look(h, 100);
	assert_orders(h, ""); /* no longer wanted */
	assert_int_equal(h->state.rule[0].phase, STATE_RULE_STANDING);
	h->answer = OUTCOME_BEGUN;
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "stop:xtts");
}

static void a_later_alert_says_that_it_still_holds(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	make_alert(SEVERITY_WARNING);
	(void)make_step(VERB_STOP, XTTS);
	make_alert(SEVERITY_CRITICAL);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "alert:warning stop:xtts");
	stopped(h, XTTS);
	host_looks(h, 3000);
	assert_orders(h, "alert:critical tell");
	assert_string_equal(h->orders[0].text, "still: host.available 6.2 % (0.50 GiB) < 12 %; 3.0 s after stop xtts: "
					       "host.available 512 MiB -> 512 MiB");
}

static void a_firing_that_nobody_was_told_of_is_resolved_in_the_log(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	(void)make_step(VERB_STOP, XTTS);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_look(h, 100);
	stopped(h, XTTS);
	host_available(h, 4);
	host_looks(h, 20000);
	assert_orders(h, "tell");
	assert_string_equal(h->orders[0].text, "resolved, after 10 s; xtts is still stopped");
}

static void dry_run_says_each_step_once_a_firing(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_STOP, XTTS);
	(void)make_step_of(VERB_RESTART, CONFIG_LARGEST, bots);
	(void)make_step_of(VERB_RESTART, CONFIG_LARGEST, bots);
	h = host_begin_dry(make_done());
	h->answer = OUTCOME_DONE;
	host_available(h, 0.5);
	host_looks(h, 100000); /* xtts still runs, and nothing is freed */
	assert_orders(h, "alert:critical stop:xtts restart:nodira restart:mirzo");
	host_available(h, 4);
	host_looks(h, 20000);
	assert_orders(h, "clear");
	assert_string_equal(h->orders[0].text, "resolved, after 1 min 50 s");
}

static void two_ladders_may_wait_for_one_unit(void **state)
{
	struct host *h;

	(void)state;
	(void)critical();
	(void)make_step(VERB_STOP, XTTS);
	(void)make_rule("last");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 10);
	(void)make_step(VERB_STOP, XTTS);
	h = host_begin(make_done());
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "stop:xtts stop:xtts");
	(void)ledger_mark(&h->ledger, "xtts", STATE_MARK_STOPPED, "critical");
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
	host_outcome(h, 1, XTTS, OUTCOME_DONE);
	assert_int_equal(ledger_mark_find(&h->ledger, "xtts")->rules, 2);
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
		TEST(a_start_is_not_waited_for),
		TEST(a_window_from_before_the_proof_does_not_judge),
		TEST(a_hold_counts_anew_from_the_proof),
		TEST(without_clear_it_ends_when_false_for_ten_seconds),
		TEST(without_clear_a_longer_settle_counts),
		TEST(an_unknown_condition_neither_fires_nor_clears),
		TEST(the_default_clear_does_not_wait_for_what_nothing_here_will_answer),
		TEST(a_clear_that_asks_the_stopped_unit_alone_gives_way_to_the_default),
		TEST(a_clear_whose_source_fails_for_a_while_is_waited_for),
		TEST(clear_needs_when_not_to_be_true),
		TEST(the_next_firing_begins_at_the_first_step),
		TEST(below_the_last_step_it_says_once_that_nothing_is_left),
		TEST(it_goes_round_again_when_a_step_has_work_to_do_anew),
		TEST(rounds_of_limited_steps_end_at_the_limit),
		TEST(a_round_leaves_a_unit_in_its_grace),
		TEST(a_unit_that_a_person_started_is_left_alone),
		TEST(a_unit_that_came_back_as_a_dependency_is_stopped_anew),
		TEST(work_that_is_done_is_skipped_and_the_log_says_why),
		TEST(who_finds_it_done_adds_its_name_to_our_mark),
		TEST(what_a_person_stopped_gets_no_mark),
		TEST(a_failed_step_is_not_repeated_and_the_ladder_goes_on),
		TEST(after_a_failed_step_it_stands_when_the_condition_is_over),
		TEST(what_is_protected_is_touched_by_no_verb),
		TEST(what_is_capped_as_low_is_not_capped_again),
		TEST(who_finds_it_capped_adds_its_name_to_the_mark),
		TEST(a_cap_that_cannot_be_is_asked_for_once_in_a_firing),
		TEST(a_reclaim_is_done_once_in_a_firing),
		TEST(a_snapshot_is_not_waited_for),
		TEST(a_unit_that_is_on_its_way_back_is_stopped_all_the_same),
		TEST(a_busy_unit_is_asked_again_at_the_next_look),
		TEST(a_later_alert_says_that_it_still_holds),
		TEST(a_firing_that_nobody_was_told_of_is_resolved_in_the_log),
		TEST(dry_run_says_each_step_once_a_firing),
		TEST(two_ladders_may_wait_for_one_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
