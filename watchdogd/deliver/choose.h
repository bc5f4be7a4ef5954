/* Which alerts a channel wants by its filters: severity, units, rules. That a channel takes no alerts is for every other
 * one. Pure. */
#ifndef WD_DELIVER_CHOOSE_H
#define WD_DELIVER_CHOOSE_H

#include <stdbool.h>

#include "config/config.h"
#include "share/delivery.h"

/* `units` and `rules` name those of the config; an alert of another unit, or of none, is left out by `units`. */
bool choose_wants(const struct config *config, const struct config_channel *channel,
		  const struct delivery_alert *alert);

#endif
