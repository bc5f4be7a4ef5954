#include "deliver/threads.h"

#include <stddef.h>
#include <string.h>

#include "share/ledger.h"

uint64_t threads_matter(const struct delivery_alert *alert)
{
	return ledger_key(alert->rule, alert->unit);
}

struct thread_known *threads_add(struct threads *threads, const struct delivery_alert *alert, enum thread_state state)
{
	struct thread_known *row = threads_of(threads, alert->id);

	if (row == NULL) {
		row = &threads->row[threads->next];
		threads->next = (threads->next + 1) % THREADS_KNOWN;
	}
	*row = (struct thread_known){
		.id = alert->id,
		.thread = alert->thread,
		.as = alert->thread,
		.matter = threads_matter(alert),
		.severity = alert->severity,
		.state = (uint8_t)state,
		.at = alert->at,
	};
	return row;
}

struct thread_known *threads_of(struct threads *threads, uint64_t id)
{
	for (size_t i = 0; i < THREADS_KNOWN; i++)
		if (threads->row[i].id == id && id != 0)
			return &threads->row[i];
	return NULL;
}

struct thread_known *threads_find(struct threads *threads, uint64_t thread)
{
	struct thread_known *best = NULL;

	for (size_t i = 0; i < THREADS_KNOWN; i++) {
		struct thread_known *row = &threads->row[i];

		if (row->id != 0 && row->thread == thread && (best == NULL || row->state > best->state))
			best = row;
	}
	return best;
}

/* By when the alerts were seen: those that come from the spool after a restart all arrive at once. Where the
 * wall clock was set back in between, by when they came. */
static bool threads_is_within(const struct thread_known *row, const struct delivery_alert *alert, uint32_t fold_ms,
			      mono_ms now)
{
	if (alert->at >= row->at)
		return alert->at - row->at < fold_ms;
	return now - row->opened < fold_ms;
}

struct thread_known *threads_window(struct threads *threads, const struct delivery_alert *alert, uint32_t fold_ms,
				    mono_ms now)
{
	uint64_t matter = threads_matter(alert);
	struct thread_known *last = NULL;

	for (size_t i = 0; i < THREADS_KNOWN; i++) {
		struct thread_known *row = &threads->row[i];

		if (row->id != 0 && row->opens && row->matter == matter && row->id != alert->id &&
		    row->severity >= alert->severity && threads_is_within(row, alert, fold_ms, now) &&
		    (last == NULL || row->opened > last->opened ||
		     (row->opened == last->opened && row->id > last->id)))
			last = row;
	}
	return last;
}
