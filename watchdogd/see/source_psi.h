/* Source psi: /proc/pressure/memory. The readings come from `total=` at each look; one trigger of
 * the kernel's only wakes us early, and what it says is not believed (its first wake-up may be
 * false). */
#ifndef WD_SEE_SOURCE_PSI_H
#define WD_SEE_SOURCE_PSI_H

#include "base/clock.h"
#include "see/psi.h"

struct source_psi {
	int fd;      /* kept for reading, or -1 */
	int trigger; /* in the loop, or -1 */
	struct psi_window window;
	mono_ms stalled; /* when a look last saw stall grow; 0: never */
	uint64_t total_us;
};

#endif
