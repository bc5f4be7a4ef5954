/* Drives a plugin through its ABI as the worker does, and keeps what it answers. */
#ifndef WD_TEST_PLUGIN_DRIVER_H
#define WD_TEST_PLUGIN_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "share/plugin.h"

enum { DRIVER_ANSWERS_MAX = 64, DRIVER_REPORTS_MAX = 256 };

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
	void (*also)(void); /* called each turn: the other end of what the plugin speaks with */
};
extern struct driver driver;

/* The host to open a plugin with; forgets all answers. */
const struct plugin_host *driver_host(void);

/* Turn until the id is answered; NULL when it is not within for_ms. */
const struct driver_answer *driver_wait(const struct plugin *plugin, uint64_t id, int for_ms);

/* Turn for so long. */
void driver_run(const struct plugin *plugin, int for_ms);

#endif
