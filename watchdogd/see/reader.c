#include "see/reader.h"

#include "see/source.h"

enum {
	READER_EVERY_MS = 60000, /* each wakes us twice; a silence that is to be told asks at once */
	READER_HANGS_MS = 30000, /* a disk under pressure may hold up a read for long */
	READER_STEP_MS = 1000,   /* of one look to the next; a longer one is our own absence */
};

static struct reader *reader_of(struct see *see)
{
	return &see->livenesses.reader;
}

bool reader_has_read(struct see *see, mono_ms at)
{
	struct reader *r = reader_of(see);

	if (r->read_at >= at)
		return true;
	r->wanted = r->wanted || !r->open || r->asked_at < at;
	return false;
}

void reader_look(struct see *see, mono_ms now)
{
	struct reader *r = reader_of(see);
	mono_ms step = now - r->looked_at;

	r->looked_at = now;
	if (!r->used)
		return;
	r->wanted = r->wanted || now - r->asked_at >= READER_EVERY_MS;
	if (!r->open)
		return;
	r->waited_ms += step < READER_STEP_MS ? (uint32_t)step : READER_STEP_MS;
	if (r->waited_ms < READER_HANGS_MS)
		return;
	r->hangs = true;
	r->open = false;
	r->asked_at = now;
}

bool reader_next_question(struct see *see, uint64_t *number)
{
	struct reader *r = reader_of(see);

	if (!r->used || r->open || !r->wanted)
		return false;
	r->wanted = false;
	r->open = true;
	r->waited_ms = 0;
	r->asked_at = r->looked_at; /* it is sent now: what is there then is in the answer */
	*number = ++r->number;
	return true;
}

bool reader_hangs(struct see *see)
{
	bool hangs = reader_of(see)->hangs;

	reader_of(see)->hangs = false;
	return hangs;
}

void reader_answer(struct see *see, uint64_t number)
{
	struct reader *r = reader_of(see);

	if (!r->open || number != r->number)
		return;
	r->open = false;
	r->read_at = r->asked_at;
	liveness_wake(see, r->looked_at);
}

void reader_up(struct see *see, mono_ms now)
{
	struct reader *r = reader_of(see);

	r->open = false;
	r->wanted = true;
	for (uint32_t i = 0; i < see->units.count; i++)
		silence_anew(unit_at(see, i), now);
}

void reader_config(struct see *see)
{
	struct reader *r = reader_of(see);

	r->used = false;
	for (uint32_t i = 0; i < see->units.count; i++) {
		const struct config_unit *unit = config_unit_at(see->with.config, i);

		r->used = r->used || unit->log != 0 || unit->journal != 0;
	}
}
