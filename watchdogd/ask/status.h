/* `watchdogctl status`: the state page, copied once and shown as a table that a person reads at 80
 * columns, or as one JSON object. Reads the page alone: it works while main or the sentinel hang,
 * and says so. */
#ifndef WD_ASK_STATUS_H
#define WD_ASK_STATUS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"
#include "share/state.h"

enum { STATUS_STALE_MS = 10000 }; /* a sentinel looks once a second at least */

/* A page as it was found: what is shown, and by which clocks. */
struct status {
	const struct state *state;
	mono_ms now;
	wall_ms wall;
	const char *not_alive; /* why what it says is old; NULL: the sentinel is alive */
};

/* Why the page of a sentinel is stale at `now`: it does not tick, or its process is gone (boot_id:
 * of this boot, "" not known). NULL when it is alive. The text is static. */
const char *status_stale(const struct state *state, const char *boot_id, mono_ms now);

/* The table. All names and texts are escaped for a terminal. */
void status_print(const struct status *status, FILE *out);

/* One JSON object and a newline; its keys are in watchdogctl(1). */
void status_print_json(const struct status *status, FILE *out);

/* A copy of the page beside the control socket, to be closed. 0; 3: there is none, as the daemon does not run; 1: it
 * cannot be read. Both are told on err. */
int status_open(const char *control, struct status *status, FILE *err);
void status_close(struct status *status);

/* Show the page beside the control socket. 0: alive; 3: not running, or not ticking (what is known
 * is shown all the same); 1: it cannot be read. Errors are told on err. */
int status_run(const char *control, bool json, FILE *out, FILE *err);

/* "running", "inactive", "frozen", "unseen"; "", "stopped", "frozen", "capped"; "quiet", "given up". Of a
 * value that is none of them: "?". */
const char *status_unit_word(unsigned status);
const char *status_mark_word(unsigned mark);
const char *status_phase_word(unsigned phase);

#endif
