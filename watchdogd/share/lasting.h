/* What outlives a restart of the host besides alerts (share/spool.h): marks of units, starts that are owed, what a unit
 * used at most, and which alerts are open. The ledger has it all; the scribe writes it to the disk at each change, and
 * gives it to the sentinel where a ledger began empty. One row, on the disk and in a message. */
#ifndef WD_SHARE_LASTING_H
#define WD_SHARE_LASTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "share/message.h"

/* In the order in which they are given: what an alert's end says of marks comes after those. */
enum lasting_kind {
	LASTING_MARK, /* a unit that we stopped or froze; or that a restart of ours has stopped and not started yet */
	LASTING_UNIT, /* what is remembered of it: what it used, and how it was given back */
	LASTING_OPEN, /* an alert that is open: people were told, and the all-clear is to come */
	LASTING_KINDS,
};

struct lasting {
	wall_ms at;          /* MARK: since when; OPEN: when its firing began; 0: not known */
	uint64_t thread;     /* OPEN: id of its first alert; MARK: of the one that told why, 0: nobody was told */
	uint64_t rule_hash[MARK_RULES_MAX]; /* MARK: see ledger_mark */
	uint32_t shed;       /* MARK: see ledger_mark */
	uint32_t target;     /* MARK: see ledger_mark; 0: not known */
	uint32_t peak_mib;   /* UNIT: see ledger_unit */
	uint16_t vain;       /* UNIT: likewise */
	uint16_t rules;      /* MARK: how many of rule_hash[] are in use */
	uint8_t kind;        /* enum lasting_kind */
	uint8_t mark;        /* MARK: enum state_mark */
	uint8_t owed;        /* MARK, bool: its start is owed */
	uint8_t severity;    /* OPEN: enum severity of its all-clear */
	uint8_t rebooted;    /* bool, of who gives it: the host was restarted since */
	char unit[NAME_BYTES];
	char rule[NAME_BYTES]; /* OPEN */
	uint8_t pad[1];      /* rows are compared whole */
};
_Static_assert(sizeof(struct lasting) < sizeof((struct message){0}.text), "it travels in a message");

/* Whose it was. */
struct lasting_of {
	uint64_t life;      /* of that ledger; 0: nothing was kept yet */
	char boot_id[37];
};

/* As many as there can be: marks, restarts under way, units, ladders. */
enum { LASTING_MAX = MARKS_MAX + ENTRIES_MAX + UNITS_MAX + LADDERS_MAX };

/* All that it says may be: names are names (perhaps nobody's), numbers are in their range. */
bool lasting_is_sound(const struct lasting *lasting);

/* MESSAGE_LASTING of row number; lasting: NULL: it ends before that number. */
void lasting_message(struct message *message, uint64_t number, const struct lasting *lasting);

/* The row of such a message; false: it is not sound. */
bool lasting_take(struct lasting *lasting, const struct message *message);

/* Order of rows: by kind, unit, rule (qsort). */
int lasting_compare(const void *a, const void *b);

#endif
