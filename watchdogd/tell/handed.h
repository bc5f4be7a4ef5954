/* Alerts on their way: each stands in the ledger until who delivers it is done, or has it and it is on the disk.
 * The actor and the messenger deliver, the scribe spools; all that are wanted are asked at once, by the entry's
 * number, and none is waited for. What a worker could not take is asked again each second; one that was started
 * anew is asked for all of it again. Allocates nothing. */
#ifndef WD_TELL_HANDED_H
#define WD_TELL_HANDED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "do/worker.h"
#include "share/ledger.h"
#include "share/message.h"

/* Who: their bit in enum ledger_with is 1 << this. */
enum handed_who { HANDED_ACTOR, HANDED_MESSENGER, HANDED_SCRIBE, HANDED_WHO };
_Static_assert(1 << HANDED_ACTOR == WITH_ACTOR && 1 << HANDED_MESSENGER == WITH_MESSENGER &&
		       1 << HANDED_SCRIBE == WITH_SPOOL,
	       "a bit of wants, has and done for each");

enum {
	HANDED_AGAIN_MS = 1000,
	HANDED_HANGS_MS = 30000, /* who has not said a word of what it was asked; a disk may hold up a write for long */
};

/* What is known of an entry besides the ledger: nothing that a crash may not take. */
struct handed_entry {
	uint64_t id;             /* the rest is of this one; else of none */
	uint8_t put_off;         /* bits: it could not be asked, or had no room */
	uint8_t asked;           /* bits: it was, and no word came yet */
	uint32_t waited_ms[HANDED_WHO];
};

struct handed {
	struct ledger *ledger;
	struct worker *worker[HANDED_WHO];
	mono_ms again_at, looked_at;
	uint32_t passed_ms;      /* since the last second that was counted, without our own absence */
	uint8_t hung;            /* bits: main is to start it again */
	uint8_t awaited;         /* bits: it was asked, and no word of it came since, on whatever entry */
	uint32_t silent_ms[HANDED_WHO]; /* so long */
	bool spool_fails, spool_untold; /* the scribe cannot write; the next alert is to say so, or that it can again */
	bool spool_past;         /* that it failed was over before it could be told */
	bool spool_hangs;        /* it fails as the scribe says nothing: any word of it ends that */
	char spool_why[160];     /* its words; may be hostile */
	struct handed_entry entry[ENTRIES_MAX];
};

/* A committed entry: ask all that it wants. */
void handed_on(struct handed *handed, const struct ledger_entry *entry);

/* A word of a worker came: it is there; and on an open entry (NULL: on none): it does not hang over that one. */
void handed_heard(struct handed *handed, enum handed_who who, const struct ledger_entry *entry);

/* The word of a worker that the alert wants (MESSAGE_HAVE, _DONE, _FAILED): the entry may be free after it. */
void handed_answer(struct handed *handed, enum handed_who who, struct ledger_entry *entry,
		   const struct message *message);

/* It was started anew: what it had is gone with it. */
void handed_worker_up(struct handed *handed, enum handed_who who);

/* The start of a sentinel: whoever has an alert may have been started anew too. */
void handed_begin(struct handed *handed);

/* The channels of the config are another's now; wants: whom they need (enum ledger_with). Alerts that are left to
 * nobody end. */
void handed_config(struct handed *handed, uint8_t wants);

/* At each look. */
void handed_look(struct handed *handed, mono_ms now);

/* The next worker that says nothing though it takes what it is asked; false: none. */
bool handed_next_hung(struct handed *handed, enum handed_who *who);

/* What the next alert has to say of the spool; "" nothing. Said once: handed_said. */
void handed_say(const struct handed *handed, struct buffer *text);
void handed_said(struct handed *handed);

#endif
