#include "see/peak.h"

enum {
	PEAK_MIB = 1024 * 1024,
	PEAK_FALLS_BY = 4, /* that part of it */
};

static struct ledger_unit *peak_row(struct see *see, const struct unit *unit)
{
	return ledger_unit(see->with.ledger, config_unit_at(see->with.config, unit->index)->name);
}

/* Rounded up; 0: not known, or beyond all reason. */
static uint32_t peak_mib(const struct state_reading *anon)
{
	uint64_t mib = anon->known == STATE_KNOWN ? ((uint64_t)anon->value + PEAK_MIB - 1) / PEAK_MIB : 0;

	return mib <= UINT32_MAX ? (uint32_t)mib : 0;
}

/* Who ran before we did may have reached it in this life. */
void peak_find(struct see *see, struct unit *unit, const char *name)
{
	unit->peak_mib = ledger_unit(see->with.ledger, name)->peak_mib;
	if (unit->life_peak_mib == 0)
		unit->life_peak_mib = unit->peak_mib;
}

void peak_begin_life(struct unit *unit)
{
	unit->peak_falls = true;
}

static void peak_fall(struct see *see, struct unit *unit)
{
	struct ledger_unit *row = peak_row(see, unit);
	uint32_t least = row->peak_mib - row->peak_mib / PEAK_FALLS_BY;

	if (least < unit->life_peak_mib)
		least = unit->life_peak_mib;
	if (least < row->peak_mib)
		row->peak_mib = least;
	unit->peak_mib = row->peak_mib;
	unit->life_peak_mib = 0;
	unit->peak_falls = false;
}

/* The ledger is searched only when it rises or falls. */
void peak_take(struct see *see, struct unit *unit, const struct state_reading *anon)
{
	uint32_t mib = peak_mib(anon);
	struct ledger_unit *row;

	if (mib == 0)
		return;
	if (unit->peak_falls)
		peak_fall(see, unit);
	if (mib > unit->life_peak_mib)
		unit->life_peak_mib = mib;
	if (mib <= unit->peak_mib)
		return;
	row = peak_row(see, unit);
	row->peak_mib = row->peak_mib > mib ? row->peak_mib : mib;
	unit->peak_mib = row->peak_mib;
}

void see_forget_peak(struct see *see, uint32_t index)
{
	struct unit *unit = unit_at(see, index);
	struct state_unit *seen = &see->with.state->unit[index];

	unit->peak_mib = unit->life_peak_mib = peak_mib(&seen->readings[UNIT_ANON]);
	unit->peak_falls = false;
	peak_row(see, unit)->peak_mib = unit->peak_mib;
	seen->peak_bytes = (uint64_t)unit->peak_mib * PEAK_MIB;
}
