/* Drives a plugin through its ABI as the worker does, and keeps what it answers. */
#ifndef WD_TEST_PLUGIN_DRIVER_H
#define WD_TEST_PLUGIN_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "share/plugin.h"

enum { DRIVER_ANSWERS_MAX = 64, DRIVER_REPORTS_MAX = 256, DRIVER_SENT_MAX = 256, DRIVER_TALK_BYTES = 256 * 1024 };

struct driver {
	struct driver_answer {
		uint64_t id;
		int result;
		char text[512];
	} answer[DRIVER_ANSWERS_MAX];
	int answers;
	struct driver_report {
		enum driver_said { DRIVER_UNIT, DRIVER_ALIVE, DRIVER_LINE } said;
		uint64_t unit;
		int result;     /* bits of UNIT; result of ALIVE; len of LINE */
		int32_t pid;
		char text[512]; /* cut */
	} report[DRIVER_REPORTS_MAX]; /* the last ones, a ring */
	int reports;    /* so many came */
	int begin;      /* what host->begin gives */
	int begun;      /* how often it was asked */
	char log[1024]; /* the last line */
	int logs;       /* so many came */
	struct driver_sent {
		uint64_t delivery;
		enum plugin_sent result;
		uint32_t again_ms;
		char text[1024]; /* cut */
	} sent[DRIVER_SENT_MAX];
	int sents;
	char talk[DRIVER_TALK_BYTES]; /* all lines of all conversations, each with its newline; cut */
	const struct state *state;    /* what host->state gives */
	void (*also)(void); /* called each turn: the other end of what the plugin speaks with */
};
extern struct driver driver;

/* The host to open a plugin with; forgets all answers. */
const struct plugin_host *driver_host(void);

/* Turn until the id is answered; NULL when it is not within for_ms. */
const struct driver_answer *driver_wait(const struct plugin *plugin, uint64_t id, int for_ms);

/* Turn until host->sent was called for the delivery; NULL when it was not within for_ms. */
const struct driver_sent *driver_wait_sent(const struct plugin *plugin, uint64_t delivery, int for_ms);

/* Turn for so long. */
void driver_run(const struct plugin *plugin, int for_ms);

#endif
