#include "start/sentinel.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "decide/restorable.h"
#include "do/swap.h"
#include "share/message.h"
#include "tell/ack.h"
#include "tell/channel_test.h"
#include "tell/refusal.h"

enum { SENTINEL_REPORTS_MAX = 64 }; /* of one wake-up: however much a log says, a look comes between */

/* A unit that stays, and no rule that gives it back. */
static void sentinel_name_stranded(const struct sentinel *s, const struct config *config,
				   const struct ledger_mark *mark, struct buffer *said)
{
	if (mark != NULL && restorable_ever(s->config, mark) && !restorable_ever(config, mark))
		buffer_addf(said, "%s was %s by watchdogd and stays so: no rule of it has a `restore` any more; ",
			    mark->unit, ledger_mark_word(mark->kind));
}

/* How the answer calls a unit that is let go: by its target too, where another has its name now. */
static void sentinel_name_old(const struct sentinel *s, const struct config *config, uint32_t unit, struct buffer *name)
{
	const struct config_unit *row = config_unit_at(s->config, unit);

	buffer_add(name, row->name);
	if (config_find_unit(config, row->name) != CONFIG_NONE)
		buffer_addf(name, " (that is %s)", config_string(s->config, row->target));
}

static void sentinel_let_go_of(struct sentinel *s, const struct config *config, uint32_t unit, struct buffer *said)
{
	const char *name = config_unit_at(s->config, unit)->name;
	const struct ledger_mark *mark = ledger_mark_find(s->ledger, name);
	bool stopped = mark != NULL && mark->kind == STATE_MARK_STOPPED;
	char text[LINE_BYTES];
	struct buffer old;

	BUFFER_OVER(&old, text);
	sentinel_name_old(s, config, unit, &old);
	if (mark != NULL && mark->kind == STATE_MARK_FROZEN)
		actions_thaw(&s->actions, unit);
	actions_let_go(&s->actions, unit, clock_mono());
	if (actions_owe_start(&s->actions, unit))
		buffer_addf(said, "%s was to be started again, and is not; ", text);
	else if (stopped)
		buffer_addf(said, "%s was stopped by watchdogd and stays stopped; ", text);
	if (config_find_unit(config, name) != CONFIG_NONE)
		actions_forget(&s->actions, unit);
}

/* A unit that leaves the config while frozen is thawed, while capped uncapped, while stopped it is named in the answer. So is
 * one whose name another has now. */
static void sentinel_let_go(struct sentinel *s, const struct config *config, struct buffer *said)
{
	for (uint32_t i = 0; i < s->config->units.count; i++) {
		const char *name = config_unit_at(s->config, i)->name;

		if (config_find_same_unit(config, s->config, i) != CONFIG_NONE)
			sentinel_name_stranded(s, config, ledger_mark_find(s->ledger, name), said);
		else
			sentinel_let_go_of(s, config, i, said);
	}
	swap_let_go(&s->actions, config, said);
}

void sentinel_describe(struct sentinel *s)
{
	struct buffer b;

	s->state->generation = s->config->generation;
	s->state->units = s->config->units.count;
	s->state->rules = s->config->instances.count;
	BUFFER_OVER(&b, s->state->config_path);
	buffer_add(&b, config_string(s->config, s->config->path));
}

void sentinel_tell_taken(const struct sentinel *s, const char *text)
{
	struct message message;

	message_make(&message, MESSAGE_TAKEN, s->config->generation, 0, text);
	(void)message_send(MESSAGE_FD_MAIN, &message, -1);
}

/* Another config, whole: every part finds its own again by name. */
static void sentinel_take_config(struct sentinel *s, int fd)
{
	const struct config *config = config_map(fd), *old = s->config;
	struct buffer said;
	char text[256];

	(void)close(fd);
	if (config == NULL) {
		diag_warning("the new config cannot be mapped: %s; the old one stays", diag_errno(errno));
		return;
	}
	BUFFER_OVER(&said, text);
	sentinel_let_go(s, config, &said);
	state_write_begin(s->state);
	actions_config(&s->actions, config);
	see_config(s->see, config);
	decide_config(&s->decide, config, clock_mono());
	alerts_config(&s->alerts, config);
	s->config = config;
	sentinel_describe(s);
	state_write_end(s->state);
	config_unmap(old);
	sentinel_tell_taken(s, text);
}

/* A person's retry; message->text may be anything. */
static void sentinel_retry(struct sentinel *s, const struct message *asked)
{
	struct message message;
	struct buffer said;
	char text[sizeof(message.text)], note[TEXT_BYTES];
	int result;

	BUFFER_OVER(&said, text);
	state_write_begin(s->state);
	s->decide.wall = clock_wall();
	result = decide_retry(&s->decide, asked->text, &said, clock_mono());
	if (result == 0) {
		see_forget_peak(s->see, config_find_unit(s->config, asked->text));
		BUFFER_OVER(&said, note);
		buffer_addf(&said, "a person's retry: %s", text);
		alert_note(&s->alerts, &(struct alert){.severity = SEVERITY_INFO, .unit = asked->text, .text = note});
	}
	state_write_end(s->state);
	message_make(&message, MESSAGE_RETRIED, asked->id, result, text);
	(void)message_send(MESSAGE_FD_MAIN, &message, -1);
}

/* A person has seen it. */
static void sentinel_ack(struct sentinel *s, const struct message *asked)
{
	struct message message;

	state_write_begin(s->state);
	ack_take(&s->alerts, &s->decide, asked, &message, clock_mono());
	state_write_end(s->state);
	(void)message_send(MESSAGE_FD_MAIN, &message, -1);
}

static void sentinel_test(struct sentinel *s, const struct message *asked)
{
	state_write_begin(s->state);
	channel_test_ask(&s->alerts, asked);
	state_write_end(s->state);
}

/* What it had is asked again. */
static void sentinel_worker_up(struct sentinel *s, uint64_t which)
{
	if (which == MESSAGE_OF_SCRIBE) {
		see_reader_up(s->see, clock_mono());
		handed_worker_up(&s->alerts.handed, HANDED_SCRIBE);
	} else if (which == MESSAGE_OF_MESSENGER) {
		handed_worker_up(&s->alerts.handed, HANDED_MESSENGER);
	} else {
		actions_worker_up(&s->actions);
		handed_worker_up(&s->alerts.handed, HANDED_ACTOR);
	}
}

static void sentinel_take_from_main(struct sentinel *s, const struct message *message, int fd)
{
	if (message->type == MESSAGE_CONFIG && fd >= 0)
		sentinel_take_config(s, fd);
	else if (fd >= 0)
		(void)close(fd);
	if (message->type == MESSAGE_STOP)
		s->stop = true;
	else if (message->type == MESSAGE_WORKER_UP)
		sentinel_worker_up(s, message->id);
	else if (message->type == MESSAGE_RETRY)
		sentinel_retry(s, message);
	else if (message->type == MESSAGE_ACK)
		sentinel_ack(s, message);
	else if (message->type == MESSAGE_TEST)
		sentinel_test(s, message);
}

static void sentinel_on_main(void *arg, uint32_t events)
{
	struct sentinel *s = arg;
	struct message message;
	int fd, got;

	(void)events;
	while ((got = message_receive(MESSAGE_FD_MAIN, &message, &fd)) > 0 || got == -EPROTO) {
		if (got > 0)
			sentinel_take_from_main(s, &message, fd);
	}
	if (got == 0) {
		diag_warning("main is gone; the sentinel ends, and what starts main starts it again");
		s->stop = true;
	}
}

static void sentinel_leave(struct sentinel *s, struct worker *worker)
{
	loop_remove(&s->loop, worker->fd);
	worker->fd = -1;
}

/* A dead letter. */
static void sentinel_refused(struct sentinel *s, enum handed_who who, const struct message *message)
{
	state_write_begin(s->state);
	refusal_take(&s->alerts, who, message, clock_mono());
	state_write_end(s->state);
}

/* What a deliverer, or the scribe, says of an alert. */
static bool sentinel_is_of_alert(const struct message *message)
{
	return message->type == MESSAGE_HAVE || message->type == MESSAGE_DONE || message->type == MESSAGE_FAILED ||
	       message->type == MESSAGE_TESTED;
}

static void sentinel_take_from_actor(struct sentinel *s, const struct message *message)
{
	if (message->type == MESSAGE_UNIT || message->type == MESSAGE_ALIVE)
		see_report(s->see, message, clock_mono());
	else if (message->type == MESSAGE_REFUSED)
		sentinel_refused(s, HANDED_ACTOR, message);
	else if (!sentinel_is_of_alert(message))
		diag_warning("the actor sent a message that breaks the rules; it is passed over");
	else if (!alert_answer(&s->alerts, HANDED_ACTOR, message) &&
		 (message->type == MESSAGE_DONE || message->type == MESSAGE_FAILED))
		actions_answer(&s->actions, message);
}

static void sentinel_take_from_messenger(struct sentinel *s, const struct message *message)
{
	if (message->type == MESSAGE_REFUSED)
		sentinel_refused(s, HANDED_MESSENGER, message);
	else if (sentinel_is_of_alert(message))
		(void)alert_answer(&s->alerts, HANDED_MESSENGER, message); /* false: it is over, or gave way */
	else
		diag_warning("the messenger sent a message that breaks the rules; it is passed over");
}

static void sentinel_take_from_scribe(struct sentinel *s, const struct message *message)
{
	if (message->type == MESSAGE_LINES || message->type == MESSAGE_MATCH || message->type == MESSAGE_READ)
		see_report(s->see, message, clock_mono());
	else if (message->type == MESSAGE_DONE || message->type == MESSAGE_FAILED)
		(void)alert_answer(&s->alerts, HANDED_SCRIBE, message); /* false: it was delivered meanwhile */
	else if (message->type == MESSAGE_LASTING)
		sentinel_take_lasting(s, message);
	else
		diag_warning("the scribe sent a message that breaks the rules; it is passed over");
}

static void sentinel_on_worker(struct sentinel *s, struct worker *worker,
			       void (*take)(struct sentinel *, const struct message *))
{
	struct message message;
	int got = 1;

	for (int i = 0; i < SENTINEL_REPORTS_MAX && (got > 0 || got == -EPROTO); i++) {
		got = message_receive(worker->fd, &message, NULL);
		if (got == -EPROTO)
			message.type = MESSAGE_TYPES;
		if (got > 0 || got == -EPROTO)
			take(s, &message);
	}
	if (got == 0)
		sentinel_leave(s, worker);
}

static void sentinel_on_actor(void *arg, uint32_t events)
{
	struct sentinel *s = arg;

	(void)events;
	sentinel_on_worker(s, &s->actor, sentinel_take_from_actor);
}

void sentinel_hear_actor(struct sentinel *s, int wait_ms)
{
	struct pollfd fd = {.fd = s->actor.fd, .events = POLLIN};

	if (poll(&fd, 1, wait_ms) > 0)
		sentinel_on_actor(s, 0);
}

static void sentinel_on_scribe(void *arg, uint32_t events)
{
	struct sentinel *s = arg;

	(void)events;
	sentinel_on_worker(s, &s->scribe, sentinel_take_from_scribe);
}

static void sentinel_on_messenger(void *arg, uint32_t events)
{
	struct sentinel *s = arg;

	(void)events;
	sentinel_on_worker(s, &s->messenger, sentinel_take_from_messenger);
}

/* The link of that number, or -1 where main gave none. */
static int sentinel_link(int fd)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET ? fd : -1;
}

void sentinel_take_links(struct sentinel *s)
{
	s->actor.fd = MESSAGE_FD_ACTOR;
	s->messenger.fd = sentinel_link(MESSAGE_FD_MESSENGER);
	s->scribe.fd = sentinel_link(MESSAGE_FD_SCRIBE);
}

int sentinel_open_links(struct sentinel *s)
{
	int error = loop_add(&s->loop, MESSAGE_FD_MAIN, EPOLLIN, sentinel_on_main, s);

	if (error == 0)
		error = loop_add(&s->loop, s->actor.fd, EPOLLIN, sentinel_on_actor, s);
	if (error == 0 && s->scribe.fd >= 0)
		error = loop_add(&s->loop, s->scribe.fd, EPOLLIN, sentinel_on_scribe, s);
	if (error == 0 && s->messenger.fd >= 0)
		error = loop_add(&s->loop, s->messenger.fd, EPOLLIN, sentinel_on_messenger, s);
	return error;
}
