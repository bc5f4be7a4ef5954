/* One death: what the pidfd, the connector, taskstats, the kernel's log and our own actions know of one end,
 * joined and told once. It waits for the log after a SIGKILL, and for liveness.c to say whether it was asked for:
 * 200 ms at most after a SIGKILL, else ASKED_END_MS. After a death that was told, one reply says what became of it. */
#ifndef WD_SEE_DEATH_H
#define WD_SEE_DEATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "see/taskstats.h"
#include "see/watched.h"

struct see;

enum {
	DEATHS_MAX = EVENTS_MAX, /* that wait; those beyond wait for these */
	DEATH_WAIT_MS = 200,
	DEATH_LOOK_MS = 50,    /* while one waits */
	DEATH_YOUNG_MS = 10000, /* who ended no later than that may have put itself into the background */
	DEATH_BACK_MS = 5000,  /* who has lived so long is back */
};

struct death {
	struct watched who;
	mono_ms at;
	bool oom;           /* the kernel's OOM killer killed it */
	bool parent_lives;
	uint64_t oom_bytes; /* 0: not told */
	const char *why;    /* it was asked for; "": it was not */
	struct taskstats_life life;
	char name[NAME_BYTES]; /* for sentences: what `process` or `match` calls it, or its comm */
};

struct deaths {
	uint32_t count;   /* waiting, oldest first */
	uint32_t replies; /* units whose death waits for its reply */
	struct death waiting[DEATHS_MAX];
};

void death_init(struct see *see);

bool death_has_room(const struct see *see);

/* A watched process has ended; its row is copied. There must be room. */
void death_take(struct see *see, const struct watched *ended, mono_ms now);

/* Tell those whose cause is known, or waited for long enough; then the replies. After the kernel's log was read. */
void death_look(struct see *see, mono_ms now);

/* What sentences call a process of that comm that the unit watches. */
void death_name(const struct see *see, uint16_t row, const char *comm, char name[NAME_BYTES]);

/* A row of units is another unit's from now on. */
void death_forget_unit(struct see *see, uint16_t unit);

/* The same as a title: by the name that sentences call it where it is watched, else by comm. bytes: it held; 0:
 * not told. */
void death_add_oom_title(struct see *see, int32_t pid, const char *comm, uint64_t bytes, mono_ms at,
			 struct buffer *out);

/* What is known of a watched process, behind the kernel's own sentence of its OOM kill. */
void death_add_facts(struct see *see, int32_t pid, mono_ms at, struct buffer *out);

#endif
