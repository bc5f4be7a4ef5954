/* The sentences of the budget: a label at the left, its text wrapped at 80 columns; sizes, names and verdicts in it. */
#ifndef WD_ASK_BUDGET_SAY_H
#define WD_ASK_BUDGET_SAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ask/budget_sum.h"
#include "ask/status_cell.h"
#include "base/buffer.h"

enum {
	BUDGET_SAID_BYTES = 4096,
	BUDGET_NAMES_MAX = 16, /* units named in one sentence */
};

/* The label, and the text behind it, cut between words so that each line fits. */
void budget_say(FILE *out, const char *label, const struct buffer *said);

#define BUDGET_SAY(out, label, ...)                                                                                    \
	do {                                                                                                           \
		char budget_text[BUDGET_SAID_BYTES];                                                                   \
		struct buffer budget_said;                                                                             \
                                                                                                                       \
		BUFFER_OVER(&budget_said, budget_text);                                                                \
		buffer_addf(&budget_said, __VA_ARGS__);                                                                \
		budget_say(out, label, &budget_said);                                                                  \
	} while (0)

/* "0.87 GiB": into a cell, which is returned; into a sentence. */
const char *budget_say_cell(uint64_t bytes, char cell[STATUS_CELL_BYTES]);
void budget_say_bytes(struct buffer *said, uint64_t bytes);

/* A name of a unit, escaped. */
void budget_say_name(struct buffer *said, const char *name);

/* ", " before all but the first; *n counts them. */
void budget_say_next(struct buffer *said, uint32_t *n);

/* "lack 1.34 GiB", "fit, 1.80 GiB to spare", where the units take so much; of one thing "lacks", "fits". */
void budget_say_verdict(struct buffer *said, const struct budget_sum *sum, uint64_t need_bytes, bool one);

#endif
