/* What outlives a restart of the host besides alerts, in the spool's database: read whole when it is opened, written
 * whole. 0 or -errno of the database (db->why). */
#ifndef WD_PLUGINS_SPOOL_LASTING_H
#define WD_PLUGINS_SPOOL_LASTING_H

#include <stddef.h>

#include "share/lasting.h"
#include "share/plugin.h"
#include "spool_db.h"

/* All that is there, to host->lasted. What is not sound, or beyond LASTING_MAX rows, is left out and told. */
int spool_lasting_read(struct spool_db *db, const struct plugin_host *host);

/* A part of the caller's transaction: these in place of all. */
int spool_lasting_write(struct spool_db *db, const struct lasting_of *of, const struct lasting *rows, size_t count);

#endif
