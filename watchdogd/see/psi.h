/* Pressure stall information as text, and the share of the last two seconds that was stalled: the
 * kernel's own averages lag by ten seconds, so ours is the growth of `total=` between looks
 * (Documentation/accounting/psi.rst; the same text for the host and for each cgroup). */
#ifndef WD_SEE_PSI_H
#define WD_SEE_PSI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "share/state.h"

enum {
	PSI_WINDOW_MS = 2000,
	PSI_WINDOW_MAX_MS = 5000, /* a longer one says nothing of the last two seconds */
	PSI_SPACING_MS = 200,     /* samples closer together are not kept: it bounds the ring */
	PSI_SAMPLES = 12,         /* PSI_WINDOW_MS / PSI_SPACING_MS, the newest, one to spare */
};

enum psi_kind { PSI_SOME, PSI_FULL, PSI_KINDS };

/* The pressure readings lie in this order in enum reading_host and in enum reading_unit. */
enum psi_reading { PSI_NOW, PSI_AVG10, PSI_AVG60, PSI_AVG300, PSI_READINGS };

struct psi {
	uint64_t total_us[PSI_KINDS];
	uint32_t avg_mpct[PSI_KINDS][PSI_READINGS]; /* 1/1000 %; [PSI_NOW] unused */
};

/* Samples of the last seconds; zeroed: none. */
struct psi_window {
	struct psi_sample {
		mono_ms at;
		uint64_t total_us[PSI_KINDS];
	} sample[PSI_SAMPLES];
	uint32_t count, next;
};

/* The text of a pressure file; false when it is not of that form (out is then not to be used). */
bool psi_parse(const char *text, struct psi *out);

/* Set the readings (2 * PSI_READINGS, some before full) from what was read now, and keep it as a
 * sample. PSI_NOW is unknown until PSI_WINDOW_MS are covered; its `from` is the window's real
 * begin. */
void psi_set(struct psi_window *window, const struct psi *psi, mono_ms now,
	     struct state_reading *readings);

/* Ask for a wake-up: "some 150000 1000000", stall within a window in us. 0 or -errno. */
int psi_write_trigger(int fd, const char *trigger);

/* Nothing was read: the readings are unknown, the window begins anew. */
void psi_clear(struct psi_window *window, struct state_reading *readings);

#endif
