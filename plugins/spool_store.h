/* What is kept and when it leaves: alerts, how far each channel is with them, dead letters, bounds. Each call
 * is a part of the transaction that its caller began. 0 or -errno (db->why); after an error the caller rolls
 * back. deliverer: enum ledger_with. */
#ifndef WD_PLUGINS_SPOOL_STORE_H
#define WD_PLUGINS_SPOOL_STORE_H

#include <stdint.h>

#include "share/delivery.h"
#include "spool_db.h"

/* An alert that is owed by the deliverers of `wants`. What they said of it before it came is joined; one that is
 * there, or has left, changes nothing. */
int spool_store_keep(struct spool_db *db, const struct delivery_alert *alert, unsigned wants, wall_ms wall);

/* How far a channel is with alert id; of one that is not here it waits for it. */
int spool_store_row(struct spool_db *db, uint64_t id, unsigned deliverer, const struct delivery_row *row, wall_ms wall);

/* That deliverer wants alert id no more. When none does, it leaves, but for its dead letters. */
int spool_store_done(struct spool_db *db, uint64_t id, unsigned deliverer, wall_ms wall);

/* What is beyond the bounds gives way: the least severe and oldest. *lost: so many, and counted for the deliverers
 * that owed them. */
int spool_store_bound(struct spool_db *db, wall_ms wall, unsigned *lost);

/* What is too old: reports without an alert after a day, dead letters after 30 days or beyond SPOOL_DEAD_MAX. */
int spool_store_prune(struct spool_db *db, wall_ms wall);

#endif
