/* What is wrong across the keys of a channel, of [heartbeat], of [prometheus]. */
#include <string.h>

#include "config/config_check.h"
#include "config/config_url.h"

/* What a plugin cannot do without, and the schemes that it speaks. */
static const struct config_check_plugin {
	const char *name, *needs[3], *schemes;
} config_check_plugins[] = {
	{"exec", {"command"}, ""},
	{"email", {"url", "from", "to"}, "smtp smtps"},
	{"webhook", {"url", "format"}, "http https"},
};

/* NULL: a plugin that there is none of is told where it stands. */
static const struct config_check_plugin *config_check_plugin(const struct config_section *section)
{
	const char *name = config_check_value(section, "plugin");

	for (size_t i = 0; i < ARRAY_LEN(config_check_plugins); i++)
		if (strcmp(config_check_plugins[i].name, name) == 0)
			return &config_check_plugins[i];
	return NULL;
}

/* The keys of other plugins. */
static void config_check_foreign(struct config_draft *draft, const struct config_section *section,
				 const char *plugin)
{
	for (uint32_t i = 0; i < section->count; i++) {
		const struct config_key *key = config_key_find(CONFIG_CHANNEL, section->entries[i].key);
		size_t first;

		if (key == NULL || key->of == NULL || config_words_have(key->of, plugin, strlen(plugin)))
			continue;
		first = strcspn(key->of, " ");
		if (key->of[first] == '\0')
			config_check_tell(draft, section, key->name, "is a key of the plugin \"%s\"; leave it out", key->of);
		else
			config_check_tell(draft, section, key->name,
					  "is a key of the plugins \"%.*s\" and \"%s\"; leave it out", (int)first,
					  key->of, key->of + first + 1);
	}
}

/* The url of the section, if it is a right one of those schemes. */
static bool config_check_url(const struct config_section *section, const char *schemes, struct config_url *url)
{
	char text[TEXT_BYTES / 2];
	struct buffer why;

	BUFFER_OVER(&why, text);
	return config_url_parse(config_check_value(section, "url"), schemes, url, &why) == 0;
}

static void config_check_scheme(struct config_draft *draft, const struct config_section *section,
				const struct config_check_plugin *plugin)
{
	char right[64];
	struct config_url url;
	struct buffer b;

	if (!config_check_url(section, "smtp smtps http https", &url) ||
	    config_words_have(plugin->schemes, url.scheme, strlen(url.scheme)))
		return;
	BUFFER_OVER(&b, right);
	config_url_say_schemes(plugin->schemes, &b);
	config_check_tell(draft, section, "url", "the plugin \"%s\" speaks no %s; expected %s", plugin->name,
			  url.scheme, right);
}

static void config_check_email(struct config_draft *draft, const struct config_section *section)
{
	const char *tls = config_check_value(section, "tls");
	bool user = config_check_has(section, "user");
	struct config_url url;

	if (user && !config_check_has_secret(section, "PASSWORD"))
		config_check_tell(draft, section, "user", "who logs in needs \"secret = PASSWORD=/path/of/file\"");
	if (!config_check_url(section, "smtp smtps", &url))
		return;
	if (url.has_user)
		config_check_tell(draft, section, "url", "who logs in does not stand in the url; expected \"user = NAME\"");
	if (strcmp(url.scheme, "smtps") == 0 && strcmp(tls, "never") == 0)
		config_check_tell(draft, section, "tls", "smtps:// is TLS from the first byte; expected smtp:// for \"never\"");
	else if (strcmp(url.scheme, "smtp") == 0 && user && strcmp(tls, "never") == 0 && !config_url_is_loopback(&url))
		config_check_warn(draft, section, "tls", "the password goes to \"%s\" in clear; expected \"required\"",
				  url.host);
}

/* Secrets that go over a network without TLS. */
static void config_check_clear_text(struct config_draft *draft, const struct config_section *section)
{
	struct config_url url;

	if (config_check_has(section, "secret") && config_check_url(section, "http", &url) &&
	    !config_url_is_loopback(&url))
		config_check_warn(draft, section, "url", "the secrets go to \"%s\" in clear; expected https://", url.host);
}

/* Who of a service gets it: of telegram the chat, of ntfy the topic. */
static void config_check_chat(struct config_draft *draft, const struct config_section *section, const char *format)
{
	bool needs = strcmp(format, "telegram") == 0 || strcmp(format, "ntfy") == 0;
	bool chat = config_check_has(section, "chat");

	if (needs && !chat)
		config_check_tell(draft, section, NULL, "the format \"%s\" needs \"chat\"", format);
	if (chat && !needs && format[0] != '/' && format[0] != '\0')
		config_check_tell(draft, section, "chat",
				  "is for the formats \"telegram\" and \"ntfy\", or a template of your own; leave it out");
}

static void config_check_webhook(struct config_draft *draft, const struct config_section *section)
{
	const char *format = config_check_value(section, "format"), *sign = config_check_value(section, "sign");
	struct config_place place = config_tree_place(section, config_tree_find(section, "sign"));

	config_check_chat(draft, section, format);
	if (strcmp(format, "pagerduty") == 0 && !config_check_has_secret(section, "KEY"))
		config_check_tell(draft, section, NULL,
				  "the format \"pagerduty\" needs \"secret = KEY=/path/of/file\", its routing key");
	if (sign[0] != '\0' && !config_check_has_secret(section, sign))
		config_check_no_secret(draft, section, &place, sign);
	config_check_clear_text(draft, section);
}

void config_check_channel(struct config_draft *draft, const struct config_section *section)
{
	const struct config_check_plugin *plugin = config_check_plugin(section);

	if (!config_check_has(section, "plugin"))
		config_check_missing(draft, section,
				     "nothing says how the message travels; expected "
				     "\"plugin\"");
	if (plugin == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(plugin->needs) && plugin->needs[i] != NULL; i++)
		if (!config_check_has(section, plugin->needs[i]))
			config_check_tell(draft, section, NULL, "the plugin \"%s\" needs \"%s\"", plugin->name,
					  plugin->needs[i]);
	config_check_foreign(draft, section, plugin->name);
	if (plugin->schemes[0] == '\0')
		return;
	config_check_scheme(draft, section, plugin);
	config_check_secrets(draft, section);
	if (strcmp(plugin->name, "email") == 0)
		config_check_email(draft, section);
	else
		config_check_webhook(draft, section);
}

void config_check_heartbeat(struct config_draft *draft, const struct config_section *section)
{
	if (!config_check_has(section, "url"))
		config_check_missing(draft, section, "nothing says what is called; expected \"url\"");
	config_check_secrets(draft, section);
	config_check_clear_text(draft, section);
}

void config_check_prometheus(struct config_draft *draft, const struct config_section *section)
{
	const char *textfile = config_check_value(section, "textfile"), *name = strrchr(textfile, '/');
	size_t len = name != NULL ? strlen(name) : 0;

	if (!config_check_has(section, "listen") && !config_check_has(section, "textfile"))
		config_check_missing(draft, section,
				     "nothing says where the metrics go; expected \"listen\" or \"textfile\"");
	/* node_exporter reads no other name; a hidden one it reads, and people do not see. */
	if (textfile[0] == '/' && (len <= strlen("/.prom") || name[1] == '.' || strcmp(name + len - 5, ".prom") != 0))
		config_check_tell(draft, section, "textfile",
				  "\"%s\" is no file for node_exporter; expected a name that ends in .prom", textfile);
}
