#include "tell/told.h"

#include <stddef.h>
#include <string.h>

#include "base/buffer.h"
#include "share/ledger.h"

const struct told_row *told_find(const struct told *told, const struct told_key *key)
{
	const struct told_row *found = NULL;
	uint64_t unit = ledger_hash(key->unit);

	for (int i = 0; i < TOLD_MAX && key->pid != 0; i++) {
		const struct told_row *row = &told->row[i];

		if (row->pid != key->pid || row->unit != unit || key->at - row->at > TOLD_FOR_MS ||
		    strcmp(row->event, key->event) == 0)
			continue;
		/* Of two rules on one event, the more severe is what the other has to match. */
		if (found == NULL || row->severity > found->severity ||
		    (row->severity == found->severity && row->at > found->at))
			found = row;
	}
	return found;
}

void told_add(struct told *told, const struct told_key *key, uint64_t thread)
{
	struct told_row *row = &told->row[told->next];
	struct buffer b;

	if (key->pid == 0)
		return;
	told->next = (told->next + 1) % TOLD_MAX;
	row->rule = ledger_hash(key->rule);
	row->unit = ledger_hash(key->unit);
	row->thread = thread;
	row->at = key->at;
	row->severity = (uint32_t)key->severity;
	row->pid = key->pid;
	BUFFER_OVER(&b, row->event);
	buffer_add(&b, key->event);
}
