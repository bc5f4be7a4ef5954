/* Drives a channel's plugin as a worker does: loads the shared object named, sends what the file of fields says,
 * prints how each attempt ended. For tests that look at what arrives.
 *
 *     channel_send PLUGIN.so FIELDS
 *
 * FIELDS: lines KEY=VALUE, values with %NN for any byte; what is set stays. "send" sends, at once with all others;
 * "begin" forgets facts, secrets and headers. Printed, as they come: "talk N LINE", "sent N RESULT AGAIN_MS TEXT". */
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "share/plugin.h"

enum { SEND_MAX = 64, SEND_LIST_MAX = 64, SEND_WAIT_MS = 120000, SEND_LINE_BYTES = 256 * 1024 };

static struct {
	struct plugin_channel channel;
	struct plugin_message message;
	struct plugin_pair secrets[SEND_LIST_MAX], facts[SEND_LIST_MAX];
	const char *to[SEND_LIST_MAX], *headers[SEND_LIST_MAX];
	const struct plugin *plugin;
	uint64_t sent, ended;
} state = {
	.channel = {.name = "c", .command = "", .url = "", .proxy = "", .ca = "", .from = "", .user = "", .format = "",
		    .template_text = "", .chat = "", .sign = "", .timeout_ms = 20000},
	.message = {.id = "", .thread = "", .told = "alert", .severity = "", .rule = "", .unit = "", .event = "",
		    .host = "", .subject = "", .title = "", .text = "", .doing = "", .todo = "", .history = "",
		    .attempt = 1, .count = 1},
};

/* --- the host --- */

static void on_answer(uint64_t id, int result, const char *text)
{
	(void)id;
	(void)result;
	(void)text;
}

static void on_log(int level, const char *text)
{
	(void)fprintf(stderr, "log %d %s\n", level, text);
}

static void on_sent(uint64_t delivery, enum plugin_sent result, uint32_t again_ms, const char *text)
{
	static const char *const names[] = {"taken", "later", "never"};

	state.ended++;
	(void)printf("sent %llu %s %u %s\n", (unsigned long long)delivery, names[result], again_ms, text);
	(void)fflush(stdout);
}

static void on_talk(uint64_t delivery, const char *line)
{
	(void)printf("talk %llu %s\n", (unsigned long long)delivery, line);
}

static const struct plugin_host host = {.answer = on_answer, .log = on_log, .sent = on_sent, .talk = on_talk};

/* --- the fields --- */

static char *decode(const char *coded)
{
	char *text = malloc(strlen(coded) + 1), *at = text;

	for (; text != NULL && *coded != '\0'; coded++) {
		char digits[3] = "";

		if (coded[0] == '%' && coded[1] != '\0' && coded[2] != '\0') {
			memcpy(digits, coded + 1, 2);
			*at++ = (char)strtol(digits, NULL, 16);
			coded += 2;
		} else {
			*at++ = *coded;
		}
	}
	if (text == NULL)
		exit(2);
	*at = '\0';
	return text;
}

static char *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, SEND_LINE_BYTES);

	if (file == NULL || text == NULL)
		exit(2);
	*len = fread(text, 1, SEND_LINE_BYTES - 1, file);
	(void)fclose(file);
	return text;
}

/* A text of the channel or the message by its name. */
static bool set_text(const char *key, const char *value)
{
	struct plugin_channel *c = &state.channel;
	struct plugin_message *m = &state.message;
	const struct {
		const char *key;
		const char **field;
	} rows[] = {
		{"url", &c->url}, {"proxy", &c->proxy}, {"from", &c->from}, {"user", &c->user}, {"id", &m->id},
		{"thread", &m->thread}, {"told", &m->told}, {"severity", &m->severity}, {"rule", &m->rule},
		{"unit", &m->unit}, {"event", &m->event}, {"host", &m->host}, {"subject", &m->subject},
		{"title", &m->title}, {"text", &m->text}, {"doing", &m->doing}, {"todo", &m->todo},
		{"history", &m->history}, {"format", &c->format}, {"chat", &c->chat}, {"sign", &c->sign},
		{"name", &c->name},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].key, key) == 0) {
			*rows[i].field = value;
			return true;
		}
	}
	return false;
}

static bool set_number(const char *key, const char *value)
{
	unsigned long long n = strtoull(value, NULL, 10);

	if (strcmp(key, "tls") == 0)
		state.channel.tls = (int)n;
	else if (strcmp(key, "timeout") == 0)
		state.channel.timeout_ms = (uint32_t)n;
	else if (strcmp(key, "at") == 0)
		state.message.at_wall_ms = n;
	else if (strcmp(key, "attempt") == 0)
		state.message.attempt = (uint32_t)n;
	else if (strcmp(key, "count") == 0)
		state.message.count = (uint32_t)n;
	else
		return false;
	return true;
}

static void set(const char *key, const char *value)
{
	if (strncmp(key, "secret.", 7) == 0 && state.channel.secrets_count < SEND_LIST_MAX) {
		state.secrets[state.channel.secrets_count++] = (struct plugin_pair){key + 7, value};
	} else if (strncmp(key, "fact.", 5) == 0 && state.message.facts_count < SEND_LIST_MAX) {
		state.facts[state.message.facts_count++] = (struct plugin_pair){decode(key + 5), value};
	} else if (strcmp(key, "to") == 0 && state.channel.to_count < SEND_LIST_MAX) {
		state.to[state.channel.to_count++] = value;
	} else if (strcmp(key, "header") == 0 && state.channel.headers_count < SEND_LIST_MAX) {
		state.headers[state.channel.headers_count++] = value;
	} else if (strcmp(key, "template") == 0) {
		size_t len;

		state.channel.template_text = read_file(value, &len);
	} else if (strcmp(key, "notto") == 0) {
		state.channel.to_count = 0;
	} else if (strcmp(key, "ca") == 0) {
		state.channel.ca = read_file(value, &state.channel.ca_len);
	} else if (!set_text(key, value) && !set_number(key, value)) {
		(void)fprintf(stderr, "no such field: %s\n", key);
		exit(2);
	}
}

static void read_fields(const char *path)
{
	static char line[SEND_LINE_BYTES];
	FILE *file = fopen(path, "r");

	if (file == NULL)
		exit(2);
	state.channel.secrets = state.secrets;
	state.channel.to = state.to;
	state.channel.headers = state.headers;
	state.message.facts = state.facts;
	while (fgets(line, sizeof(line), file) != NULL) {
		char *copy = strdup(line), *value = copy == NULL ? NULL : strchr(copy, '=');

		if (copy == NULL)
			exit(2);
		copy[strcspn(copy, "\n")] = '\0';
		if (value != NULL) {
			*value = '\0';
			set(copy, decode(value + 1));
		} else if (strcmp(copy, "send") == 0) {
			if (state.plugin->channels != NULL) /* as a reload: what is under way has its own copy */
				state.plugin->channels(&state.channel, 1);
			state.plugin->send(++state.sent, &state.channel, &state.message);
		} else if (strcmp(copy, "begin") == 0) {
			state.message.facts_count = state.channel.secrets_count = state.channel.headers_count = 0;
		}
	}
	(void)fclose(file);
}

static void turn(void)
{
	struct pollfd fds[128];
	int timeout_ms = 1000, rows = state.plugin->prepare(fds, 128, &timeout_ms);

	(void)poll(fds, (nfds_t)rows, timeout_ms);
	state.plugin->dispatch(fds, rows);
}

int main(int argc, char **argv)
{
	void *object = argc == 3 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	mono_ms end = clock_mono() + SEND_WAIT_MS;

	if (object == NULL) {
		(void)fprintf(stderr, "usage: channel_send PLUGIN.so FIELDS (%s)\n", argc == 3 ? dlerror() : "");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	state.plugin = dlsym(object, "plugin");
	if (state.plugin == NULL || state.plugin->open(&host) != 0)
		return 2;
	state.plugin->warm();
	read_fields(argv[2]);
	while (state.ended < state.sent && clock_mono() < end)
		turn();
	state.plugin->close();
	return state.ended == state.sent ? 0 : 1;
}
