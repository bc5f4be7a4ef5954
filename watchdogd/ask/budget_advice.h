/* What systemd would do wrong with a unit when memory runs out, by what it has set today, and the lines that change
 * it. Pure. */
#ifndef WD_ASK_BUDGET_ADVICE_H
#define WD_ASK_BUDGET_ADVICE_H

#include <stdint.h>

#include "ask/budget_sum.h"
#include "ask/budget_systemd.h"
#include "base/buffer.h"

enum budget_wrong {
	BUDGET_NOT_LOADED,    /* systemd has no such unit */
	BUDGET_STAYS_DOWN,    /* one process is killed for want of memory: all of it is stopped, and not started again */
	BUDGET_ALL_STOPPED,   /* the same, but it is started again */
	BUDGET_NO_RESTART,    /* a kill or a crash is the end of it */
	BUDGET_SIGTERM,       /* a SIGTERM of another tool is the end of it */
	BUDGET_START_LIMIT,   /* a few deaths in a row are the end of it */
	BUDGET_NO_MAX,        /* it may take the whole host */
	BUDGET_LOW_MAX,       /* it is killed below what it takes */
	BUDGET_WRONGS,
};

/* Bits 1 << enum budget_wrong; 0: nothing, or systemd was not asked. peak_bytes: 0, not known. */
uint32_t budget_advice_find(const struct budget_systemd *systemd, uint64_t peak_bytes);

/* "start-limit": as it is in JSON. */
const char *budget_advice_word(enum budget_wrong wrong);

/* What it is, in a sentence without its full stop. */
void budget_advice_format(struct buffer *text, enum budget_wrong wrong, const struct budget_systemd *systemd);

/* The text of a drop-in for the systemd unit `target`, ready for `systemctl edit`: the limits, and what changes that
 * which is wrong; "" where there is nothing to say. target: as the config has it. */
void budget_advice_drop_in(struct buffer *text, const char *target, const struct budget_limit *limit, uint32_t wrong);

#endif
