#include "start/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/notify.h"
#include "share/vault.h"
#include "start/judge.h"
#include "start/worker_role.h"

enum { SUPERVISOR_TAKE_MS = 10000 }; /* the sentinel has so long to take a config before the asker is told */

void supervisor_tell_finding(void *arg, enum config_finding finding, const char *line)
{
	struct supervisor *s = arg;

	if (finding == CONFIG_ERROR)
		diag_critical("%s", line);
	else if (finding == CONFIG_WARNING)
		diag_warning("%s", line);
	else
		diag_info("%s", line);
	if (s->reload_client != 0 && finding != CONFIG_LATER)
		control_say(&s->control, s->reload_client, line);
}

struct config *supervisor_parse(struct supervisor *s)
{
	const struct supervisor_options *o = s->options;
	struct config *config;

	if (o->path == NULL)
		return config_parse("built-in config", o->builtin, o->builtin_bytes, supervisor_tell_finding, s);
	errno = 0;
	config = judge_parse_file(o->path, supervisor_tell_finding, s);
	if (config == NULL && errno != 0) {
		char line[PATH_BYTES + 128];
		struct buffer b;

		BUFFER_OVER(&b, line);
		buffer_addf(&b, "%s: cannot be read: %s", o->path, diag_errno(errno));
		supervisor_tell_finding(s, CONFIG_ERROR, line);
	}
	return config;
}

int supervisor_send(const struct supervisor *s, enum supervisor_child child, const struct message *message,
		    int fd_along)
{
	int error = message_send(s->main_link[child][0], message, fd_along);

	if (error < 0)
		diag_warning("cannot send %s to %s: %s", message_name(message->type), s->child[child].name,
			     diag_errno(error));
	return error;
}

static void supervisor_answer(struct supervisor *s, enum control_result result, const char *text, mono_ms now)
{
	if (s->reload_client != 0)
		control_answer(&s->control, s->reload_client, result, text, now);
	s->reload_client = 0;
}

static void supervisor_say_fixed(struct supervisor *s, const struct config *config)
{
	if (strcmp(config_string(config, config->control), config_string(s->config, s->config->control)) != 0 ||
	    strcmp(config_string(config, config->plugins), config_string(s->config, s->config->plugins)) != 0)
		supervisor_tell_finding(s, CONFIG_WARNING,
					"`control` and `plugins` of [watchdogd] change with a restart, not with a reload");
}

void supervisor_want_workers(struct supervisor *s)
{
	static const char *const roles[CHILDREN] = {[CHILD_SCRIBE] = "scribe", [CHILD_MESSENGER] = "messenger"};

	for (int i = CHILD_SCRIBE; i < CHILDREN; i++)
		if (worker_role_has_work(worker_role_find(roles[i]), s->config))
			s->child[i].wanted = true;
}

static void supervisor_tell_unread(void *arg, const char *line)
{
	supervisor_tell_finding(arg, CONFIG_WARNING, line);
}

void supervisor_fill_vault(struct supervisor *s)
{
	char formats[PATH_BYTES];
	int fd;

	if (!s->child[CHILD_MESSENGER].wanted)
		return;
	if (child_find_program("formats", formats) < 0)
		formats[0] = '\0';
	fd = vault_make(s->config, formats, supervisor_tell_unread, s);
	if (fd < 0) {
		diag_warning("cannot keep what the messenger needs of files: %s; it goes on with what it has",
			     diag_errno(fd));
		return;
	}
	if (s->vault >= 0)
		(void)close(s->vault);
	s->vault = s->child[CHILD_MESSENGER].fds[MESSAGE_FD_VAULT] = fd;
}

static int supervisor_send_config(struct supervisor *s, enum supervisor_child child)
{
	struct message message;
	int error = 0;

	if (child == CHILD_MESSENGER && s->vault >= 0) {
		message_make(&message, MESSAGE_VAULT, s->generation, 0, "");
		error = supervisor_send(s, child, &message, s->vault);
	}
	message_make(&message, MESSAGE_CONFIG, s->generation, 0, "");
	return error < 0 ? error : supervisor_send(s, child, &message, s->config_fd);
}

/* To the workers first: what the sentinel then asks of a unit finds it there. Who is started later gets the
 * newest at its start; so who has not read so many that there is no room is ended. */
static void supervisor_hand_out(struct supervisor *s)
{
	for (int i = 0; i < CHILDREN; i++)
		s->child[i].fds[MESSAGE_FD_CONFIG] = s->config_fd;
	supervisor_want_workers(s);
	supervisor_fill_vault(s);
	for (int i = CHILD_ACTOR; i < CHILDREN; i++)
		if (s->child[i].pid > 0 && supervisor_send_config(s, (enum supervisor_child)i) < 0)
			(void)kill(s->child[i].pid, SIGKILL);
	(void)supervisor_send_config(s, CHILD_SENTINEL);
}

/* A file that does not parse changes nothing. */
static int supervisor_reload(struct supervisor *s, mono_ms now)
{
	struct config *config;
	int fd;

	config = supervisor_parse(s);
	if (config == NULL) {
		diag_critical("reload refused: the config has errors; the old one stays in force");
		supervisor_answer(s, CONTROL_INVALID, "the config has errors; the old one stays in force", now);
		return -EINVAL;
	}
	config->generation = s->generation + 1;
	fd = config_seal(config);
	if (fd < 0) {
		diag_critical("reload refused: %s; the old config stays in force", diag_errno(fd));
		supervisor_answer(s, CONTROL_ERROR, diag_errno(fd), now);
		free(config);
		return fd;
	}
	supervisor_say_fixed(s, config);
	config_check_host(config, s->plugins, supervisor_tell_finding, s);
	(void)control_set_readers(&s->control, config_string(config, config->readers));
	free(s->config);
	(void)close(s->config_fd);
	s->config = config;
	s->config_fd = fd;
	s->generation++;
	s->reload_since = now;
	supervisor_hand_out(s);
	return 0;
}

void supervisor_begin_reload(struct supervisor *s, uint32_t client, mono_ms now)
{
	char text[96];
	struct buffer b;

	if (s->reload_since != 0) {
		if (client != 0)
			control_answer(&s->control, client, CONTROL_ERROR, "another reload is under way", now);
		else
			s->reload_again = true;
		return;
	}
	s->reload_client = client;
	BUFFER_OVER(&b, text);
	buffer_addf(&b, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)now * 1000);
	notify_send(text);
	if (supervisor_reload(s, now) < 0)
		notify_send("READY=1\nSTATUS=the last reload was refused: see the log");
}

/* "1 unit, 2 rules" */
static const char *supervisor_counts(const struct supervisor *s, char text[64])
{
	uint32_t units = s->config->units.count, rules = s->config->rules.count;
	struct buffer b;

	buffer_init(&b, text, 64);
	buffer_addf(&b, "%u unit%s, %u rule%s", units, units == 1 ? "" : "s", rules, rules == 1 ? "" : "s");
	return text;
}

/* Over: now for the one that was asked for meanwhile. */
static void supervisor_end_reload(struct supervisor *s, mono_ms now)
{
	bool again = s->reload_again && s->stop_since == 0;

	s->reload_since = 0;
	s->reload_again = false;
	if (again)
		supervisor_begin_reload(s, 0, now);
}

void supervisor_taken(struct supervisor *s, const struct message *message, mono_ms now)
{
	char counts[64];

	if (message->id != s->generation)
		return; /* of a config that has been replaced since */
	if (!s->ready || s->generation != s->taken)
		notify_send("READY=1");
	if (!s->ready)
		diag_info("watching: %s%s", supervisor_counts(s, counts),
			  s->options->dry_run ? "; dry run: no action is taken" : "");
	else if (s->generation != s->taken)
		diag_info("reloaded: %s%s%s", supervisor_counts(s, counts),
			  message->text[0] != '\0' ? "; " : "", message->text);
	supervisor_answer(s, CONTROL_OK, message->text, now);
	s->ready = true;
	s->taken = s->generation;
	supervisor_end_reload(s, now);
}

void supervisor_check_taken(struct supervisor *s, mono_ms now)
{
	if (s->reload_since == 0 || now - s->reload_since <= SUPERVISOR_TAKE_MS)
		return;
	diag_critical("the sentinel has not taken the config within %d s; it may still", SUPERVISOR_TAKE_MS / 1000);
	notify_send("READY=1\nSTATUS=the sentinel did not take the last reload in time");
	supervisor_answer(s, CONTROL_ERROR, "the sentinel has not taken the config in time; it may still: see the log",
			  now);
	supervisor_end_reload(s, now);
}
