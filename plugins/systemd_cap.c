#include "systemd_cap.h"

#include <errno.h>
#include <stdlib.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/diag.h"
#include "base/file.h"
#include "reclaim_cgroup.h"
#include "systemd_bus.h"

/* An answer came on a connection that lives. False: systemd_step_lose begins anew. An error is noted. */
static bool systemd_cap_takes(struct systemd_step *step, sd_bus_message *reply)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct buffer out;

	if (sd_bus_is_open(sd_bus_message_get_bus(reply)) <= 0)
		return false;
	step->call = sd_bus_slot_unref(step->call);
	if (error == NULL)
		return true;
	BUFFER_OVER(&out, step->wrong);
	step->error = systemd_unit_explain(error, step->name, &out);
	return false;
}

/* Ask for a property of the unit's own kind (Service, Scope, Slice). */
static int systemd_cap_get(struct systemd_step *step, const char *property, sd_bus_message_handler_t on_answer)
{
	char interface[96], *path = NULL;
	struct buffer out;
	int r = sd_bus_path_encode(SYSTEMD_PATH "/unit", step->name, &path);

	BUFFER_OVER(&out, interface);
	systemd_unit_add_interface(&out, step->name);
	step->error = 0;
	if (r >= 0)
		r = sd_bus_call_method_async(step->context->bus.bus, &step->call, SYSTEMD_NAME, path, SYSTEMD_PROPERTIES,
					     "Get", on_answer, step, "ss", interface, property);
	free(path);
	return r;
}

/* --- ready --- */

/* Half of the time is for the kernel, half for systemd. A user's systemd says what that user wants: only the cgroup that
 * the sentinel saw is written to. Where there is none, nothing is to be pressed. */
static void systemd_cap_press(struct systemd_step *step, const char *cgroup)
{
	int dir = cgroup[0] != '\0' && step->cgroup_id != 0 ? reclaim_cgroup_open(cgroup, step->cgroup_id) : -ENOENT;

	if (dir >= 0)
		step->unpressed =
			reclaim_child_start(&step->child, dir, RECLAIM_HIGH, step->bytes, step->limit_ms / 2) < 0;
	(void)file_close(dir);
}

static int systemd_cap_on_cgroup(sd_bus_message *reply, void *arg, sd_bus_error *unused)
{
	struct systemd_step *step = arg;
	const char *cgroup = NULL;

	(void)unused;
	if (systemd_cap_takes(step, reply) && sd_bus_message_read(reply, "v", "s", &cgroup) > 0)
		systemd_cap_press(step, cgroup);
	return 0;
}

void systemd_cap_begin(struct systemd_step *step)
{
	int r = 0;

	systemd_step_enter(step, SYSTEMD_CAP_READY, 0);
	if (step->bytes != UINT64_MAX) /* without a limit there is nothing to take */
		r = systemd_cap_get(step, "ControlGroup", systemd_cap_on_cgroup);
	if (r < 0)
		systemd_step_answer(step, r, diag_errno(r));
}

/* --- call --- */

static int systemd_cap_on_set(sd_bus_message *reply, void *arg, sd_bus_error *unused)
{
	(void)unused;
	(void)systemd_cap_takes(arg, reply);
	return 0;
}

static int systemd_cap_call(struct systemd_step *step)
{
	sd_bus_message *call = NULL;
	int r = sd_bus_message_new_method_call(step->context->bus.bus, &call, SYSTEMD_NAME, SYSTEMD_PATH,
					       SYSTEMD_MANAGER, "SetUnitProperties");

	if (r >= 0)
		r = sd_bus_message_append(call, "sba(sv)", step->name, 1, 1, "MemoryHigh", "t", step->bytes);
	if (r >= 0)
		r = sd_bus_call_async(step->context->bus.bus, &step->call, call, systemd_cap_on_set, step, 0);
	sd_bus_message_unref(call);
	return r;
}

void systemd_cap_run_ready(struct systemd_step *step)
{
	int error, r;

	if (step->call != NULL || !reclaim_child_is_over(&step->child, &error))
		return;
	if (error == -ETIMEDOUT || step->unpressed) {
		systemd_step_answer(step, -EBUSY,
				    step->unpressed ? "no process can be started that brings it below that, and systemd would wait"
						    : "the kernel takes too long to bring it below that, and systemd would wait for it");
		return;
	}
	step->error = 0;
	step->called = true;
	systemd_step_enter(step, SYSTEMD_CAP_CALL, 0);
	r = systemd_cap_call(step);
	if (r < 0)
		systemd_step_answer(step, r, diag_errno(r));
}

/* --- read --- */

static int systemd_cap_on_read(sd_bus_message *reply, void *arg, sd_bus_error *unused)
{
	struct systemd_step *step = arg;

	(void)unused;
	if (systemd_cap_takes(step, reply) && sd_bus_message_read(reply, "v", "t", &step->seen) <= 0)
		step->error = -EPROTO;
	return 0;
}

void systemd_cap_run_call(struct systemd_step *step)
{
	int r;

	if (step->call != NULL)
		return;
	if (step->error != 0) {
		systemd_step_answer(step, step->error, step->wrong);
		return;
	}
	systemd_step_enter(step, SYSTEMD_CAP_READ, 0);
	r = systemd_cap_get(step, "MemoryHigh", systemd_cap_on_read);
	if (r < 0)
		systemd_step_answer(step, r, diag_errno(r));
}

void systemd_cap_run_read(struct systemd_step *step)
{
	char text[TEXT_BYTES];
	struct buffer out;

	if (step->call != NULL)
		return;
	BUFFER_OVER(&out, text);
	if (step->error != 0) {
		buffer_addf(&out, "MemoryHigh was set, but cannot be read back: %s", step->wrong);
		systemd_step_answer(step, step->error, text);
		return;
	}
	buffer_add(&out, "MemoryHigh is ");
	reclaim_cgroup_tell(&out, step->seen);
	systemd_step_answer(step, step->seen == step->bytes ? 0 : -EIO, text);
}
