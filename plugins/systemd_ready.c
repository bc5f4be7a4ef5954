#include "systemd_ready.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "systemd_ties.h"
#include "systemd_units.h"

static void systemd_ready_on_tie(void *arg, const char *name, const char *why)
{
	struct systemd_step *step = arg;
	const struct systemd_context *context = step->context;
	const struct systemd_watch *other = systemd_units_find_tied(context->units, context, name);
	struct buffer out;

	if (step->error != 0 || other == NULL || systemd_watch_is_named(other, step->name) ||
	    !systemd_watch_is_up(other))
		return;
	step->error = -EBUSY; /* the one that no signal of ours goes round: do/phase_stop.c */
	BUFFER_OVER(&out, step->wrong);
	buffer_addf(&out, "would stop %s too (%s)", name, why);
}

static int systemd_ready_on_answer(sd_bus_message *reply, void *arg, sd_bus_error *unused)
{
	struct systemd_step *step = arg;

	(void)unused;
	if (sd_bus_is_open(sd_bus_message_get_bus(reply)) <= 0)
		return 0;
	step->call = sd_bus_slot_unref(step->call);
	step->ready = true;
	/* What cannot be read is told by the call itself. */
	if (!sd_bus_message_is_method_error(reply, NULL))
		systemd_ties_read(reply, SYSTEMD_TIES_TAKES, systemd_ready_on_tie, step);
	return 0;
}

void systemd_ready_begin(struct systemd_step *step)
{
	char *path = NULL;
	int r = sd_bus_path_encode(SYSTEMD_PATH "/unit", step->name, &path);

	systemd_step_enter(step, SYSTEMD_READYING, 0);
	if (r >= 0)
		r = sd_bus_call_method_async(step->context->bus.bus, &step->call, SYSTEMD_NAME, path,
					     SYSTEMD_PROPERTIES, "GetAll", systemd_ready_on_answer, step, "s",
					     SYSTEMD_NAME ".Unit");
	free(path);
	if (r < 0)
		systemd_step_answer(step, r, diag_errno(r));
}
