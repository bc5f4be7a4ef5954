/* Why these spans: load that comes and goes with one period, in long waves or in short ones, gives a unit back at most
 * twice a day. One that has run for half a day was not given back in vain, and such are at most two a day. For less, the
 * wait begins anew with each wave: the second try needs a calm of 6 h, the third one of 12 h, after which it was not in
 * vain. */
#include "decide/patience.h"

enum {
	PATIENCE_AGAIN_MS = 12 * 3600000, /* shed again within that: it was in vain */
	PATIENCE_FIRST_MS = 6 * 3600000,
	PATIENCE_MAX_MS = 24 * 3600000,
	PATIENCE_VAIN_MAX = 16, /* beyond it no wait is longer */
	PATIENCE_REFUSED_MS = 20000, /* then twice that, and so on */
	PATIENCE_REFUSED_MAX_MS = 600000,
};

static uint32_t patience_s(mono_ms now)
{
	return (uint32_t)(now / 1000) + 1;
}

static mono_ms patience_since(uint32_t at_s, mono_ms now)
{
	mono_ms at = ((mono_ms)at_s - 1) * 1000;

	return now > at ? now - at : 0;
}

void patience_note_given(struct ledger_unit *row, mono_ms now)
{
	row->fits_s = 0;
	row->given_s = patience_s(now);
}

bool patience_note_not_given(struct ledger_unit *row, mono_ms now)
{
	bool first = row->refused == 0;

	row->given_s = 0;
	if (row->refused < UINT16_MAX)
		row->refused++;
	row->refused_s = patience_s(now);
	return first;
}

void patience_note_shed(struct ledger_unit *row, mono_ms now)
{
	row->fits_s = 0;
	row->refused = 0;
	if (row->given_s == 0)
		return;
	if (patience_since(row->given_s, now) >= PATIENCE_AGAIN_MS)
		row->vain = 0;
	else if (row->vain < PATIENCE_VAIN_MAX)
		row->vain++;
	row->given_s = 0; /* last: after a crash before it, it is in vain twice rather than never */
}

void patience_note_fit(struct ledger_unit *row, bool fits, mono_ms now)
{
	if (!fits)
		row->fits_s = 0;
	else if (row->fits_s == 0)
		row->fits_s = patience_s(now);
}

void patience_end(struct ledger_unit *row)
{
	row->given_s = row->fits_s = 0;
	row->vain = row->refused = 0;
}

uint32_t patience_wait_ms(const struct ledger_unit *row)
{
	uint32_t wait = PATIENCE_FIRST_MS;

	if (row->vain == 0)
		return 0;
	for (uint32_t i = 1; i < row->vain && wait < PATIENCE_MAX_MS; i++)
		wait *= 2;
	return wait < PATIENCE_MAX_MS ? wait : PATIENCE_MAX_MS;
}

uint32_t patience_left_ms(const struct ledger_unit *row, mono_ms now)
{
	uint32_t wait = patience_wait_ms(row);
	mono_ms gone = row->fits_s != 0 ? patience_since(row->fits_s, now) : 0;

	return gone < wait ? wait - (uint32_t)gone : 0;
}

uint32_t patience_refused_ms(const struct ledger_unit *row, mono_ms now)
{
	uint32_t wait = PATIENCE_REFUSED_MS;
	mono_ms gone = patience_since(row->refused_s, now);

	if (row->refused == 0 || row->refused_s == 0)
		return 0;
	for (uint32_t i = 1; i < row->refused && wait < PATIENCE_REFUSED_MAX_MS; i++)
		wait *= 2;
	wait = wait < PATIENCE_REFUSED_MAX_MS ? wait : PATIENCE_REFUSED_MAX_MS;
	return gone < wait ? wait - (uint32_t)gone : 0;
}
