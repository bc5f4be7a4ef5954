/* The sentinel: watches and decides. One thread, one loop; sentinel.c is the way of the data, from
 * source to alert; sentinel_links.c is what main and the workers say to it. */
#ifndef WD_START_SENTINEL_H
#define WD_START_SENTINEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "decide/decide.h"
#include "do/action.h"
#include "see/see.h"
#include "start/cost.h"
#include "start/vitals.h"
#include "tell/alert.h"

/* All that it owns, in one static object: nothing is allocated later. */
struct sentinel {
	const struct config *config;
	struct state *state;
	struct ledger *ledger;
	struct loop loop;
	struct event_queue events;
	struct see *see;
	struct decide decide;
	struct actions actions;
	struct alerts alerts;
	struct worker actor, messenger, scribe;
	struct cost cost;
	struct vitals vitals;
	uint64_t lasting_told; /* what the scribe was told of: a hash; 0: nothing yet */
	bool dry_run, stop;
};

/* Run on the descriptors that main handed over (share/message.h), until told to stop. dry_run: steps are
 * only said. 0 when told to stop, 1 when it could not start. */
int sentinel_run(bool dry_run);

/* Of config: how many units, rules, which file; for the state page. */
void sentinel_describe(struct sentinel *sentinel);

/* The links that main handed over; before anything else is opened, which may get the number of one that it
 * did not. */
void sentinel_take_links(struct sentinel *sentinel);

/* Watch the links to main and to the workers. 0 or -errno. */
int sentinel_open_links(struct sentinel *sentinel);

/* At the end, when nothing else is looked at any more: wait so long for the actor, and take what it says. */
void sentinel_hear_actor(struct sentinel *sentinel, int wait_ms);

/* Tell main that the config is in force; text: what is to be told with it. */
void sentinel_tell_taken(const struct sentinel *sentinel, const char *text);

/* Tell the scribe, when what is to outlive a restart of the host is another than it was told. At each look. */
void sentinel_keep_lasting(struct sentinel *sentinel);

/* A row of what outlived one (MESSAGE_LASTING). */
void sentinel_take_lasting(struct sentinel *sentinel, const struct message *message);

#endif
