#include "start/supervisor.h"

#include "base/diag.h"

/* The sentinel answers with MESSAGE_RETRIED; one that is started anew finds the question too. */
static void supervisor_retry(struct supervisor *s, const struct control_request *request, mono_ms now)
{
	struct message message;
	int error;

	message_make(&message, MESSAGE_RETRY, request->client, 0, request->name);
	error = supervisor_send(s, CHILD_SENTINEL, &message, -1);
	if (error < 0)
		control_answer(&s->control, request->client, CONTROL_ERROR, diag_errno(error), now);
}

void supervisor_on_control(struct supervisor *s, mono_ms now)
{
	struct control_request request;

	while (control_next(&s->control, &request, now)) {
		if (request.verb == CONTROL_RELOAD)
			supervisor_begin_reload(s, request.client, now);
		else if (request.verb == CONTROL_RETRY)
			supervisor_retry(s, &request, now);
		else
			control_answer(&s->control, request.client, CONTROL_OK, "", now);
	}
}

void supervisor_on_sentinel_answer(struct supervisor *s, const struct message *message, mono_ms now)
{
	if (message->type == MESSAGE_RETRIED)
		control_answer(&s->control, (uint32_t)message->id,
			       message->result == 0 ? CONTROL_OK : CONTROL_ERROR, message->text, now);
}

void supervisor_on_scribe(struct supervisor *s, mono_ms now)
{
	struct message message;

	while (message_receive(s->main_link[CHILD_SCRIBE][0], &message, NULL) > 0)
		if (message.type == MESSAGE_SPOOLED)
			control_answer(&s->control, (uint32_t)message.id,
				       message.result == 0 ? CONTROL_OK : CONTROL_ERROR, message.text, now);
}
