/* A model of everything around decide, driven at random: whatever the readings, outcomes, reloads
 * and kills are, some things never happen. SEED=N repeats a run. */
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

enum {
	UNITS = 5,
	INSTANCES = 8,
	LOOKS = 20000,
	LIMIT_N = 3,
	LIMIT_MS = 60000,
	RESTARTS_MAX = 2 * (LIMIT_N + 1)
};

static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

/* The sentinel, as far as decide sees it. */
static struct model {
	struct host *host;
	struct {
		bool waits; /* asked, no outcome yet */
		uint32_t unit;
		enum verb verb;
		uint64_t entry;
		uint32_t step;
	} step[INSTANCES];
	struct {
		uint64_t firing;
		uint32_t unit;
		mono_ms at;
	} proved[INSTANCES][RULE_STEPS_MAX]; /* the last restart of each step */
	uint64_t firing[INSTANCES];
	uint32_t alerts[INSTANCES]; /* of that firing */
	mono_ms restarts[INSTANCES][RESTARTS_MAX];
	uint32_t restarted[INSTANCES];
	bool owed[INSTANCES]; /* a death was told, and no reply since */
	uint64_t thread[INSTANCES]; /* what is told goes there */
	uint64_t told[INSTANCES], acked[INSTANCES]; /* the firing of the last alert; the last that was seen */
	uint64_t threads;
	uint32_t steps, sent, replies, repeats; /* of all ladders */
} model;

static struct config *model_config(uint64_t text_hash)
{
	static const uint32_t each[] = {0, 1};
	uint32_t group;

	make_begin();
	group = make_group("bots");
	for (int i = 0; i < UNITS; i++) {
		char name[] = {(char)('a' + i), '\0'};

		make_unit(name, group)->grace_ms = 5000;
	}
	make_unit("protected", group)->protect = 1;
	for (int i = 0; i < 4; i++) {
		struct config_rule *rule;
		char name[] = {'r', (char)('0' + i), '\0'};

		rule = i < 3 ? make_rule(name)
			     : make_event_rule(name, EVENT_DEATH, each, ARRAY_LEN(each));
		rule->after_n = i < 3 ? 0 : 2;
		rule->after_for_ms = 20000;
		rule->limit_n = LIMIT_N;
		rule->limit_for_ms = LIMIT_MS;
		rule->settle_ms = 500 * (uint32_t)i;
		rule->repeat_ms = 1000 + 500 * (uint32_t)i;
		rule->text_hash = text_hash + (uint64_t)i;
		if (i < 3) {
			make_when();
			make_host_pct(HOST_AVAILABLE, CONFIG_LT, 10 + 5 * i);
			make_for(1000);
			make_host_pct(HOST_PRESSURE_FULL, CONFIG_GT, 50);
			make_join(i == 1 ? CONFIG_AND : CONFIG_OR);
		}
		if (i == 1)
			make_each(each, ARRAY_LEN(each));
		make_alert(SEVERITY_CRITICAL);
		(void)make_step(VERB_STOP, (uint32_t)i);
		(void)make_step_of(VERB_RESTART, CONFIG_LARGEST, group);
		make_alert(SEVERITY_WARNING);
		(void)make_step(i == 2 ? VERB_START : VERB_RESTART, i == 0 ? UNITS : CONFIG_EACH);
		(void)make_step_of(VERB_FREEZE, CONFIG_LOWEST, group);
	}
	return make_done();
}

static void model_readings(struct host *h)
{
	struct state_reading *pressure = &h->state.host[HOST_PRESSURE_FULL];

	if (random_below(20) == 0)
		host_available(h, 0.1 * random_below(30));
	if (random_below(50) == 0)
		h->state.host[HOST_AVAILABLE].known = STATE_UNKNOWN;
	if (random_below(10) == 0)
		state_set(pressure, random_below(80000), 0, h->now - 2000);
	if (random_below(100) == 0)
		pressure->known = STATE_UNKNOWN;
	if (random_below(30) == 0) {
		uint32_t unit = random_below(UNITS);

		host_unit(h, unit, (enum state_unit_status)random_below(4), 0.1 * random_below(50));
		h->state.unit[unit].started = random_below(2) ? h->now : 0;
		for (int i = 0; i < INSTANCES; i++)
			for (int k = 0; k < RULE_STEPS_MAX; k++)
				if (model.proved[i][k].unit == unit)
					model.proved[i][k].at = 0;
		if (random_below(3) == 0)
			ledger_unmark(&h->ledger, config_unit_at(h->config, unit)->name);
	}
}

/* LIMIT_N firings or rounds within LIMIT_MS, and one that began before: each restarts twice. */
static void model_check_limit(uint32_t instance, mono_ms now)
{
	mono_ms *oldest = &model.restarts[instance][model.restarted[instance]++ % RESTARTS_MAX];

	assert_true(*oldest == 0 || now - *oldest > LIMIT_MS - 1000);
	*oldest = now;
}

static void model_step(struct host *h, const struct order *o)
{
	static const enum outcome outcomes[] = {OUTCOME_BEGUN, OUTCOME_BEGUN, OUTCOME_BEGUN,
						OUTCOME_BUSY,  OUTCOME_DONE,  OUTCOME_SKIPPED,
						OUTCOME_FAILED};
	enum outcome outcome = outcomes[random_below(ARRAY_LEN(outcomes))];
	bool frees = verb_words[o->verb].frees;

	for (int i = 0; i < INSTANCES; i++)
		if (model.step[i].waits && model.step[i].unit == o->unit)
			outcome = OUTCOME_BUSY;      /* one action at a time for a unit */
	assert_true(!model.step[o->instance].waits); /* never two without an answer */
	/* Nor a step that was proved, killed in between or not, before the unit could grow. */
	assert_false(model.proved[o->instance][o->step].at != 0 &&
		     model.proved[o->instance][o->step].firing == o->firing &&
		     model.proved[o->instance][o->step].unit == o->unit &&
		     h->now - model.proved[o->instance][o->step].at < 5000);
	assert_true(o->unit == CONFIG_NONE || !config_unit_at(h->config, o->unit)->protect);
	if (outcome == OUTCOME_BEGUN && frees) {
		struct ledger_entry *entry = ledger_add(&h->ledger, LEDGER_STEP);
		const struct config_instance *i = config_instance_at(h->config, o->instance);

		assert_non_null(entry);
		entry->verb = entry->step_verb = o->verb;
		entry->ladder_key = ledger_key(
			config_rule_at(h->config, i->rule)->name,
			i->unit == CONFIG_NONE ? "" : config_unit_at(h->config, i->unit)->name);
		memcpy(entry->unit, config_unit_at(h->config, o->unit)->name, NAME_BYTES);
		ledger_commit(entry);
		model.step[o->instance].waits = true;
		model.step[o->instance].unit = o->unit;
		model.step[o->instance].verb = o->verb;
		model.step[o->instance].step = o->step;
		model.step[o->instance].entry = entry->id;
	}
	if (random_below(200) == 0) { /* killed before the answer was noted */
		host_restart(h);
		return;
	}
	if (o->verb == VERB_RESTART && (outcome == OUTCOME_BEGUN || outcome == OUTCOME_DONE))
		model_check_limit(o->instance, h->now);
	decide_answer(&h->decide, o, outcome, h->now);
}

/* A person's: the limits of that unit begin anew. */
static void model_retry(struct host *h)
{
	uint32_t unit = random_below(2);
	char text[256];
	struct buffer said;

	BUFFER_OVER(&said, text);
	assert_int_equal(decide_retry(&h->decide, config_unit_at(h->config, unit)->name, &said, h->now), 0);
	for (uint32_t i = 0; i < INSTANCES; i++)
		if (config_instance_at(h->config, i)->unit == unit)
			memset(model.restarts[i], 0, sizeof(model.restarts[i]));
}

static void model_events(struct host *h)
{
	uint32_t apart = 0;

	if (random_below(10) == 0)
		host_event(h, EVENT_DEATH, random_below(3), "died");
	if (random_below(20) == 0) {
		struct event event = {.kind = EVENT_DEATH, .unit = random_below(3), .at = h->now,
				      .reply = true, .text = "is back"};

		decide_event(&h->decide, &event, h->now);
	}
	if (random_below(200) == 0)
		model_retry(h);
	for (int i = 0; i < EVENTS_MAX; i++)
		apart += h->decide.event[i].number != 0 && (h->decide.event[i].role == DECIDE_NOTE ||
							    h->decide.event[i].role == DECIDE_REPLY);
	assert_int_equal(h->decide.apart, apart);
}

/* What is told of a firing is told in one thread; a reply, in that of a death which was told. */
static void model_thread(struct host *h, const struct order *o)
{
	uint64_t *thread = &model.thread[o->instance], sent = o->thread != 0 ? o->thread : ++model.threads;

	if (o->kind == ORDER_STEP || o->kind == ORDER_TELL || o->kind == ORDER_EFFECT)
		return;
	if (o->kind == ORDER_CLEAR || o->kind == ORDER_REPEAT || o->kind == ORDER_REPLY)
		assert_int_equal(o->thread, *thread);
	if (o->kind == ORDER_REPEAT)
		assert_int_not_equal(o->firing, model.acked[o->instance]);
	if (o->kind == ORDER_ALERT && o->firing == model.told[o->instance])
		assert_int_equal(o->thread, *thread);
	if (o->kind == ORDER_ALERT)
		model.told[o->instance] = o->firing;
	*thread = sent;
	model.repeats += o->kind == ORDER_REPEAT;
	decide_sent(&h->decide, o, sent, h->now);
}

/* Somebody has seen what is told of one firing. */
static void model_ack(struct host *h)
{
	uint32_t i = random_below(h->config->instances.count);
	char text[256];
	struct buffer said;

	BUFFER_OVER(&said, text);
	if (h->state.rule[i].thread == 0 || random_below(50) != 0)
		return;
	assert_true(decide_ack(&h->decide, h->state.rule[i].thread, &said, h->now) >= 1);
	model.acked[i] = model.firing[i];
}

static void model_order(struct host *h, const struct order *o)
{
	assert_true(o->text[0] != '\0');
	assert_true(o->instance < INSTANCES);
	if (o->firing != model.firing[o->instance]) {
		model.firing[o->instance] = o->firing;
		model.alerts[o->instance] = 0;
	}
	if (o->kind == ORDER_ALERT)
		assert_true(++model.alerts[o->instance] <= 2); /* each once a firing */
	model_thread(h, o);
	if (o->kind == ORDER_ALERT && o->rule == 3)
		model.owed[o->instance] = true;
	if (o->kind == ORDER_REPLY) {
		assert_true(model.owed[o->instance]);
		model.owed[o->instance] = false;
		model.replies++;
	}
	model.sent += o->kind == ORDER_ALERT;
	model.steps += o->kind == ORDER_STEP;
	if (o->kind == ORDER_STEP)
		model_step(h, o);
}

static void model_restarted(struct host *h, uint32_t i)
{
	uint32_t unit = model.step[i].unit, step = model.step[i].step;

	host_unit(h, unit, STATE_UNIT_RUNNING, 1);
	h->state.unit[unit].started = h->now;
	model.proved[i][step].firing = model.firing[i];
	model.proved[i][step].unit = unit;
	model.proved[i][step].at = h->now;
}

static void model_outcomes(struct host *h)
{
	for (uint32_t i = 0; i < h->config->instances.count; i++) {
		enum outcome outcome = random_below(4) ? OUTCOME_DONE : OUTCOME_FAILED;

		if (!model.step[i].waits || random_below(10) != 0)
			continue;
		ledger_free(ledger_find(&h->ledger, model.step[i].entry));
		model.step[i].waits = false;
		if (outcome == OUTCOME_DONE && model.step[i].verb == VERB_STOP) {
			host_unit(h, model.step[i].unit, STATE_UNIT_INACTIVE, 0);
			(void)ledger_mark(&h->ledger,
					  config_unit_at(h->config, model.step[i].unit)->name,
					  STATE_MARK_STOPPED, "r0");
		}
		if (outcome == OUTCOME_DONE && model.step[i].verb == VERB_RESTART)
			model_restarted(h, i);
		if (random_below(20) == 0)
			host_restart(h); /* killed before the outcome was noted */
		else
			host_outcome(h, i, model.step[i].unit, outcome);
	}
}

static void model_look(struct host *h)
{
	struct order order;
	int n = 0;

	h->now += 50 + random_below(500);
	h->state.host[HOST_AVAILABLE].from = h->now;
	model_readings(h);
	model_events(h);
	model_outcomes(h);
	decide_look(&h->decide, h->now);
	for (; decide_next(&h->decide, &order, h->now); n++) {
		assert_true(n < 200); /* a look ends */
		model_order(h, &order);
	}
	model_ack(h);
	if (random_below(500) == 0)
		host_restart(h);
	if (random_below(500) == 0) {
		struct config *config = model_config(1);

		decide_config(&h->decide, config, h->now);
		free(h->config);
		h->config = config;
	}
}

static void whatever_happens_some_things_never_do(void **state)
{
	(void)state;
	for (int run = 0; run < 5; run++) {
		memset(&model, 0, sizeof(model));
		model.host = host_begin(model_config(1));
		for (int i = 0; i < LOOKS / 5; i++)
			model_look(model.host);
		assert_true(model.steps > 20 && model.sent > 20 && model.replies > 5 && model.repeats > 5); /* no idle run */
		host_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_happens_some_things_never_do),
	};
	const char *again = getenv("SEED");

	seed = again != NULL ? strtoull(again, NULL, 10) : clock_wall();
	seed = seed != 0 ? seed : 1;
	printf("# SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
