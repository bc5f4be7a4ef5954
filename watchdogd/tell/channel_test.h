/* A person's `watchdogctl test CHANNEL`: one alert for one channel, which neither waits nor is spooled. What its
 * deliverer says of the conversation is passed on to main, which knows who asked, until the last line. */
#ifndef WD_TELL_CHANNEL_TEST_H
#define WD_TELL_CHANNEL_TEST_H

#include <stdbool.h>

#include "tell/alert.h"

enum { CHANNEL_TEST_MS = 120000 }; /* a test that has no end by then is over */

/* MESSAGE_TEST of main; its text may be anything. What cannot be begun is answered at once. */
void channel_test_ask(struct alerts *alerts, const struct message *asked);

/* The deliverer's word on the entry of a test: a line, or that it cannot; false when it is to be asked again, as any
 * alert is. The entry may be free after it. */
bool channel_test_answer(struct alerts *alerts, struct ledger_entry *entry, const struct message *message);

/* At the start of a sentinel: who asked may be gone with main, so tests of before are over. */
void channel_test_begin(struct alerts *alerts);

/* Another config: the channel may be gone. */
void channel_test_config(struct alerts *alerts);

/* At each look: whose time is over. */
void channel_test_look(struct alerts *alerts, mono_ms now);

#endif
