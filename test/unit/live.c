#include "live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "act.h"
#include "fakeroot.h"

static const char live_config[] = "[unit bot]\n"
				  "systemd = bot.service\n"
				  "process = claude\n"
				  "alive = /bin/check bot\n"
				  "log = /var/log/bot.log\n"
				  "log-silence = 12h\n"
				  "[unit tts]\n"
				  "systemd = tts.service\n"
				  "[unit box]\n"
				  "cgroup = /box\n"
				  "process = worker\n"
				  "start = /bin/start box\n"
				  "[unit app]\n"
				  "match = app\n"
				  "start = /bin/start app\n";

struct live live;

static struct loop live_loop;
static struct event_queue live_events;

struct unit *live_unit(enum live_unit unit)
{
	return unit_at(live.see, unit);
}

struct state_unit *live_row(enum live_unit unit)
{
	return &live.with.state->unit[unit];
}

static void live_turn(uint32_t ms)
{
	live.now += ms;
	clock_turn(live.now, 1700000000000 + live.now);
}

static void live_begin(void)
{
	(void)loop_init(&live_loop);
	event_clear(&live_events);
	live.with.loop = &live_loop;
	live.with.events = &live_events;
	live.with.state = state_create(memfd_create("state", MFD_CLOEXEC));
	live.with.config = act_parse(live_config);
	live.see = see_open(&live.with);
	memset(&live.see->livenesses, 0, sizeof(live.see->livenesses));
	liveness_config(live.see);
}

int live_setup_stopped(void **state)
{
	bool fresh;

	if (fakeroot_setup(state) < 0)
		return -1;
	live.now = FAKEROOT_START;
	live.with.ledger = ledger_open(memfd_create("ledger", MFD_CLOEXEC), "boot-1", &fresh);
	live.scribe_hangs = false;
	live_begin();
	for (enum live_unit unit = 0; unit < LIVE_UNITS; unit++) {
		live_unit(unit)->status = STATE_UNIT_INACTIVE;
		live.answer[unit] = 0;
	}
	return 0;
}

int live_setup(void **state)
{
	int error = live_setup_stopped(state);

	for (enum live_unit unit = 0; unit < LIVE_UNITS && error == 0; unit++) {
		live_unit(unit)->status = STATE_UNIT_UNSEEN;
		live_status(unit, STATE_UNIT_RUNNING);
		live_live(unit);
		live.answer[unit] = UNIT_ACTIVE;
		live_says(unit, MESSAGE_UNIT, UNIT_ACTIVE, "active (running)");
	}
	live_look(0);
	live_look(100000);
	return error;
}

int live_teardown(void **state)
{
	return fakeroot_teardown(state);
}

void live_restart(void)
{
	enum state_unit_status status[LIVE_UNITS];
	struct unit_watched watched[LIVE_UNITS];

	for (enum live_unit unit = 0; unit < LIVE_UNITS; unit++) {
		status[unit] = live_unit(unit)->status;
		watched[unit] = live_unit(unit)->watched;
	}
	live_begin();
	for (enum live_unit unit = 0; unit < LIVE_UNITS; unit++) {
		live_unit(unit)->status = status[unit];
		live_unit(unit)->watched = watched[unit];
	}
}

void live_reload(const char *text)
{
	see_config(live.see, act_parse(text != NULL ? text : live_config));
}

void live_status(enum live_unit unit, enum state_unit_status status)
{
	unit_set_status(live_unit(unit), status, live.now);
}

void live_live(enum live_unit unit)
{
	struct unit_watched *watched = &live_unit(unit)->watched;

	watched->count = 1;
	watched->pid = 21285;
	watched->alive_since = watched->since = live.now;
	(void)snprintf(watched->comm, sizeof(watched->comm), "claude");
}

void live_die(enum live_unit unit)
{
	struct unit_watched *watched = &live_unit(unit)->watched;

	watched->count = 0;
	watched->pid = 0;
	watched->alive_since = 0;
	watched->ended_at = live.now;
	(void)snprintf(live_row(unit)->died_text, sizeof(live_row(unit)->died_text), "exited with status 1");
}

void live_says(enum live_unit unit, enum message_type type, uint32_t result, const char *text)
{
	struct message message;

	message_make(&message, type, message_unit_id(config_unit_at(live.see->with.config, unit)->name), (int)result, text);
	see_report(live.see, &message, live.now);
}

/* The actor answers at once. */
static void live_answer(void)
{
	uint64_t id;

	if (!live.scribe_hangs && see_next_reader_question(live.see, &id)) {
		struct message message;

		message_make(&message, MESSAGE_READ, id, 0, "");
		see_report(live.see, &message, live.now);
	}
	while (see_next_question(live.see, &id)) {
		live.asked++;
		for (enum live_unit unit = 0; unit < LIVE_UNITS; unit++)
			if (id == live.see->livenesses.id[unit] && live.answer[unit] != UINT32_MAX)
				live_says(unit, MESSAGE_UNIT, live.answer[unit] | UNIT_LOOKED, "as answered");
	}
}

static void live_look_on(uint32_t ms)
{
	live_turn(ms);
	liveness_look(live.see, live.now);
	live_answer();
	liveness_look(live.see, live.now);
}

void live_look(uint32_t ms)
{
	event_clear(&live_events);
	live.asked = 0;
	live_look_on(ms);
}

void live_looks(uint32_t ms)
{
	event_clear(&live_events);
	live.asked = 0;
	for (; ms >= 100; ms -= 100)
		live_look_on(100);
}

const struct event *live_assert_event(enum live_unit unit, enum event_kind kind, bool ended, const char *text)
{
	const struct event *event = &live_events.event[0];

	assert_int_equal(live_events.count, 1);
	assert_int_equal(event->unit, unit);
	assert_int_equal(event->kind, kind);
	assert_int_equal(event->ended, ended);
	if (strstr(event->text, text) == NULL)
		fail_msg("\"%s\" says nothing of \"%s\"", event->text, text);
	return event;
}

void live_assert_no_event(void)
{
	if (live_events.count > 0)
		fail_msg("%u events: \"%s\"", live_events.count, live_events.event[0].text);
}

void live_assert_alive(enum live_unit unit, enum state_alive alive)
{
	assert_int_equal(live_row(unit)->alive, alive);
}
