#include "tell/told.h"

#include <stddef.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "share/ledger.h"

_Static_assert(CHANNELS_MAX <= 32, "a bit for each channel");

const struct told_row *told_find(const struct told *told, const struct told_key *key)
{
	const struct told_row *found = NULL;
	uint64_t unit = ledger_hash(key->unit);

	for (int i = 0; i < TOLD_MAX && key->pid != 0; i++) {
		const struct told_row *row = &told->row[i];

		if (row->pid != key->pid || row->unit != unit || row->generation != key->generation ||
		    key->at - row->at > TOLD_FOR_MS || row->severity < (uint32_t)key->severity ||
		    strcmp(row->event, key->event) == 0)
			continue;
		if (found == NULL || row->at > found->at)
			found = row;
	}
	return found;
}

void told_add(struct told *told, const struct told_key *key, uint32_t channels)
{
	struct told_row *row = &told->row[told->next];
	struct buffer b;

	if (key->pid == 0)
		return;
	told->next = (told->next + 1) % TOLD_MAX;
	row->unit = ledger_hash(key->unit);
	row->at = key->at;
	row->generation = key->generation;
	row->severity = (uint32_t)key->severity;
	row->channels = channels;
	row->pid = key->pid;
	BUFFER_OVER(&b, row->event);
	buffer_add(&b, key->event);
}
