/* decide/decide.h: the rule of stop-when-idle, as the parser makes it: a stop without an alert, an all-clear or an end,
 * as often as it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_parse.h"
#include "make_host.h"

enum { XTTS, EMBED, INSTANCE_XTTS = 0 };

static struct host *h;

static void tell(void *arg, enum config_finding finding, const char *line)
{
	(void)arg;
	(void)finding;
	print_error("%s\n", line);
}

static struct config *parse(const char *text)
{
	struct config *config = config_parse("conf", text, strlen(text), tell, NULL);

	assert_non_null(config);
	return config;
}

static int begin(void **state)
{
	(void)state;
	h = host_begin(parse("[unit xtts]\nsystemd = xtts.service\nidle = 15m\nstop-when-idle = yes\n"
			     "[unit embed]\nsystemd = embed.service\nidle = 15m\nstop-when-idle = yes\n"
			     "[unit bot]\nsystemd = bot.service\nidle = 15m\n"));
	return 0;
}

static int end(void **state)
{
	(void)state;
	host_end();
	return 0;
}

static void is_idle(uint32_t unit)
{
	h->state.unit[unit].use = STATE_USE_UNUSED;
	host_event(h, EVENT_IDLE, unit, "not used for 15 min 0 s: under 1 % of a core, no TCP connection");
	host_look(h, 100);
}

static void the_parser_makes_one_rule_for_all_such_units(void **state)
{
	const struct config_rule *rule = config_rule_at(h->config, 0);

	(void)state;
	assert_int_equal(h->config->rules.count, 1);
	assert_int_equal(h->config->instances.count, 2);
	assert_string_equal(rule->name, "stop-when-idle");
	assert_int_equal(rule->event, EVENT_IDLE);
	assert_int_equal(rule->severity, SEVERITY_INFO);
	assert_int_equal(config_instance_at(h->config, 1)->unit, EMBED);
	assert_string_equal(config_unit_at(h->config, 2)->name, "bot");
	assert_int_equal(config_unit_at(h->config, 2)->idle_ms, 15 * 60 * 1000);
}

static void an_idle_unit_is_stopped_and_nobody_is_told(void **state)
{
	(void)state;
	is_idle(XTTS);
	assert_string_equal(host_orders(h), "stop:xtts");
	assert_string_equal(h->orders[0].text, "not used for 15 min 0 s: under 1 % of a core, no TCP connection");
	(void)ledger_mark(&h->ledger, "xtts", STATE_MARK_STOPPED, "stop-when-idle");
	host_unit(h, XTTS, STATE_UNIT_INACTIVE, 0);
	host_outcome(h, INSTANCE_XTTS, XTTS, OUTCOME_DONE);
	host_looks(h, 20000);
	assert_string_equal(host_orders(h), "");
	assert_int_equal(h->state.rule[INSTANCE_XTTS].phase, STATE_RULE_QUIET);
}

static void it_is_stopped_each_time_whatever_the_limit(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		host_unit(h, XTTS, STATE_UNIT_RUNNING, 1);
		is_idle(XTTS);
		assert_string_equal(host_orders(h), "stop:xtts");
		host_unit(h, XTTS, STATE_UNIT_INACTIVE, 0);
		host_outcome(h, INSTANCE_XTTS, XTTS, OUTCOME_DONE);
		host_looks(h, 10000);
		assert_string_equal(host_orders(h), "");
	}
}

/* Its step waited for another action on the unit, and a client came meanwhile. */
static void one_that_is_used_again_is_left_alone(void **state)
{
	(void)state;
	h->state.unit[XTTS].use = STATE_USE_USED;
	host_event(h, EVENT_IDLE, XTTS, "not used for 15 min 0 s: under 1 % of a core, no TCP connection");
	host_look(h, 100);
	assert_string_equal(host_orders(h), "tell");
	assert_non_null(strstr(h->orders[0].text, "it is in use again, or that is not known"));
}

static void a_stop_in_vain_alarms_nobody(void **state)
{
	(void)state;
	is_idle(XTTS);
	host_outcome(h, INSTANCE_XTTS, XTTS, OUTCOME_FAILED);
	host_looks(h, 20000);
	assert_string_equal(host_orders(h), "");
	is_idle(XTTS);
	assert_string_equal(host_orders(h), "stop:xtts");
}

static void each_unit_has_its_own(void **state)
{
	(void)state;
	h->state.unit[XTTS].use = STATE_USE_UNUSED;
	host_event(h, EVENT_IDLE, XTTS, "not used");
	host_event(h, EVENT_IDLE, 2, "not used");
	is_idle(EMBED);
	assert_string_equal(host_orders(h), "stop:xtts stop:embed");
}

static void who_wants_to_know_says_so(void **state)
{
	(void)state;
	host_end();
	h = host_begin(parse("[unit xtts]\nsystemd = xtts.service\nidle = 15m\nstop-when-idle = yes\n"
			     "[rule unused]\non = idle xtts\nthen = alert info\n"));
	is_idle(XTTS);
	assert_string_equal(host_orders(h), "alert:info stop:xtts");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(the_parser_makes_one_rule_for_all_such_units),
		TEST(an_idle_unit_is_stopped_and_nobody_is_told),
		TEST(it_is_stopped_each_time_whatever_the_limit),
		TEST(one_that_is_used_again_is_left_alone),
		TEST(a_stop_in_vain_alarms_nobody),
		TEST(each_unit_has_its_own),
		TEST(who_wants_to_know_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
