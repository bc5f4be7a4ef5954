/* What goes from the spool to one deliverer: what waits for it, in order of ids, each alert with its rows; then
 * what a person asks; and that alerts were lost. Never faster than it reads: what it does not take now is left
 * for the next turn. */
#ifndef WD_PLUGINS_SPOOL_BACKLOG_H
#define WD_PLUGINS_SPOOL_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "share/delivery.h"
#include "share/plugin.h"
#include "spool_db.h"

enum {
	SPOOL_BACKLOG_TURN = 64,   /* messages of one turn */
	SPOOL_BACKLOG_ORDERS = 8,  /* of a person, that it has not read */
};

struct spool_backlog {
	unsigned deliverer;           /* enum ledger_with */
	bool active;
	uint64_t number;              /* of its last BACKLOG, for the END */
	uint64_t id;                  /* the alert at which it is, or the first that it may be */
	bool sent;                    /* that alert is sent, and its rows up to `channel` */
	char channel[NAME_BYTES];
	struct spool_order {
		enum delivery_type type; /* DELIVERY_RETRY, DELIVERY_DROP */
		uint64_t id;             /* 0: all */
	} order[SPOOL_BACKLOG_ORDERS];
	int orders;
	unsigned troubles;            /* of the disk: so many it was told of */
};

enum spool_backlog_result {
	SPOOL_BACKLOG_IDLE, /* nothing is left */
	SPOOL_BACKLOG_MORE, /* the turn is over */
	SPOOL_BACKLOG_FULL, /* it does not read */
};

/* From the first alert on. */
void spool_backlog_begin(struct spool_backlog *backlog);

/* Behind what waits, as it may be about what is on its way; false: too many. */
bool spool_backlog_order(struct spool_backlog *backlog, enum delivery_type type, uint64_t id);

/* Go on; while the database is closed, with orders alone. enum spool_backlog_result, or -errno of the database. */
int spool_backlog_send(struct spool_backlog *backlog, struct spool_db *db, const struct plugin_host *host);

#endif
