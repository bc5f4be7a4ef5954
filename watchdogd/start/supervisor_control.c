#include "start/supervisor.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/severity.h"
#include "share/delivery.h"

enum { SUPERVISOR_WORDS_MAX = 64 }; /* of the scribe, in one turn */

/* Whoever is asked answers; one that is started anew finds the question too. */
static void supervisor_ask(struct supervisor *s, uint32_t client, enum supervisor_child child,
			   const struct message *message, mono_ms now)
{
	int error = s->child[child].wanted ? supervisor_send(s, child, message, -1) : -ESRCH;

	if (error == -ESRCH)
		control_answer(&s->control, client, CONTROL_ERROR, "the config has no channel: there is no spool", now);
	else if (error < 0)
		control_answer(&s->control, client, CONTROL_ERROR, diag_errno(error), now);
}

static void supervisor_retry(struct supervisor *s, const struct control_request *request, mono_ms now)
{
	struct message message;

	message_make(&message, MESSAGE_RETRY, request->client, 0, request->name);
	supervisor_ask(s, request->client, CHILD_SENTINEL, &message, now);
}

static void supervisor_ack(struct supervisor *s, const struct control_request *request, mono_ms now)
{
	uint64_t id = delivery_parse_id(request->name);
	struct message message;

	if (id == 0 && strcmp(request->name, "all") != 0) {
		control_answer(&s->control, request->client, CONTROL_ERROR,
			       "that is no id of an alert: it stands in its message and in `watchdogctl status`", now);
		return;
	}
	message_make(&message, MESSAGE_ACK, id, 0, "");
	message.pid = (int32_t)request->client;
	supervisor_ask(s, request->client, CHILD_SENTINEL, &message, now);
}

static void supervisor_test(struct supervisor *s, const struct control_request *request, mono_ms now)
{
	struct message message;
	int severity = severity_find(request->word);

	if (severity < 0) {
		control_answer(&s->control, request->client, CONTROL_ERROR, "a severity is info, warning or critical",
			       now);
		return;
	}
	message_make(&message, MESSAGE_TEST, request->client, severity, request->name);
	supervisor_ask(s, request->client, CHILD_SENTINEL, &message, now);
}

static void supervisor_spool(struct supervisor *s, const struct control_request *request, mono_ms now)
{
	char words[sizeof(request->name) + sizeof(request->word) + 1];
	struct message message;
	struct buffer b;

	BUFFER_OVER(&b, words);
	buffer_addf(&b, "%s %s", request->name, request->word);
	message_make(&message, MESSAGE_SPOOL, request->client, 0, words);
	supervisor_ask(s, request->client, CHILD_SCRIBE, &message, now);
}

void supervisor_on_control(struct supervisor *s, mono_ms now)
{
	struct control_request request;

	while (control_next(&s->control, &request, now)) {
		switch (request.verb) {
		case CONTROL_RELOAD:
			supervisor_begin_reload(s, request.client, now);
			break;
		case CONTROL_RETRY:
			supervisor_retry(s, &request, now);
			break;
		case CONTROL_ACK:
			supervisor_ack(s, &request, now);
			break;
		case CONTROL_TEST:
			supervisor_test(s, &request, now);
			break;
		case CONTROL_SPOOL:
			supervisor_spool(s, &request, now);
			break;
		default:
			control_answer(&s->control, request.client, CONTROL_OK, "", now);
		}
	}
}

static void supervisor_pass_on(struct supervisor *s, uint32_t client, const struct message *message, mono_ms now)
{
	control_answer(&s->control, client, message->result >= 0 ? CONTROL_OK : CONTROL_ERROR, message->text, now);
}

void supervisor_on_sentinel_answer(struct supervisor *s, const struct message *message, mono_ms now)
{
	if (message->type == MESSAGE_RETRIED)
		supervisor_pass_on(s, (uint32_t)message->id, message, now);
	else if (message->type == MESSAGE_ACK || (message->type == MESSAGE_TESTED && message->result != 0))
		supervisor_pass_on(s, (uint32_t)message->pid, message, now);
	else if (message->type == MESSAGE_TESTED)
		control_say(&s->control, (uint32_t)message->pid, message->text);
}

/* It may be another's by now: it answers what it was asked, and is heard a while at a time. */
void supervisor_on_scribe(struct supervisor *s, mono_ms now)
{
	struct message message;
	int got = 1;

	for (int i = 0; i < SUPERVISOR_WORDS_MAX && got > 0; i++) {
		got = message_receive(s->main_link[CHILD_SCRIBE][0], &message, NULL);
		if (got > 0 && message.type == MESSAGE_SPOOLED &&
		    control_waits(&s->control, (uint32_t)message.id, CONTROL_SPOOL))
			supervisor_pass_on(s, (uint32_t)message.id, &message, now);
	}
}
