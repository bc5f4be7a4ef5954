/* webhook: alerts as requests of HTTP. What such a request looks like stands in a template (conf/formats,
 * man/watchdogd-format.5), so that another service is another file. Here a channel's template is filled with a
 * message (webhook_request.c), sent (transfer/), and the answer judged (webhook_answer.c). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/escape.h"
#include "webhook_send.h"
#include "webhook_trial.h"

/* A channel and its template, read once. */
struct webhook_channel {
	char name[NAME_BYTES];
	struct webhook_template *template; /* NULL: it has none that can be used */
	char why[TEXT_BYTES];              /* then what is wrong first, or "": there was no text */
};

static struct {
	const struct plugin_host *host;
	struct webhook_channel *channel;
	size_t count;
} webhook;

/* --- channels --- */

static void webhook_forget(void)
{
	for (size_t i = 0; i < webhook.count; i++)
		webhook_template_free(webhook.channel[i].template);
	free(webhook.channel);
	webhook.channel = NULL;
	webhook.count = 0;
}

static void webhook_on_finding(void *arg, const char *line)
{
	struct webhook_channel *channel = arg;
	char text[TEXT_BYTES];

	if (channel->why[0] == '\0')
		(void)snprintf(channel->why, sizeof(channel->why), "%s", line);
	(void)snprintf(text, sizeof(text), "channel %s: %s", channel->name, line);
	webhook.host->log(LOG_WARNING, text);
}

static void webhook_read(struct webhook_channel *channel, const struct plugin_channel *of)
{
	struct webhook_tell tell = {.line = webhook_on_finding, .arg = channel, .file = of->format};

	*channel = (struct webhook_channel){.template = NULL};
	(void)snprintf(channel->name, sizeof(channel->name), "%s", of->name);
	if (of->template_text[0] == '\0')
		return;
	channel->template = webhook_template_read(of->template_text, strlen(of->template_text), &tell);
	if (channel->template != NULL)
		webhook_trial(channel->template, of, &tell);
}

static void webhook_channels(const struct plugin_channel *channels, size_t count)
{
	webhook_forget();
	webhook.channel = calloc(count + 1, sizeof(*webhook.channel));
	if (webhook.channel == NULL) {
		webhook.host->log(LOG_WARNING, "no memory for the templates of webhooks: their alerts wait for the next reload");
		return;
	}
	for (size_t i = 0; i < count; i++)
		webhook_read(&webhook.channel[webhook.count++], &channels[i]);
}

/* --- sending --- */

static const struct webhook_channel *webhook_find(const char *name)
{
	for (size_t i = 0; i < webhook.count; i++)
		if (strcmp(webhook.channel[i].name, name) == 0)
			return &webhook.channel[i];
	return NULL;
}

static void webhook_send(uint64_t delivery, const struct plugin_channel *channel, const struct plugin_message *message)
{
	const struct webhook_channel *known = webhook_find(channel->name);
	const struct webhook_with with = {.message = message, .channel = channel};
	char text[TEXT_BYTES];
	struct buffer why;

	if (known != NULL && known->template != NULL) {
		webhook_send_begin(webhook.host, known->template, delivery, &with);
		return;
	}
	BUFFER_OVER(&why, text);
	if (known != NULL && known->why[0] != '\0') {
		buffer_add(&why, known->why);
		webhook.host->sent(delivery, PLUGIN_NEVER, 0, text);
		return;
	}
	buffer_add(&why, "the template of its format ");
	escape_line(&why, channel->format, strlen(channel->format));
	buffer_add(&why, " could not be read");
	webhook.host->sent(delivery, PLUGIN_LATER, 0, text);
}

/* --- the plugin --- */

static int webhook_open(const struct plugin_host *host)
{
	memset(&webhook, 0, sizeof(webhook));
	webhook.host = host;
	return transfers_open(host);
}

static void webhook_ask(const struct plugin_request *request)
{
	webhook.host->answer(request->id, -EINVAL, "a webhook is sent to, nothing is carried out by it");
}

static void webhook_close(void)
{
	transfers_close();
	webhook_forget();
}

static void webhook_on_check(void *arg, const char *line)
{
	struct buffer *why = arg;

	if (why->len == 0)
		buffer_add(why, line);
}

/* The text of a template: what is wrong first, its file as "format". */
static int webhook_check(const char *template_text, char *why, size_t size)
{
	struct buffer b;
	struct webhook_tell tell = {.line = webhook_on_check, .arg = &b, .file = "format"};
	struct webhook_template *template;
	const struct plugin_channel channel = {.name = "", .chat = "chat", .format = "format"};

	buffer_init(&b, why, size);
	template = webhook_template_read(template_text, strlen(template_text), &tell);
	if (template != NULL)
		webhook_trial(template, &channel, &tell);
	webhook_template_free(template);
	return tell.errors == 0 ? 0 : -EINVAL;
}

static void webhook_warm(void)
{
	char why[64], signature[WEBHOOK_SIGNATURE_BYTES];

	transfers_warm();
	(void)webhook_check("\n{\"text\": ${text}}\n", why, sizeof(why));
	(void)webhook_sign("key", 0, "", 0, signature);
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "webhook",
	.open = webhook_open,
	.ask = webhook_ask,
	.prepare = transfers_prepare,
	.dispatch = transfers_dispatch,
	.close = webhook_close,
	.channels = webhook_channels,
	.send = webhook_send,
	.cancel = transfer_cancel,
	.warm = webhook_warm,
	.check = webhook_check,
};
