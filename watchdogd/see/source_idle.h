/* How long a unit has not been used: under 1 % of a core, and no established TCP connection. Only units with `idle`
 * are looked at: their CPU time every few seconds, and their connections as long as that says idle. What is not known
 * counts as use; time that nobody watched counts not at all. An end of `idle` is told by a look that was made since
 * then; what stops a unit because of it looks once more (see_unit_is_unused). */
#ifndef WD_SEE_SOURCE_IDLE_H
#define WD_SEE_SOURCE_IDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "see/cputime.h"
#include "see/sockets.h"

struct see;

/* Of a unit with `idle`, by its row of units. */
struct idle_unit {
	uint64_t key;          /* the unit's; 0: the row is free */
	uint32_t idle_ms;      /* the config's */
	bool stops;            /* the config's stop-when-idle */
	bool told;             /* of this stretch */
	bool unknown_told;     /* why it is not known whether it has connections */
	bool connected;        /* as the last round about it found */
	struct cputime cpu;
	uint64_t used_us;      /* at sampled_at */
	mono_ms sampled_at;    /* 0: not yet */
	mono_ms quiet_since;   /* under 1 % of a core since then; 0: it is not */
	mono_ms checked_at;    /* when the last round about it began; 0: none since it is judged anew */
	mono_ms found_used_at; /* when a look before a stop found it used, or not known; 0: it did not */
	mono_ms free_since;    /* no connection since the round that began then; 0: there is one, or it is not known */
};

struct source_idle {
	uint32_t units;  /* with `idle` */
	uint32_t rows;   /* that were ever in use */
	int cpuacct;     /* v1's hierarchy, kept; -1: there is none */
	mono_ms every;   /* the shortest time from one round to the next that a unit wants */
	uint32_t asked;  /* units that the last round was about */
	uint32_t events; /* told since events_since */
	mono_ms events_since;
	struct sockets sockets;
	struct idle_unit row[UNITS_MAX]; /* those in use alone are ever touched */
};

/* Another config is in force: units that are known go on. */
void source_idle_config(struct see *see);

#endif
