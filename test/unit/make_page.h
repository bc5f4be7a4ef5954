/* A made-up state page and channels for tests of the metrics: the incident of an evening, and a unit, a rule
 * and a channel whose names are hostile. */
#ifndef WD_TEST_MAKE_PAGE_H
#define WD_TEST_MAKE_PAGE_H

#include "base/clock.h"
#include "share/plugin.h"
#include "share/state.h"

#define MAKE_PAGE_HOSTILE "a\"b\\c\nd\xff\x1b[31m\xc2\x85\xc3\xa9} 1 2\r"

enum { MAKE_PAGE_CHANNELS = 3 };

/* The page as it is at `now`, which is at least 1000000; state: of sizeof(struct state) zeroed bytes but for
 * its header, which is left alone. */
void make_page(struct state *state, mono_ms now);

/* As host->channel: row i, false after the last. */
int make_page_channel(size_t i, struct plugin_standing *standing);

#endif
