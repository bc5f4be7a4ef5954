#include "deliver/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

struct waiting_alert *waiting_add(struct waiting *waiting, const struct delivery_alert *alert, size_t rows_max)
{
	struct waiting_alert *added = calloc(1, sizeof(*added) + rows_max * sizeof(added->row[0]));
	struct waiting_alert *before = waiting->last;

	if (added == NULL)
		return NULL;
	added->alert = *alert;
	added->rows_max = rows_max;
	while (before != NULL && before->alert.id > alert->id)
		before = before->previous;
	added->previous = before;
	added->next = before != NULL ? before->next : waiting->first;
	*(before != NULL ? &before->next : &waiting->first) = added;
	*(added->next != NULL ? &added->next->previous : &waiting->last) = added;
	waiting->open++;
	return added;
}

void waiting_remove(struct waiting *waiting, struct waiting_alert *alert)
{
	*(alert->previous != NULL ? &alert->previous->next : &waiting->first) = alert->next;
	*(alert->next != NULL ? &alert->next->previous : &waiting->last) = alert->previous;
	if (alert->done)
		waiting->done--;
	else
		waiting->open--;
	free(alert);
}

struct waiting_alert *waiting_find(const struct waiting *waiting, uint64_t id)
{
	struct waiting_alert *alert = waiting->last; /* the newest are asked for most */

	while (alert != NULL && alert->alert.id != id)
		alert = alert->previous;
	return alert;
}

struct waiting_row *waiting_add_row(struct waiting_alert *alert, struct channel *channel, const char *name)
{
	struct waiting_row *row = &alert->row[alert->rows];
	struct buffer text;

	if (alert->rows >= alert->rows_max)
		return NULL;
	alert->rows++;
	memset(row, 0, sizeof(*row));
	BUFFER_OVER(&text, row->name);
	buffer_add(&text, name);
	row->channel = channel;
	row->count = 1;
	row->thread = alert->alert.thread;
	row->report.due = true;
	return row;
}

struct waiting_row *waiting_row(struct waiting_alert *alert, const char *name)
{
	for (size_t i = 0; i < alert->rows; i++)
		if (strcmp(alert->row[i].name, name) == 0)
			return &alert->row[i];
	return NULL;
}

bool waiting_is_open(const struct waiting_alert *alert)
{
	for (size_t i = 0; i < alert->rows; i++)
		if (alert->row[i].state == DELIVERY_WAITING)
			return true;
	return false;
}

static void waiting_say(struct waiting_row *row, const char *why)
{
	struct buffer text;

	BUFFER_OVER(&text, row->why);
	buffer_add(&text, why);
	row->report.due = true;
}

void waiting_set(struct waiting_row *row, enum delivery_state state, const char *why)
{
	row->state = (uint8_t)state;
	row->touched = true;
	row->next_at = 0;
	waiting_say(row, why);
}

void waiting_hold(struct waiting_row *row, enum waiting_hold hold, mono_ms due, wall_ms next_at, const char *why)
{
	bool same = row->hold == hold && row->next_at == next_at && strcmp(row->why, why) == 0;

	row->hold = (uint8_t)hold;
	row->due = due;
	row->next_at = next_at;
	if (!same)
		waiting_say(row, why);
}
