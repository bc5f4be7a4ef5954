#include "deliver/channels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

/* What is built for a config: rows of all plugins in one array, those of a plugin side by side, and behind them
 * the lists that they point to. */
struct channels_build {
	const struct config *config;
	const struct vault *vault;
	struct channel *row[CHANNELS_MAX], *fresh[CHANNELS_MAX]; /* fresh: those that are new */
	size_t count, freshes;
	struct plugin_channel *given; /* count of them */
	struct plugin_pair *pairs;
	const char **texts;
};

struct channel *channels_find(const struct channels *channels, const char *name)
{
	for (size_t i = 0; i < channels->count; i++)
		if (strcmp(channels->row[i]->name, name) == 0)
			return channels->row[i];
	return NULL;
}

struct channel *channels_find_delivery(const struct channels *channels, uint64_t delivery)
{
	for (size_t i = 0; i < channels->count; i++)
		if (delivery != 0 && channels->row[i]->attempt.delivery == delivery)
			return channels->row[i];
	return NULL;
}

/* --- what a plugin gets --- */

static const char *channels_file(const struct channels_build *build, config_text path, size_t *len)
{
	*len = 0;
	if (path == 0 || build->vault == NULL)
		return NULL;
	return vault_find(build->vault, config_string(build->config, path), len);
}

static void channels_note_missing(struct channel *channel, const char *what, const char *name)
{
	struct buffer text;

	BUFFER_OVER(&text, channel->missing);
	buffer_addf(&text, "not tried: its %s %s could not be read", what, name);
}

static const struct plugin_pair *channels_fill_secrets(struct channels_build *build, struct channel *channel,
						       size_t *count)
{
	const struct config_table table = channel->config->secrets;
	const struct plugin_pair *first = build->pairs;

	for (uint32_t i = 0; i < table.count; i++) {
		const struct config_secret *secret = config_secret_at(build->config, table, i);
		size_t len;
		const char *value = channels_file(build, secret->path, &len);

		if (value != NULL)
			*build->pairs++ = (struct plugin_pair){.name = secret->name, .value = value};
		else
			channels_note_missing(channel, "secret", secret->name);
	}
	*count = (size_t)(build->pairs - first);
	return first;
}

static const char *const *channels_fill_texts(struct channels_build *build, struct config_table table)
{
	const char **first = build->texts;

	for (uint32_t i = 0; i < table.count; i++)
		*build->texts++ = config_string(build->config, config_list_at(build->config, table, i));
	return first;
}

/* A channel whose certificates could not be read trusts no others in their place: it is not tried. */
static void channels_fill(struct channels_build *build, struct channel *channel, struct plugin_channel *given)
{
	const struct config_channel *c = channel->config;
	const struct config *config = build->config;
	const struct plugin_pair *secrets;
	const char *ca, *template_text;
	size_t ca_len, len, secrets_count;

	channel->missing[0] = '\0';
	ca = channels_file(build, c->ca, &ca_len);
	if (c->ca != 0 && ca == NULL)
		channels_note_missing(channel, "ca", config_string(config, c->ca));
	template_text = channels_file(build, c->format, &len);
	secrets = channels_fill_secrets(build, channel, &secrets_count);
	*given = (struct plugin_channel){
		.name = channel->name,
		.command = config_string(config, c->command),
		.url = config_string(config, c->url),
		.proxy = config_string(config, c->proxy),
		.ca = ca != NULL ? ca : "",
		.ca_len = ca_len,
		.secrets = secrets,
		.secrets_count = secrets_count,
		.from = config_string(config, c->from),
		.user = config_string(config, c->user),
		.to_count = c->to.count,
		.tls = (int)c->tls,
		.format = config_string(config, c->format),
		.template_text = template_text != NULL ? template_text : "",
		.chat = config_string(config, c->chat),
		.sign = config_string(config, c->sign),
		.headers_count = c->headers.count,
		.timeout_ms = c->timeout_ms,
	};
	given->to = channels_fill_texts(build, c->to);
	given->headers = channels_fill_texts(build, c->headers);
	channel->given = given;
}

/* --- a config is taken --- */

/* The channels, old and new, and the room for what their plugins get. */
static int channels_collect(struct channels *channels, struct channels_build *build, const struct channels_with *with)
{
	size_t pairs = 0, texts = 0;

	for (uint32_t i = 0; i < build->config->channels.count && i < CHANNELS_MAX; i++) {
		const struct config_channel *c = config_channel_at(build->config, i);
		const struct plugin *plugin = with->find(with->arg, c->plugin);
		struct channel *channel = channels_find(channels, c->name);

		if (plugin == NULL || plugin->send == NULL)
			continue;
		if (channel == NULL)
			channel = build->fresh[build->freshes++] = calloc(1, sizeof(*channel));
		if (channel == NULL)
			return -ENOMEM;
		build->row[build->count++] = channel;
		memcpy(channel->name, c->name, sizeof(channel->name));
		pairs += c->secrets.count;
		texts += c->to.count + c->headers.count;
	}
	build->given = calloc(1, sizeof(*build->given) * build->count + sizeof(*build->pairs) * pairs +
					 sizeof(*build->texts) * texts + 1);
	if (build->given == NULL)
		return -ENOMEM;
	build->pairs = (struct plugin_pair *)(build->given + build->count);
	build->texts = (const char **)(build->pairs + pairs);
	return 0;
}

static void channels_let_go(struct channels *channels, const struct channels_build *build,
			    const struct channels_with *with)
{
	for (size_t i = 0; i < channels->count; i++) {
		struct channel *channel = channels->row[i];
		bool stays = false;

		for (size_t j = 0; j < build->count; j++)
			stays = stays || build->row[j] == channel;
		if (stays)
			continue;
		with->gone(with->arg, channel);
		free(channel);
	}
	memcpy(channels->row, build->row, sizeof(channels->row));
	channels->count = build->count;
}

/* Each plugin its own, in the order of the config; who has none any more is told so. */
static void channels_give(struct channels *channels, struct channels_build *build)
{
	size_t filled = 0, plugins = channels->plugins;

	for (size_t i = 0; i < channels->count; i++) {
		size_t p = 0;

		while (p < channels->plugins && channels->plugin[p] != channels->row[i]->plugin)
			p++;
		if (p == channels->plugins && p < CHANNELS_MAX)
			channels->plugin[channels->plugins++] = channels->row[i]->plugin;
	}
	for (size_t p = 0; p < channels->plugins; p++) {
		size_t first = filled;

		for (size_t i = 0; i < channels->count; i++)
			if (channels->row[i]->plugin == channels->plugin[p])
				channels_fill(build, channels->row[i], &build->given[filled++]);
		if (channels->plugin[p]->channels != NULL && (filled > first || p < plugins))
			channels->plugin[p]->channels(build->given + first, filled - first);
	}
}

int channels_take(struct channels *channels, const struct config *config, const struct vault *vault,
		  const struct channels_with *with)
{
	struct channels_build build = {.config = config, .vault = vault};
	int error = channels_collect(channels, &build, with);
	size_t at = 0;

	if (error < 0) {
		for (size_t i = 0; i < build.freshes; i++)
			free(build.fresh[i]);
		return error;
	}
	for (uint32_t i = 0; at < build.count && i < config->channels.count; i++) {
		const struct config_channel *c = config_channel_at(config, i);

		if (strcmp(c->name, build.row[at]->name) != 0)
			continue;
		build.row[at]->config = c;
		build.row[at++]->plugin = with->find(with->arg, c->plugin);
	}
	channels_let_go(channels, &build, with);
	channels_give(channels, &build);
	free(channels->given);
	channels->given = build.given;
	return 0;
}

void channels_fini(struct channels *channels)
{
	for (size_t i = 0; i < channels->count; i++)
		free(channels->row[i]);
	free(channels->given);
	memset(channels, 0, sizeof(*channels));
}
