/* One step of the systemd plugin, from being asked to its answer.
 *
 * A step is done when the unit is seen in the state that was asked for, never because a call
 * returned:
 *
 *     WAITING -> READYING -> CALLING -> JOB -> STATE -> answered
 *
 * WAITING for the connection; READYING: before a stop, which other units it would take along is read
 * (one that is watched and active: it is refused); CALLING StopUnit or StartUnit; the JOB it gave is waited for by the
 * signal JobRemoved, which may come before the call's own reply; then the unit's STATE is read
 * until it is an end state. When the connection breaks in between, the state is looked at first
 * (LOOKING), and the call is made again only if it is neither there nor on its way. The request's
 * time bounds it all. -EINTR: systemd canceled the job, since another of that unit was wanted.
 * Callbacks only note what came; systemd_step_run alone decides.
 *
 * A cap has a way of its own: systemd_cap.h. */
#ifndef WD_PLUGINS_SYSTEMD_STEP_H
#define WD_PLUGINS_SYSTEMD_STEP_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "reclaim_child.h"
#include "share/plugin.h"
#include "systemd_context.h"
#include "systemd_unit.h"

enum systemd_verb { SYSTEMD_STOP, SYSTEMD_START, SYSTEMD_CAP, SYSTEMD_UNCAP, SYSTEMD_VERBS };

enum systemd_phase {
	SYSTEMD_FREE,
	SYSTEMD_WAITING,
	SYSTEMD_LOOKING,
	SYSTEMD_READYING,
	SYSTEMD_CALLING,
	SYSTEMD_JOB,
	SYSTEMD_STATE,
	SYSTEMD_CAP_READY, /* systemd_cap.c */
	SYSTEMD_CAP_CALL,
	SYSTEMD_CAP_READ,
};

struct systemd_step {
	struct systemd_context *context; /* borrowed */
	enum systemd_phase phase;
	enum systemd_verb verb;
	uint64_t id;
	char name[LINE_BYTES + 1]; /* of the unit */
	uint32_t limit_ms;
	mono_ms began, read_at; /* read_at: when the next reading is due */
	bool reset;             /* the failed state, and with it the start limit's count, before a start */
	bool called;            /* once at least: look before calling again */
	bool ready;             /* nothing stands in the way of the call */
	bool read_wanted;       /* a reading was begun in this phase */
	unsigned jobless;       /* readings in a row that show no job, with no JobRemoved seen */
	sd_bus_slot *call;
	int error; /* of the call: -errno, with wrong */
	char wrong[160];
	char job[64];    /* its object path; "" : not known */
	char result[16]; /* how it ended; "" : not seen */
	struct systemd_unit unit;
	uint64_t bytes, seen;       /* of a cap: MemoryHigh as it is to be, and as it was read back */
	uint64_t cgroup_id;         /* of the unit, as the sentinel read it; 0: it has none */
	bool unpressed;             /* of a cap: there could be no process that brings it below that */
	struct reclaim_child child; /* of a cap: what presses on the cgroup before systemd sets the property */
};

/* Take a request; it goes on with systemd_step_run. 0; -EINVAL: a verb that is none here, or no
 * target. */
int systemd_step_begin(struct systemd_step *step, struct systemd_context *context,
		       const struct plugin_request *request);

/* Do what can be done now; in the end the request is answered and the step SYSTEMD_FREE. */
void systemd_step_run(struct systemd_step *step);

/* The connection is lost: give up its slots, and wait for the next one. */
void systemd_step_lose(struct systemd_step *step);

/* Lower *timeout_ms to when it has to run again without anything having come. */
void systemd_step_prepare(const struct systemd_step *step, int *timeout_ms);

/* What else to poll for: 0 or 1 rows. */
int systemd_step_prepare_child(const struct systemd_step *step, struct pollfd *fds, int max, int *timeout_ms);

/* Into another phase: its next reading is due in wait_ms. */
void systemd_step_enter(struct systemd_step *step, enum systemd_phase phase, uint32_t wait_ms);

/* Answer it now and end it. */
void systemd_step_answer(struct systemd_step *step, int result, const char *text);

#endif
