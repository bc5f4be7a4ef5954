/* A made-up host for tests of decide: a config, a state page, a ledger, and a sentinel that notes
 * what it is asked and answers as told. The clock is a number. */
#ifndef WD_TEST_MAKE_HOST_H
#define WD_TEST_MAKE_HOST_H

#include "decide/decide.h"

enum { HOST_ORDERS_MAX = 80 };
#define HOST_GIB (INT64_C(1) << 30)

struct host {
	struct config *config;
	struct state state;
	union {
		struct ledger ledger;
		char bytes[LEDGER_BYTES];
	};
	struct decide decide;
	mono_ms now;
	enum outcome answer;                  /* to each ORDER_STEP: BEGUN unless told otherwise */
	struct order orders[HOST_ORDERS_MAX]; /* of the last look */
	uint32_t n;
	char effect[TEXT_BYTES];              /* what the last step that was judged has done: no order for these */
	uint64_t threads;                     /* begun so far; the last one's id */
};

/* Begin with a config (taken, freed by host_end) at 100 s after boot: 8 GiB, all of it available,
 * units running since long with 1 GiB each. */
struct host *host_begin(struct config *config);
struct host *host_begin_dry(struct config *config);
void host_end(void);

/* The sentinel was killed and starts again over the same ledger. */
void host_restart(struct host *host);

/* Readings of now. */
void host_available(struct host *host, double gib);
void host_unit(struct host *host, uint32_t unit, enum state_unit_status status, double anon_gib);

/* Let ms go by, then look; orders gets what was asked. Instant readings stay as they are, read now.
 */
void host_look(struct host *host, mono_ms ms);
/* Look every 100 ms for so long; orders gets what all of them asked. */
void host_looks(struct host *host, mono_ms ms);
/* An event of now, to be seen by the next look. */
void host_event(struct host *host, enum event_kind kind, uint32_t unit, const char *text);
/* The step under way of that instance came to its end. */
void host_outcome(struct host *host, uint32_t instance, uint32_t unit, enum outcome outcome);

/* "alert:warning stop:xtts tell clear restore:xtts": the orders of the last look in short. */
const char *host_orders(const struct host *host);

#endif
