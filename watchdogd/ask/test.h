/* watchdogctl test: one message for real through a channel, with the conversation as it goes. */
#ifndef WD_ASK_TEST_H
#define WD_ASK_TEST_H

#include <stdio.h>

/* severity: its word; NULL: info. 0: the other side has taken it; 1: it has not, or not possible; 2: that is no name of
 * a channel, or no severity; 3: no daemon answers there. */
int test_run(const char *control, const char *channel, const char *severity, FILE *out, FILE *err);

#endif
