/* What goes between who delivers alerts (the messenger, and the actor for `exec`) and who keeps them on
 * the disk (the scribe): one fixed-size struct over a SOCK_SEQPACKET pair that main makes and keeps. An
 * alert stands in the spool until every channel has taken or dropped it; what is waiting comes back to a
 * deliverer that was started anew. Reports are repeated until they are confirmed, so a kill -9 of either
 * end loses none; at worst an alert is sent again, under the same id. */
#ifndef WD_SHARE_DELIVERY_H
#define WD_SHARE_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/clock.h"

#define DELIVERY_VERSION 1u

/* The event of an alert that says that a channel takes no alerts; its rule is that channel's name. It is for every other
 * channel, whatever their filters. No rule can have this event. */
#define DELIVERY_REFUSED "refused"

enum delivery_type {
	DELIVERY_BACKLOG,  /* deliverer -> scribe: what waits? DELIVERY_ALERTs and DELIVERY_ROWs come, then _END with
			      the same number: one of another was meant for who was here before */
	DELIVERY_ALERT,    /* scribe -> deliverer: an alert that it has not done yet */
	DELIVERY_ROW,      /* scribe -> deliverer: how far the channel named is with the last alert; deliverer ->
			      scribe: a report of the same, told again until confirmed */
	DELIVERY_DONE,     /* deliverer -> scribe: no channel of ours wants alert id any more; likewise */
	DELIVERY_KEPT,     /* scribe -> deliverer: the report of that number is on the disk */
	DELIVERY_END,      /* scribe -> deliverer: that was all */
	DELIVERY_RETRY,    /* scribe -> deliverer: a person's: try now alert id (0: all) */
	DELIVERY_DROP,     /* scribe -> deliverer: a person's: drop alert id (0: all) */
	DELIVERY_LOST,     /* scribe -> deliverer: the next message has to say that `lost` alerts gave way in a full
			      spool, and (row.why, "" nothing) why nothing can be kept now */
	DELIVERY_TYPES,
};

/* Of one alert at one channel. */
enum delivery_state {
	DELIVERY_WAITING,  /* not tried yet, held back (fold, after, quiet hours), or to be tried again */
	DELIVERY_TAKEN,    /* the other side has it */
	DELIVERY_DEAD,     /* will never be taken: in the dead-letter list */
	DELIVERY_DROPPED,  /* not wanted any more: acknowledged, folded, resolved before it was due, a person's */
	DELIVERY_STATES,
};

/* An alert, whole. All texts end with a NUL and may be hostile. */
struct delivery_alert {
	uint64_t id, thread;  /* see ledger_entry */
	wall_ms at;
	uint32_t told;        /* enum ledger_told */
	uint32_t severity;    /* enum severity */
	char rule[NAME_BYTES], unit[NAME_BYTES], event[16];
	char title[LINE_BYTES + 1];
	char text[TEXT_BYTES];
};

struct delivery_row {
	char channel[NAME_BYTES];
	uint8_t state;        /* enum delivery_state */
	uint16_t pad;
	uint32_t attempts;
	wall_ms next_at;      /* of a waiting one: not before */
	char why[160];        /* the last answer of the other side, or what it waits for; hostile text */
};

struct delivery {
	uint32_t version, type; /* enum delivery_type */
	uint64_t number;        /* of a report, to be confirmed; of BACKLOG and its END; 0: none */
	struct delivery_alert alert; /* ROW, DONE, RETRY, DROP: the id alone */
	struct delivery_row row;
	uint32_t lost, pad;     /* LOST: so many since it was told last */
};

/* It says that a channel takes no alerts. */
bool delivery_is_refusal(const struct delivery_alert *alert);

/* "waiting", "taken", "dead", "dropped": the words of pages and lists. Of what is none of them: "?". */
const char *delivery_state_word(uint32_t state);

/* All zero but for version, type and the alert's id. */
void delivery_make(struct delivery *delivery, enum delivery_type type, uint64_t id);

/* Send without waiting. 0, -EAGAIN when the peer does not read, or -errno. */
int delivery_send(int fd, const struct delivery *delivery);

/* Receive one without waiting, checked (size, version, type, ends of texts, enums). 1: got one; 0: the
 * other end is closed; -EAGAIN; -EPROTO: it breaks the rules (dropped); -errno. */
int delivery_receive(int fd, struct delivery *delivery);

/* An alert's id for people, Message-ID and Idempotency-Key: Crockford's base 32, 10 characters; up to 13 of an
 * id of more than 50 bits. */
void delivery_format_id(uint64_t id, char text[16]);

/* The id of such a text whole (case does not matter; i and l are 1, o is 0), or 0. */
uint64_t delivery_parse_id(const char *text);

#endif
