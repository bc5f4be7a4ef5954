#include "see/event.h"

#include <string.h>

struct event *event_add(struct event_queue *queue, enum event_kind kind, uint32_t unit, mono_ms at)
{
	struct event *event;

	if (queue->count == EVENTS_MAX) {
		queue->lost++;
		return NULL;
	}
	event = &queue->event[queue->count++];
	memset(event, 0, sizeof(*event));
	event->kind = kind;
	event->unit = unit;
	event->at = at;
	return event;
}

void event_clear(struct event_queue *queue)
{
	queue->count = 0;
	queue->lost = 0;
}
