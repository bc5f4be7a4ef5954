/* The deliverer under chance: 200 alerts, three channels whose other sides fail, answer late or never, a scribe that
 * is slow or away, kill -9 of the deliverer at any instant. Every alert arrives at every channel that wants it, and
 * never under two ids. WD_SEED=N runs that seed alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deliver/retry.h"
#include "deliver_rig.h"

enum { ALERTS = 200, SEEDS = 20 };

static struct {
	uint64_t seed, drawn;
	struct delivery_alert alert[ALERTS];
	size_t alerts;
	size_t deaths;
} chance;

static bool one_in(uint32_t n)
{
	return retry_mix(chance.seed, ++chance.drawn) % n == 0;
}

static uint64_t below(uint64_t n)
{
	return retry_mix(chance.seed, ++chance.drawn) % n;
}

/* It stands in the ledger as long as it is neither done nor copied and spooled. */
static bool is_in_ledger(const struct delivery_alert *alert)
{
	return !rig_is_done(alert->id) && !rig_spooled(alert->id)->whole;
}

static void ask_again(void)
{
	for (size_t i = 0; i < chance.alerts; i++)
		if (is_in_ledger(&chance.alert[i]))
			deliver_alert(rig.deliver, &chance.alert[i], rig.mono, rig.wall);
}

static void die(void)
{
	chance.deaths++;
	rig.heards = 0;
	rig.asks = false;
	rig_end();
	rig.scribe_answers = !one_in(8);
	rig_start();
	ask_again();
}

static void tell_one(void)
{
	struct delivery_alert *alert = &chance.alert[chance.alerts++];

	/* Ids from 1 on. */
	*alert = rig_alert(chance.alerts, 0, TOLD_ALERT, SEVERITY_INFO + (enum severity)below(3));
	(void)snprintf(alert->rule, sizeof(alert->rule), "r%u", (unsigned)below(3));
	rig_spooled(alert->id)->alert = *alert;
	deliver_alert(rig.deliver, alert, rig.mono, rig.wall);
}

static void something_happens(void)
{
	static const enum rig_does does[] = {RIG_TAKES, RIG_TAKES, RIG_SAYS_LATER, RIG_IS_SILENT};

	for (size_t i = 0; i < 3; i++)
		if (one_in(6))
			rig.does[i] = does[below(4)];
	if (one_in(10))
		rig.scribe_takes = !one_in(3);
	if (one_in(10))
		rig.scribe_keeps = one_in(2);
	rig.again_ms = one_in(4) ? (uint32_t)below(30000) : 0;
	/* The scribe commits an alert whenever it comes to it. */
	for (size_t i = 0; i < chance.alerts; i++)
		if (rig.scribe_takes && is_in_ledger(&chance.alert[i]) && one_in(10))
			rig_spooled(chance.alert[i].id)->whole = true;
	if (chance.alerts < ALERTS && one_in(2))
		tell_one();
	if (one_in(15))
		die();
	rig_pass(below(one_in(20) ? 60000 : 2000));
}

static bool was_taken(size_t channel, uint64_t id)
{
	char text[16];

	delivery_format_id(id, text);
	for (size_t s = 0; s < rig.sents; s++)
		if (rig.sent[s].taken && rig.sent[s].channel[0] == (char)('a' + channel) && strcmp(rig.sent[s].id, text) == 0)
			return true;
	return false;
}

/* It was made part of a later one of its rule, and that was taken. Of which may be known to nobody any more after a
 * death: its own row ended before the other was sent. */
static bool was_folded(size_t channel, const struct delivery_alert *alert)
{
	static const char into[] = "folded into ";
	const struct delivery_row *row = rig_spooled_row(alert->id, channel);

	if (row != NULL && strncmp(row->why, into, strlen(into)) == 0) {
		struct delivery_alert carrier = {.id = delivery_parse_id(row->why + strlen(into))};

		assert_true(carrier.id > alert->id && carrier.id <= ALERTS);
		carrier = chance.alert[carrier.id - 1];
		assert_string_equal(carrier.rule, alert->rule);
		return was_taken(channel, carrier.id) || was_folded(channel, &carrier);
	}
	for (size_t i = 0; i < chance.alerts; i++) {
		const struct delivery_alert *later = &chance.alert[i];

		if (later->id > alert->id && strcmp(later->rule, alert->rule) == 0 &&
		    was_taken(channel, later->id))
			return true;
	}
	return false;
}

static void check_all(void)
{
	assert_true(rig.sents < RIG_SENT_MAX);
	for (size_t i = 0; i < chance.alerts; i++) {
		const struct delivery_alert *alert = &chance.alert[i];

		assert_true(was_taken(0, alert->id));
		assert_true(was_taken(1, alert->id) == (alert->severity >= SEVERITY_WARNING));
		assert_true(was_taken(2, alert->id) || was_folded(2, alert));
		assert_true(rig_is_done(alert->id));
		assert_true(rig_spooled(alert->id)->done || !rig_spooled(alert->id)->whole);
	}
	for (size_t s = 0; s < rig.sents; s++) {
		char title[64];

		(void)snprintf(title, sizeof(title), "title %llu", (unsigned long long)delivery_parse_id(rig.sent[s].id));
		assert_string_equal(rig.sent[s].title, title);
	}
	assert_int_equal(deliver_turn(rig.deliver, rig.mono, rig.wall), -1); /* nothing is left */
}

static void run(uint64_t seed)
{
	memset(&chance, 0, sizeof(chance));
	chance.seed = seed;
	rig_begin();
	rig_channel(1)->severity = SEVERITY_WARNING;
	rig_channel(2)->fold_ms = 60000;
	rig_start();
	while (chance.alerts < ALERTS)
		something_happens();
	for (size_t i = 0; i < 3; i++)
		rig.does[i] = RIG_TAKES;
	rig.scribe_takes = rig.scribe_keeps = true;
	rig.again_ms = 0;
	die();
	rig.scribe_answers = true;
	rig_pass(7200000);
	print_message("seed %llu: %zu attempts, %zu deaths\n", (unsigned long long)seed, rig.sents, chance.deaths);
	check_all();
	rig_end();
}

static void every_alert_arrives_wherever_the_deliverer_dies(void **state)
{
	const char *one = getenv("WD_SEED");

	(void)state;
	if (one != NULL) {
		run(strtoull(one, NULL, 10));
		return;
	}
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_alert_arrives_wherever_the_deliverer_dies)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
