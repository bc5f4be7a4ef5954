#include "systemd_context.h"

#include <string.h>
#include <syslog.h>

#include "base/bounds.h"
#include "base/diag.h"
#include "systemd_units.h"

void systemd_context_init(struct systemd_context *context, const struct systemd_units *units, uint32_t uid,
			  sd_bus_message_handler_t on_signal)
{
	memset(context, 0, sizeof(*context));
	context->host = units->host;
	context->units = units;
	context->used = true;
	context->lost_at = clock_mono();
	systemd_bus_init(&context->bus, uid, on_signal, context);
}

void systemd_context_name(const struct systemd_context *context, struct buffer *out)
{
	if (context->bus.uid == SYSTEMD_HOST)
		buffer_add(out, "systemd");
	else
		buffer_addf(out, "the systemd of user %u", context->bus.uid);
}

void systemd_context_explain(const struct systemd_context *context, struct buffer *out)
{
	buffer_add(out, "no connection to ");
	systemd_context_name(context, out);
	buffer_addf(out, ": %s", context->bus.error != 0 ? diag_errno(context->bus.error) : "it does not answer");
}

int systemd_context_read(struct systemd_context *context)
{
	return systemd_bus_process(&context->bus);
}

static void systemd_context_tell_lost(struct systemd_context *context)
{
	char text[TEXT_BYTES];
	struct buffer out;

	if (context->told_lost)
		return;
	context->told_lost = true;
	BUFFER_OVER(&out, text);
	if (context->anew > 0) {
		buffer_add(&out, "the connection to ");
		systemd_context_name(context, &out);
		buffer_addf(&out, " is lost: %s; it is made again", diag_errno(context->bus.error));
	} else {
		systemd_context_explain(context, &out);
		buffer_add(&out, "; it is tried again");
	}
	context->host->log(LOG_WARNING, text);
}

void systemd_context_lose(struct systemd_context *context, int error)
{
	/* It may be another systemd that answers next, whose jobs are counted anew. */
	memset(&context->jobs, 0, sizeof(context->jobs));
	systemd_bus_drop(&context->bus, error);
	context->connected = false;
	if (context->lost_at == 0)
		context->lost_at = clock_mono();
	systemd_context_tell_lost(context);
}

static void systemd_context_greet(struct systemd_context *context)
{
	char text[TEXT_BYTES];
	struct buffer out;

	context->connected = true;
	context->anew++;
	context->lost_at = 0;
	if (!context->told_lost)
		return;
	context->told_lost = false;
	BUFFER_OVER(&out, text);
	buffer_add(&out, "connected to ");
	systemd_context_name(context, &out);
	if (context->anew > 1)
		buffer_add(&out, " again");
	context->host->log(LOG_INFO, text);
}

void systemd_context_connect(struct systemd_context *context)
{
	systemd_bus_connect(&context->bus);
	/* A user's systemd is not there before the user is. */
	if (context->bus.bus == NULL && context->bus.error != 0 && context->bus.uid != SYSTEMD_HOST)
		systemd_context_tell_lost(context);
	if (context->bus.ready && !context->connected)
		systemd_context_greet(context);
}
