#include "deliver/refused.h"

#include <stddef.h>

void refused_note(const struct waiting_alert *alert, struct waiting_row *row)
{
	row->untold = !delivery_is_refusal(&alert->alert);
}

static bool refused_is_untold(const struct waiting_row *row)
{
	return row->untold && row->state == DELIVERY_DEAD && row->channel != NULL;
}

bool refused_waits(const struct waiting_alert *alert)
{
	for (size_t i = 0; i < alert->rows; i++)
		if (refused_is_untold(&alert->row[i]))
			return true;
	return false;
}

static void refused_tell(struct deliver *deliver, const struct waiting_alert *alert, struct waiting_row *row, mono_ms now)
{
	struct channel *channel = row->channel;

	if (deliver->with.refused == NULL) {
		row->untold = false;
		return;
	}
	if (channel->refusal_told == 0 || now - channel->refusal_told >= REFUSED_AGAIN_MS) {
		channel->refusal_told = now;
		deliver->with.refused(deliver->with.arg, alert->alert.id, alert->alert.severity, channel->name, row->why);
	}
	deliver_wake(deliver, channel->refusal_told + REFUSED_AGAIN_MS);
}

void refused_turn(struct deliver *deliver, mono_ms now)
{
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next)
		for (size_t i = 0; i < a->rows; i++)
			if (refused_is_untold(&a->row[i]))
				refused_tell(deliver, a, &a->row[i], now);
}

/* Also of those that died after it was asked: they are of the same hour. */
void deliver_refusal_told(struct deliver *deliver, const char *name)
{
	struct channel *channel = channels_find(&deliver->channels, name);

	if (channel == NULL)
		return;
	channel->refusal_told = 0;
	for (struct waiting_alert *a = deliver->waiting.first; a != NULL; a = a->next)
		for (size_t i = 0; i < a->rows; i++)
			if (a->row[i].channel == channel)
				a->row[i].untold = false;
}
