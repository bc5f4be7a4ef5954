/* Secrets across the keys of a section: what ${NAME} stands for is there, and what is there is used. By what the
 * file says, right or wrong: a line that is no secret is told where it stands. */
#include <string.h>

#include "config/config_check.h"
#include "config/config_url.h"

/* The keys whose text may have ${NAME} in it. */
static const char *const config_check_secret_keys[] = {"url", "proxy", "user", "header"};

static size_t config_check_secret_name(const struct config_item *item)
{
	return strcspn(item->text, "=");
}

static bool config_check_is_secret(const struct config_item *item, const char *name, size_t len)
{
	return config_check_secret_name(item) == len && memcmp(item->text, name, len) == 0;
}

bool config_check_has_secret(const struct config_section *section, const char *name)
{
	const struct config_entry *secrets = config_tree_find(section, "secret");

	for (uint32_t i = 0; secrets != NULL && i < secrets->count; i++)
		if (config_check_is_secret(&secrets->items[i], name, strlen(name)))
			return true;
	return false;
}

void config_check_no_secret(struct config_draft *draft, const struct config_section *section,
			    const struct config_place *place, const char *name)
{
	const struct config_entry *secrets = config_tree_find(section, "secret");
	char offered[LINE_BYTES + 1], right[TEXT_BYTES / 2];
	struct suggest s;
	struct buffer b;

	suggest_init(&s, name, strlen(name));
	for (uint32_t i = 0; secrets != NULL && i < secrets->count; i++) {
		BUFFER_OVER(&b, offered);
		buffer_add_bytes(&b, secrets->items[i].text, config_check_secret_name(&secrets->items[i]));
		suggest_offer(&s, offered);
	}
	BUFFER_OVER(&b, right);
	if (suggest_nearest(&s) != NULL)
		suggest_say(&s, &b);
	else
		buffer_addf(&b, "; expected \"secret = %s=/path/of/file\" beside it", name);
	config_findings_error(&draft->findings, place, "no secret \"%s\"%s", name, right);
}

/* Every ${NAME} of one line. */
static void config_check_secret_line(struct config_draft *draft, const struct config_section *section,
				     const struct config_place *place, const char *text)
{
	const char *name, *at = text;
	char copy[LINE_BYTES + 1];
	struct buffer b;
	size_t len;

	while ((len = config_url_secret(&at, &name)) > 0) {
		BUFFER_OVER(&b, copy);
		buffer_add_bytes(&b, name, len);
		if (!config_check_has_secret(section, copy))
			config_check_no_secret(draft, section, place, copy);
	}
	if (at != NULL)
		config_findings_error(&draft->findings, place,
				      "\"%s\" begins no ${NAME}; NAME is capital letters, digits and _", name - 2);
}

/* Any line of the key has ${NAME}. */
static bool config_check_secret_in(const struct config_section *section, const char *key, const char *wanted,
				   size_t wanted_len)
{
	const struct config_entry *entry = config_tree_find(section, key);

	for (uint32_t i = 0; entry != NULL && i < entry->count; i++) {
		const char *name, *at = entry->items[i].text;
		size_t len;

		while ((len = config_url_secret(&at, &name)) > 0)
			if (len == wanted_len && memcmp(name, wanted, len) == 0)
				return true;
	}
	return false;
}

/* A template of the user's own may use any. */
static bool config_check_secret_is_used(const struct config_section *section, const struct config_item *secret)
{
	size_t len = config_check_secret_name(secret);
	const char *format = config_check_value(section, "format"), *sign = config_check_value(section, "sign");

	for (size_t i = 0; i < ARRAY_LEN(config_check_secret_keys); i++)
		if (config_check_secret_in(section, config_check_secret_keys[i], secret->text, len))
			return true;
	return (strlen(sign) == len && memcmp(sign, secret->text, len) == 0) || format[0] == '/' ||
	       (config_check_has(section, "user") && config_check_is_secret(secret, "PASSWORD", strlen("PASSWORD"))) ||
	       (strcmp(format, "pagerduty") == 0 && config_check_is_secret(secret, "KEY", strlen("KEY")));
}

/* Those that were taken; a line that is no secret is told already. */
static void config_check_secret_unused(struct config_draft *draft, const struct config_section *section,
				       struct config_table taken)
{
	const struct config_entry *secrets = config_tree_find(section, "secret");
	struct config_place place = config_tree_place(section, secrets);

	for (uint32_t i = 0; secrets != NULL && i < secrets->count; i++) {
		const struct config_item *secret = &secrets->items[i];
		size_t len = config_check_secret_name(secret);
		bool is_taken = false;

		for (uint32_t j = 0; j < taken.count; j++)
			is_taken |= config_check_is_secret(secret, draft->secrets[taken.at + j].name,
							   strlen(draft->secrets[taken.at + j].name));
		place.line = secret->line;
		if (is_taken && !config_check_secret_is_used(section, secret))
			config_findings_add(&draft->findings, CONFIG_WARNING, &place,
					    "the secret \"%.*s\" is used nowhere; leave it out", (int)len, secret->text);
	}
}

void config_check_secrets(struct config_draft *draft, const struct config_section *section)
{
	for (size_t k = 0; k < ARRAY_LEN(config_check_secret_keys); k++) {
		const struct config_entry *entry = config_tree_find(section, config_check_secret_keys[k]);
		struct config_place place = config_tree_place(section, entry);

		for (uint32_t i = 0; entry != NULL && i < entry->count; i++) {
			place.line = entry->items[i].line;
			config_check_secret_line(draft, section, &place, entry->items[i].text);
		}
	}
	if (section->what == CONFIG_HEARTBEAT)
		config_check_secret_unused(draft, section, draft->config.heartbeat.secrets);
	else if (section->row != CONFIG_NONE)
		config_check_secret_unused(draft, section, draft->channels[section->row].secrets);
}
