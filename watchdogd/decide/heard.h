/* Which channels an alert is for, as far as the config alone tells, and how often what goes on is told again.
 * Who delivers it chooses for good: it knows the hour, and who has acknowledged. Pure. */
#ifndef WD_DECIDE_HEARD_H
#define WD_DECIDE_HEARD_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

/* An alert that somebody may hear. */
struct heard {
	uint32_t rule, unit; /* of config; CONFIG_NONE: none */
	enum severity severity;
};

/* The channel gets it, by its severity, rules and units. */
bool heard_by(const struct config *config, const struct config_channel *channel, const struct heard *heard);

/* In how many ms it is told again while it goes on: the shortest `repeat` of the channels that hear it, each its own
 * or the rule's; CONFIG_NEVER. Where no channel hears it, as the rule says: for the log. */
uint32_t heard_repeat_ms(const struct config *config, const struct heard *heard);

#endif
