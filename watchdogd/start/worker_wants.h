/* Which plugins have something to do by a config: only those are loaded. */
#ifndef WD_START_WORKER_WANTS_H
#define WD_START_WORKER_WANTS_H

#include <stdbool.h>

#include "config/config.h"

bool wants_email(const struct config *config);
bool wants_webhook(const struct config *config);
bool wants_heartbeat(const struct config *config);
bool wants_prometheus(const struct config *config);
bool wants_pattern(const struct config *config);
bool wants_log(const struct config *config);
bool wants_journal(const struct config *config);
bool wants_spool(const struct config *config);
bool wants_textfile(const struct config *config);
bool wants_swapfile(const struct config *config);
bool wants_reclaim(const struct config *config);
bool wants_snapshot(const struct config *config);

#endif
