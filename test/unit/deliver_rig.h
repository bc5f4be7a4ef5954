/* A deliverer with all that is around it made up: a plugin "fake" whose answers the test gives, a scribe, a
 * config of a few channels, clocks that the test turns. */
#ifndef WD_TEST_DELIVER_RIG_H
#define WD_TEST_DELIVER_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deliver/deliver.h"
#include "share/ledger.h"

enum { RIG_CHANNELS = 4, RIG_SENT_MAX = 8192, RIG_TOLD_MAX = 4096, RIG_SPOOL_MAX = 2048 };

/* What the fake plugin does with a message for a channel. */
enum rig_does { RIG_TAKES, RIG_SAYS_LATER, RIG_SAYS_NEVER, RIG_IS_SILENT };

struct rig_sent {
	uint64_t delivery;
	char channel[NAME_BYTES];
	char id[16], thread[16], told[16], text[1024], title[256], severity[16];
	uint32_t attempt, count;
	mono_ms at;
	bool taken, cancelled;
};

struct rig_spooled {
	struct delivery_alert alert; /* id 0: nothing of it is known yet */
	bool whole, done;            /* the alert itself is on the disk; its end is */
	struct delivery_row row[RIG_CHANNELS];
	size_t rows;
};

struct rig {
	struct deliver *deliver;
	mono_ms mono;
	wall_ms wall;
	struct rig_sent sent[RIG_SENT_MAX];
	size_t sents;
	enum rig_does does[RIG_CHANNELS];
	uint32_t again_ms;
	const char *says;      /* of a failure */
	const char *talks;     /* a line of the conversation, before the answer; NULL: none */
	uint64_t have[RIG_TOLD_MAX], done[RIG_TOLD_MAX];
	size_t haves, dones;
	struct { uint64_t id; int result; char line[200]; } tested[64];
	size_t testeds;
	/* The sentinel, of dead letters. */
	struct rig_refused { uint64_t id; uint32_t severity; char channel[NAME_BYTES], why[200]; mono_ms at; } refused[64];
	size_t refuseds;
	size_t refused_answered; /* of them it has answered so many */
	bool sentinel_tells;   /* it answers, at the next pass */
	/* The scribe. */
	bool scribe_takes;     /* its end takes what is sent */
	bool scribe_keeps;     /* and it confirms it, at the next pass */
	bool scribe_answers;   /* the backlog */
	struct delivery heard[RIG_TOLD_MAX]; /* all reports, a ring */
	size_t heards;
	size_t backlogs;       /* so often it was asked for */
	uint64_t backlog_number; /* of the last question */
	bool asks;             /* and that was not answered yet */
	struct rig_spooled spool[RIG_SPOOL_MAX];
	/* The plugin. */
	size_t given;          /* channels of the last `channels` */
	char given_name[RIG_CHANNELS][NAME_BYTES];
	bool loaded;
};
extern struct rig rig;

/* Everything as new: mono 1 h, wall 2026-01-22 12:00 UTC, TZ UTC, a scribe that does all; the config has unit u, v,
 * rules r, s, and channels a, b, c of severity info, which take all, with retry-for 1 d, timeout 30 s, no fold.
 * The channels' rows may be changed before rig_start. */
void rig_begin(void);
struct config_channel *rig_channel(size_t i);
/* The channel wants this unit (0: u, 1: v), this rule (0: r, 1: s) alone. */
void rig_only_unit(size_t i, uint32_t unit);
void rig_only_rule(size_t i, uint32_t rule);
/* So many channels. */
void rig_channels(uint32_t count);
/* A secret of channel i: its file cannot be read. */
void rig_secret(size_t i);

/* A deliverer with that config, which has the (empty) backlog. */
void rig_start(void);
/* The config again, as it is now. */
void rig_reload(void);
/* kill -9 and a new one; the backlog of the spool comes to it. */
void rig_restart(void);
void rig_end(void);

/* An alert of rule r and unit u, seen now; id 0: the next number. thread 0: its own. */
struct delivery_alert rig_alert(uint64_t id, uint64_t thread, enum ledger_told told, enum severity severity);
/* It comes from the ledger, and stands in the spool. */
void rig_tell(const struct delivery_alert *alert);
/* Both in one; text "". */
uint64_t rig_new(enum ledger_told told, uint64_t thread, enum severity severity);

/* Time passes on both clocks; the deliverer turns when it said it would, and when something came. */
void rig_pass(uint64_t for_ms);

/* The fake's answer to the last attempt of that channel which has none. */
void rig_answer(size_t i, enum plugin_sent result, uint32_t again_ms, const char *text);

/* How many messages went to the channel (all attempts), with that id (0: any). */
size_t rig_count(size_t i, uint64_t id);
/* The last of those, or NULL. */
const struct rig_sent *rig_last(size_t i, uint64_t id);

/* What the spool has of it at that channel, or NULL. */
const struct delivery_row *rig_spooled_row(uint64_t id, size_t i);
struct rig_spooled *rig_spooled(uint64_t id);
bool rig_is_done(uint64_t id);

#endif
