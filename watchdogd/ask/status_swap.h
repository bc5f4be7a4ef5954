/* The swap file in `status`. */
#ifndef WD_ASK_STATUS_SWAP_H
#define WD_ASK_STATUS_SWAP_H

#include <stdio.h>

#include "share/state.h"

/* "swap file on by us, 12 MiB of 512 MiB used": a line of the table, none where there is no [swapfile]. */
void status_swap_print(const struct state *state, FILE *out);

/* "swapfile": null, or an object. */
void status_swap_json(const struct state *state, FILE *out);

#endif
