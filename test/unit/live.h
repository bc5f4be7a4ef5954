/* For the tests of liveness: made-up units whose processes and cgroups are what the test says, a turned clock, and
 * the test itself as the workers. The units: bot (systemd, process = claude, an alive command, a log), tts (systemd,
 * nothing said of what must be alive in it), box (cgroup) and app (match). grace is 20 s. */
#ifndef WD_TEST_LIVE_H
#define WD_TEST_LIVE_H

#include "see/source.h"

enum live_unit { LIVE_BOT, LIVE_TTS, LIVE_BOX, LIVE_APP, LIVE_UNITS };

struct live {
	struct see *see;
	struct see_with with;
	mono_ms now;
	uint32_t answer[LIVE_UNITS]; /* what the actor answers to a question; UINT32_MAX: it does not */
	uint32_t asked;              /* questions of the last look */
	bool scribe_hangs;           /* it answers no question */
};
extern struct live live;

/* cmocka's setup and teardown: a fresh ledger, all units running since long, each with its process, looked at
 * twice. _stopped: none runs, and none was looked at. */
int live_setup(void **state);
int live_setup_stopped(void **state);
int live_teardown(void **state);

/* The sentinel was killed and begins anew; how the units are is kept. */
void live_restart(void);

/* A reload with this config; NULL: the same. */
void live_reload(const char *text);

struct unit *live_unit(enum live_unit unit);
struct state_unit *live_row(enum live_unit unit);

/* How it is from now on. live_die: its process ends now, its cgroup stays as it is. */
void live_status(enum live_unit unit, enum state_unit_status status);
void live_live(enum live_unit unit);
void live_die(enum live_unit unit);

/* Let ms go by, look, and answer the questions (a second look takes the answers). Events are those of both. */
void live_look(uint32_t ms);

/* Look every 100 ms for so long; events are those of all. */
void live_looks(uint32_t ms);

/* What a worker says. */
void live_says(enum live_unit unit, enum message_type type, uint32_t result, const char *text);

/* The only event of the last look is of that kind and unit; its text has that in it. */
const struct event *live_assert_event(enum live_unit unit, enum event_kind kind, bool ended, const char *text);
void live_assert_no_event(void);
void live_assert_alive(enum live_unit unit, enum state_alive alive);

#endif
