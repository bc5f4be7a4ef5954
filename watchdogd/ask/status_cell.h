/* The cells of the tables of status: hostile text is escaped, what is too wide gets a line of its own. */
#ifndef WD_ASK_STATUS_CELL_H
#define WD_ASK_STATUS_CELL_H

#include <stdio.h>

#include "base/clock.h"

enum { STATUS_CELL_UNIT = 13, STATUS_CELL_BYTES = 64 };

/* The text, escaped. */
void status_cell_put(FILE *out, const char *hostile);

/* A name at the left, `width` columns; a wider one ends its line and leaves the column empty. */
void status_cell_name(FILE *out, const char *name, int width);

/* "41 min": how long ago; "-" when never. */
const char *status_cell_age(mono_ms since, mono_ms now, char cell[STATUS_CELL_BYTES]);

#endif
