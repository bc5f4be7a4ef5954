#include "do/backoff.h"

#include "do/action_ledger.h"

enum {
	BACKOFF_FORGIVE_MS = 600000, /* after so much life the next start is the first again */
	BACKOFF_LOOK_MS = 1000,
	BACKOFF_SPREAD_PCT = 20, /* so that what died together does not come back together */
};

/* Before the start after so many. systemd allows 5 in 10 s (StartLimitBurst=), starts over the bus counted
 * too: here it is 2, and 4 in five minutes. */
static const uint32_t backoff_wait_ms[] = {0, 10000, 30000, 90000, 270000, 600000};

/* 80 to 120 %, the same each time for one unit and number: a look may ask as often as it likes. */
static uint32_t backoff_pct(const struct ledger_unit *row)
{
	uint32_t mixed = (row->hash ^ row->restarts * 0x9e3779b1u) * 0x85ebca6bu;

	return 100 - BACKOFF_SPREAD_PCT + (mixed >> 16) % (2 * BACKOFF_SPREAD_PCT + 1);
}

mono_ms backoff_until(const struct ledger_unit *row)
{
	size_t step = row->restarts < ARRAY_LEN(backoff_wait_ms) ? row->restarts : ARRAY_LEN(backoff_wait_ms) - 1;

	if (row->restarted_s == 0 || backoff_wait_ms[step] == 0)
		return 0;
	return (mono_ms)row->restarted_s * 1000 + (mono_ms)backoff_wait_ms[step] * backoff_pct(row) / 100;
}

void backoff_count(struct ledger_unit *row, mono_ms now)
{
	row->restarted_s = (uint32_t)(now / 1000) + 1;
	if (row->restarts < UINT16_MAX)
		row->restarts++;
}

bool backoff_forgive(struct ledger_unit *row, mono_ms alive_since, mono_ms now)
{
	mono_ms since = (mono_ms)row->restarted_s * 1000;

	if (row->restarts == 0 || alive_since == 0)
		return false;
	since = alive_since > since ? alive_since : since;
	if (now < since + BACKOFF_FORGIVE_MS)
		return false;
	row->restarts = 0;
	return true;
}

void backoff_publish(struct actions *actions, uint32_t unit)
{
	const struct ledger_unit *row = ledger_unit(actions->ledger, action_unit_name(actions, unit));

	actions->state->unit[unit].restarts = row->restarts;
	actions->state->unit[unit].restart_at = backoff_until(row);
}

/* What the ledger knows, for a state page that is new, or whose units have other numbers. */
static void backoff_publish_all(struct actions *actions)
{
	const struct ledger *ledger = actions->ledger;
	uint32_t counted = 0;

	for (int i = 0; i < UNITS_MAX; i++)
		counted += ledger->units[i].hash != 0 && ledger->units[i].restarts != 0;
	for (uint32_t i = 0; counted > 0 && i < actions->config->units.count; i++)
		backoff_publish(actions, i);
	actions->backoff_published = true;
}

void backoff_look(struct actions *actions, mono_ms now)
{
	if (!actions->backoff_published)
		backoff_publish_all(actions);
	if (now < actions->backoff_looked + BACKOFF_LOOK_MS)
		return;
	actions->backoff_looked = now;
	for (uint32_t i = 0; i < actions->config->units.count; i++) {
		const struct state_unit *unit = &actions->state->unit[i];

		if (unit->restarts == 0 && unit->restart_at == 0)
			continue;
		(void)backoff_forgive(ledger_unit(actions->ledger, unit->name),
				      see_unit_alive_since(actions->see, i), now);
		backoff_publish(actions, i);
	}
}
