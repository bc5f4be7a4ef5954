/* Drives a plugin through its ABI as the worker does, and keeps what it answers. */
#ifndef WD_TEST_PLUGIN_DRIVER_H
#define WD_TEST_PLUGIN_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "share/plugin.h"

enum { DRIVER_ANSWERS_MAX = 64 };

struct driver {
	struct driver_answer {
		uint64_t id;
		int result;
		char text[512];
	} answer[DRIVER_ANSWERS_MAX];
	int answers;
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
