/* Quiet hours: local time of the host, across midnight, across the days when the clocks are changed. */
#ifndef WD_DELIVER_QUIET_H
#define WD_DELIVER_QUIET_H

#include <stdint.h>

#include "base/clock.h"

/* When the quiet hours end in which that instant lies; 0: it lies in none. from, to: minutes of the day, local
 * time; equal: there are none. Always later than the instant. */
wall_ms quiet_until(uint32_t from_min, uint32_t to_min, wall_ms wall);

#endif
