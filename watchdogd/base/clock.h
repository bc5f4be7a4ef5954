/* The only clock. A test turns it; nothing else calls clock_gettime. */
#ifndef WD_BASE_CLOCK_H
#define WD_BASE_CLOCK_H

#include <stdint.h>

typedef uint64_t mono_ms; /* CLOCK_MONOTONIC: the same for all processes of one boot; never 0 */
typedef uint64_t wall_ms; /* CLOCK_REALTIME: since 1970, UTC */

mono_ms clock_mono(void);
wall_ms clock_wall(void);

/* Since boot, with the time it slept (CLOCK_BOOTTIME): what /proc counts start times in. */
uint64_t clock_boot_ms(void);

/* From now on both clocks stand at these instants, until turned again; 0, 0 lets them run. Tests only. */
void clock_turn(mono_ms mono, wall_ms wall);

/* "2026-01-22T18:38:01Z" (ISO 8601) of an instant; text holds 21 bytes. */
void clock_format(wall_ms wall, char text[21]);

/* A span for a person: "350 ms", "4 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"; text holds 32 bytes. */
const char *clock_format_span(uint64_t for_ms, char text[32]);

#endif
