#include "start/sentinel.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "share/message.h"

/* A unit that leaves the config while frozen is thawed, while stopped it is named in the answer. */
static void sentinel_let_go(struct sentinel *s, const struct config *config, struct buffer *said)
{
	for (uint32_t i = 0; i < s->config->units.count; i++) {
		const char *name = config_unit_at(s->config, i)->name;
		const struct ledger_mark *mark = ledger_mark_find(s->ledger, name);

		if (mark == NULL || config_find_unit(config, name) != CONFIG_NONE)
			continue;
		if (mark->kind == STATE_MARK_FROZEN)
			actions_thaw(&s->actions, i);
		else
			buffer_addf(said, "%s was stopped by watchdogd and stays stopped; ", name);
	}
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
	s->alerts.config = config;
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
		BUFFER_OVER(&said, note);
		buffer_addf(&said, "a person's retry: %s", text);
		alert_note(&s->alerts, &(struct alert){.severity = SEVERITY_INFO, .unit = asked->text, .text = note});
	}
	state_write_end(s->state);
	message_make(&message, MESSAGE_RETRIED, asked->id, result, text);
	(void)message_send(MESSAGE_FD_MAIN, &message, -1);
}

static void sentinel_on_main(void *arg, uint32_t events)
{
	struct sentinel *s = arg;
	struct message message;
	int fd, got;

	(void)events;
	while ((got = message_receive(MESSAGE_FD_MAIN, &message, &fd)) > 0 || got == -EPROTO) {
		if (got == -EPROTO)
			continue;
		if (message.type == MESSAGE_CONFIG && fd >= 0)
			sentinel_take_config(s, fd);
		else if (fd >= 0)
			(void)close(fd);
		if (message.type == MESSAGE_STOP)
			s->stop = true;
		if (message.type == MESSAGE_WORKER_UP) {
			actions_worker_up(&s->actions);
			alerts_retry(&s->alerts);
		}
		if (message.type == MESSAGE_RETRY)
			sentinel_retry(s, &message);
	}
	if (got == 0) {
		diag_warning("main is gone; the sentinel ends, and what starts main starts it again");
		s->stop = true;
	}
}

static void sentinel_on_actor(void *arg, uint32_t events)
{
	struct sentinel *s = arg;
	struct message message;
	int got;

	(void)events;
	while ((got = message_receive(s->actor.fd, &message, NULL)) > 0 || got == -EPROTO) {
		if (got == -EPROTO || (message.type != MESSAGE_DONE && message.type != MESSAGE_FAILED))
			diag_warning("the actor sent a message that breaks the rules; it is passed over");
		else if (!alert_answer(&s->alerts, &message))
			actions_answer(&s->actions, &message);
	}
	if (got == 0) {
		loop_remove(&s->loop, s->actor.fd);
		s->actor.fd = -1;
	}
}

int sentinel_open_links(struct sentinel *s)
{
	int error = loop_add(&s->loop, MESSAGE_FD_MAIN, EPOLLIN, sentinel_on_main, s);

	s->actor.fd = MESSAGE_FD_ACTOR;
	return error < 0 ? error : loop_add(&s->loop, s->actor.fd, EPOLLIN, sentinel_on_actor, s);
}
