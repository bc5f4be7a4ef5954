/* The night of 2026-01-22 by the config that its host runs: xtts is shed, the bots stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config_parse.h"
#include "make_host.h"

static void incident_tell(void *arg, enum config_finding finding, const char *line)
{
	(void)arg;
	if (finding == CONFIG_ERROR)
		fail_msg("%s", line);
}

static uint32_t incident_unit(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->units.count; i++)
		if (strcmp(config_unit_at(config, i)->name, name) == 0)
			return i;
	fail_msg("no unit %s", name);
	return CONFIG_NONE;
}

static uint32_t incident_rule(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->instances.count; i++)
		if (strcmp(config_rule_at(config, config_instance_at(config, i)->rule)->name,
			   name) == 0)
			return i;
	fail_msg("no rule %s", name);
	return CONFIG_NONE;
}

static void incident_memory(struct host *h, double available)
{
	host_available(h, available);
	state_set(&h->state.host[HOST_USED], (int64_t)((8 - available) * (double)HOST_GIB),
		  8 * HOST_GIB, h->now);
	state_set(&h->state.host[HOST_HEADROOM], (int64_t)(available * (double)HOST_GIB),
		  8 * HOST_GIB, h->now);
	state_set(&h->state.host[HOST_PRESSURE_FULL], 0, 0, h->now - 2000);
	h->state.host[HOST_EXHAUSTED_IN] = (struct state_reading){.from = h->now - 8000, .known = STATE_NEVER};
}

static struct host *incident_begin(void)
{
	struct config *config = config_parse_file("conf/claudir.conf", NULL, incident_tell, NULL);
	struct host *h;

	assert_non_null(config);
	h = host_begin(config);
	for (uint32_t i = 0; i < config->units.count; i++)
		host_unit(h, i, STATE_UNIT_RUNNING, 2);
	incident_memory(h, 4);
	host_looks(h, 60000);
	assert_string_equal(host_orders(h), "");
	return h;
}

static int incident_end(void **state)
{
	(void)state;
	host_end();
	return 0;
}

static void xtts_is_stopped_and_the_bots_stay(void **state)
{
	struct host *h = incident_begin();
	uint32_t xtts = incident_unit(h->config, "xtts");
	uint32_t critical = incident_rule(h->config, "critical");

	(void)state;
	incident_memory(h, 1.5);
	host_looks(h, 6000);
	assert_string_equal(host_orders(h), "alert:warning"); /* at 80 % */
	incident_memory(h, 0.9);
	host_looks(h, 1000);
	assert_string_equal(host_orders(h), "alert:critical stop:xtts");
	(void)ledger_mark(&h->ledger, "xtts", STATE_MARK_STOPPED, "critical");
	host_unit(h, xtts, STATE_UNIT_INACTIVE, 0);
	incident_memory(h, 2.9);
	host_outcome(h, critical, xtts, OUTCOME_DONE);
	host_looks(h, 60000);
	assert_string_equal(host_orders(h), "clear clear");
	assert_int_equal(decide_room_bytes(&h->decide), 0);
}

static void when_that_is_not_enough_the_largest_bot_is_restarted(void **state)
{
	struct host *h = incident_begin();
	uint32_t xtts = incident_unit(h->config, "xtts");
	uint32_t mirzo = incident_unit(h->config, "mirzo");
	uint32_t last = incident_rule(h->config, "last");

	(void)state;
	host_unit(h, xtts, STATE_UNIT_INACTIVE, 0);
	host_unit(h, mirzo, STATE_UNIT_RUNNING, 3.5);
	incident_memory(h, 0.2);
	host_looks(h, 1000);
	assert_non_null(strstr(host_orders(h), "restart:mirzo"));
	host_outcome(h, last, mirzo, OUTCOME_DONE);
	h->state.unit[mirzo].started = h->now;
	host_looks(h, 3000); /* still: the other one, as mirzo is in its grace */
	assert_string_equal(host_orders(h), "restart:nodira");
}

static void incident_swaps(struct host *h, double available, int64_t full)
{
	incident_memory(h, available);
	state_set(&h->state.host[HOST_HEADROOM], (int64_t)((available + 1) * (double)HOST_GIB), 8 * HOST_GIB, h->now);
	state_set(&h->state.host[HOST_SWAP_FREE], HOST_GIB, 2 * HOST_GIB, h->now);
	state_set(&h->state.host[HOST_PRESSURE_FULL], full, 0, h->now - 2000);
}

static void when_more_is_in_use_than_ram_holds_the_lesser_bot_pauses(void **state)
{
	struct host *h = incident_begin();
	uint32_t nodira = incident_unit(h->config, "nodira");
	uint32_t crowded = incident_rule(h->config, "crowded");

	(void)state;
	host_unit(h, incident_unit(h->config, "xtts"), STATE_UNIT_INACTIVE, 0);
	incident_swaps(h, 0.2, 4000); /* swap is there for being used */
	host_looks(h, 6000);
	assert_null(strstr(host_orders(h), "freeze"));
	incident_swaps(h, 0.2, 8000);
	host_looks(h, 1000);
	assert_non_null(strstr(host_orders(h), "freeze:nodira"));
	host_unit(h, nodira, STATE_UNIT_FROZEN, 2);
	host_outcome(h, crowded, nodira, OUTCOME_DONE);
	host_looks(h, 4000);
	incident_swaps(h, 0.2, 8000);
	host_looks(h, 1000);
	assert_non_null(strstr(host_orders(h), "reclaim:nodira"));
	host_outcome(h, crowded, nodira, OUTCOME_DONE);
	incident_swaps(h, 1.0, 0);
	host_looks(h, 60000);
	assert_null(strstr(host_orders(h), "restart"));
}

/* Seconds with that full pressure, and swap left, until a bot is restarted. */
static int incident_thrashes(int64_t full)
{
	struct host *h = incident_begin();

	host_unit(h, incident_unit(h->config, "xtts"), STATE_UNIT_INACTIVE, 0);
	host_unit(h, incident_unit(h->config, "nodira"), STATE_UNIT_FROZEN, 2);
	for (int seconds = 0; seconds < 60; seconds++) {
		incident_swaps(h, 0.1, full);
		host_looks(h, 1000);
		if (strstr(host_orders(h), "restart:mirzo") != NULL)
			return seconds;
	}
	return 60;
}

static void a_host_that_thrashes_and_has_swap_left_is_given_time(void **state)
{
	(void)state;
	assert_in_range(incident_thrashes(40000), 19, 22);
}

static void one_that_stands_still_is_given_less(void **state)
{
	(void)state;
	assert_in_range(incident_thrashes(70000), 4, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(xtts_is_stopped_and_the_bots_stay, incident_end),
		cmocka_unit_test_teardown(when_that_is_not_enough_the_largest_bot_is_restarted,
					  incident_end),
		cmocka_unit_test_teardown(when_more_is_in_use_than_ram_holds_the_lesser_bot_pauses, incident_end),
		cmocka_unit_test_teardown(a_host_that_thrashes_and_has_swap_left_is_given_time, incident_end),
		cmocka_unit_test_teardown(one_that_stands_still_is_given_less, incident_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
