/* The spool on a disk that cannot be written, as one that is full or read-only: what lasts over a restart of the host
 * (spool_lasting.c) is there, and is wanted before the disk is mended. */
#ifndef WD_PLUGINS_SPOOL_READ_ONLY_H
#define WD_PLUGINS_SPOOL_READ_ONLY_H

#include "spool_db.h"

/* Is it for that that the database was not opened (-errno of spool_db_open)? */
bool spool_read_only_may_help(int error);

/* Open, to be read by spool_lasting_read alone, what is at db->path; closed by spool_db_close. No page is written. 0;
 * or -errno: there is none, it is broken, or it cannot be read whole. */
int spool_read_only_open(struct spool_db *db);

#endif
