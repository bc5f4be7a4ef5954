#include "start/worker_requests.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/diag.h"
#include "share/request.h"
#include "start/worker_units.h"

_Static_assert(WORKER_ANSWERS_MAX >= 2 * WORKER_OPEN_MAX + ENTRIES_MAX, "an answer could be pushed out unsent");

static uint64_t *requests_find(struct worker_requests *requests, uint64_t id)
{
	for (size_t i = 0; i < WORKER_OPEN_MAX; i++)
		if (requests->open[i] == id)
			return &requests->open[i];
	return NULL;
}

bool worker_requests_idle(const struct worker_requests *requests)
{
	for (size_t i = 0; i < WORKER_OPEN_MAX; i++)
		if (requests->open[i] != 0)
			return false;
	return true;
}

void worker_requests_answer(struct worker_requests *requests, uint64_t id, int result, const char *text)
{
	uint64_t *open = id != 0 ? requests_find(requests, id) : NULL;

	if (open == NULL) {
		diag_warning("a plugin answers %llu, which is not asked", (unsigned long long)id);
		return;
	}
	*open = 0;
	worker_answers_add(&requests->answers, requests->link, result == 0 ? MESSAGE_DONE : MESSAGE_FAILED, id, result,
			   text);
}

/* The only write of a worker to the ledger. It lies in memory that outlives us, so whoever comes
 * after a kill between here and the start of the command sees it as begun. */
int worker_requests_begin(struct worker_requests *requests, uint64_t id)
{
	struct ledger_entry *entry = ledger_find(requests->ledger, id);
	uint32_t free = 0;

	if (entry == NULL || !atomic_compare_exchange_strong(&entry->taken, &free, 1))
		return -EALREADY;
	return 0;
}

static const struct plugin *requests_find_plugin(const struct worker_requests *requests, const char *name)
{
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++)
		if (requests->plugin[i] != NULL && requests->plugin[i]->ask != NULL &&
		    strcmp(requests->plugin[i]->name, name) == 0)
			return requests->plugin[i];
	return NULL;
}

static void requests_refuse(struct worker_requests *requests, uint64_t id, int error, const char *why)
{
	worker_answers_add(&requests->answers, requests->link, MESSAGE_FAILED, id, error, why);
}

static void requests_hand_on(struct worker_requests *requests, uint64_t id, const struct ledger_entry *entry)
{
	const struct plugin *plugin = requests_find_plugin(requests, entry->plugin);
	struct plugin_request request;
	uint64_t *open = requests_find(requests, 0);

	if (plugin == NULL) {
		requests_refuse(requests, id, -ENODEV, "its plugin is not loaded here");
		return;
	}
	if (request_of_entry(&request, entry) < 0) {
		requests_refuse(requests, id, -EINVAL, "its entry in the ledger is not understood");
		return;
	}
	if (open == NULL) {
		requests_refuse(requests, id, -EAGAIN, "too many requests are under way");
		return;
	}
	*open = request.id;
	plugin->ask(&request);
}

void worker_requests_ask(struct worker_requests *requests, uint64_t id, bool ends)
{
	const struct ledger_entry *found = ledger_find(requests->ledger, id);
	bool answered = false;
	struct ledger_entry entry;

	/* What is begun at most once is asked twice when its answer was lost with a sentinel. */
	if (found != NULL && found->taken)
		answered = worker_answers_repeat(&requests->answers, requests->link, id);
	if (id == 0 || found == NULL) {
		requests_refuse(requests, id, -ENOENT, "no such entry in the ledger");
	} else if (requests_find(requests, id) != NULL) {
		diag_debug("entry %llu is under way already", (unsigned long long)id);
	} else if (answered) {
		diag_debug("entry %llu was answered already", (unsigned long long)id);
	} else if (ends) {
		requests_refuse(requests, id, -ECANCELED, "watchdogd ends");
	} else if (request_copy_entry(&entry, found, id)) {
		requests_hand_on(requests, id, &entry);
	} else {
		requests_refuse(requests, id, -ENOENT, "it has left the ledger");
	}
}
