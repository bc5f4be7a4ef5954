#include "config/config_channel.h"

#include <string.h>
#include <strings.h>

#include "config/config_url.h"

/* A row for a table of the section among `all` rows of its kind; NULL: there are `most` already. The rows of
 * one key stand together, as a key is read at once. */
static void *config_channel_row(struct config_table *table, void *all, size_t row_bytes, uint32_t *count,
				uint32_t most)
{
	if (*count == most)
		return NULL;
	if (table->count == 0)
		table->at = *count;
	table->count++;
	return (char *)all + row_bytes * (*count)++;
}

/* The index once. A section that was refused has no bound of its own: what has no room there is not missed. */
static void config_channel_index(struct config_table *table, uint32_t *all, uint32_t *count, uint32_t most,
				 uint32_t index)
{
	uint32_t *row;

	for (uint32_t i = 0; i < table->count; i++)
		if (all[table->at + i] == index)
			return;
	row = config_channel_row(table, all, sizeof(*all), count, most);
	if (row != NULL)
		*row = index;
}

void config_channel_names(struct config_field *field, const char *text)
{
	struct config_draft *draft = field->draft;
	const struct config_names *names = &draft->names;
	uint32_t unit = config_names_unit(names, text, strlen(text)),
		 group = config_names_group(names, text, strlen(text));
	struct suggest s;

	if (unit == CONFIG_NONE && group == CONFIG_NONE) {
		suggest_init(&s, text, strlen(text));
		config_names_suggest_units(names, &s);
		config_names_suggest_groups(names, &s);
		config_field_no_word(field, "unit or group", text, &s);
		return;
	}
	for (uint32_t i = 0; i < names->unit_count; i++)
		if (i == unit || (group != CONFIG_NONE && draft->units[i].group == group))
			config_channel_index(config_field_table(field), draft->channel_units,
					     &draft->channel_unit_count, ARRAY_LEN(draft->channel_units), i);
}

void config_channel_rules(struct config_field *field, const char *text)
{
	struct config_draft *draft = field->draft;
	struct suggest s;

	suggest_init(&s, text, strlen(text));
	for (uint32_t i = 0; i < draft->rule_count; i++) {
		if (strcmp(draft->rules[i].name, text) == 0) {
			config_channel_index(config_field_table(field), draft->channel_rules,
					     &draft->channel_rule_count, ARRAY_LEN(draft->channel_rules), i);
			return;
		}
		suggest_offer(&s, draft->rules[i].name);
	}
	config_field_no_word(field, "rule", text, &s);
}

/* A file, or a credential of systemd: a name below $CREDENTIALS_DIRECTORY. In the vault a template lies by
 * its word, so no credential may be called so. */
static bool config_channel_is_secret_path(struct config_field *field, const char *text, const char *path)
{
	if (path[0] == '/') {
		if (strlen(path) < PATH_BYTES)
			return true;
	} else if (config_words_have(CONFIG_FORMATS, path, strlen(path))) {
		config_field_error(field, "\"%s\" is the word of a format; call the credential otherwise", path);
		return false;
	} else if (path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] == '\0' &&
		   path[0] != '\0' && path[0] != '.') {
		return true;
	}
	config_field_error(field, "\"%s\" is no secret; expected NAME=/path/of/file, or NAME=CREDENTIAL of systemd",
			   text);
	return false;
}

void config_channel_secret(struct config_field *field, const char *text)
{
	struct config_draft *draft = field->draft;
	struct config_table *table = config_field_table(field);
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	struct config_secret secret = {.name = ""}, *row;

	if (len == 0 || text[len] != '=') {
		config_field_error(field,
				   "\"%s\" is no secret; expected NAME=/path/of/file, NAME in capital letters, "
				   "digits and _",
				   text);
		return;
	}
	if (len >= NAME_BYTES) {
		config_field_error(field, "the name \"%.*s\" has %zu bytes; at most %d", (int)len, text, len,
				   NAME_BYTES - 1);
		return;
	}
	if (!config_channel_is_secret_path(field, text, text + len + 1))
		return;
	memcpy(secret.name, text, len);
	for (uint32_t i = 0; i < table->count; i++)
		if (strcmp(draft->secrets[table->at + i].name, secret.name) == 0) {
			config_field_error(field, "the secret \"%s\" is there already; give it another name",
					   secret.name);
			return;
		}
	row = config_channel_row(table, draft->secrets, sizeof(secret), &draft->secret_count, SECRETS_MAX);
	if (row == NULL) {
		config_field_error(field, "one secret too many; all channels together have at most %d", SECRETS_MAX);
		return;
	}
	secret.path = config_draft_text(draft, text + len + 1);
	*row = secret;
}

/* Minutes of the day of "HH:MM", or -1. */
static int config_channel_clock(const char *text)
{
	int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';

	if (strspn(text, "0123456789") != 2 || text[2] != ':' || strspn(text + 3, "0123456789") != 2 || hour > 23 ||
	    minute > 59)
		return -1;
	return hour * 60 + minute;
}

void config_channel_hours(struct config_field *field, const char *text)
{
	bool long_enough = strlen(text) == strlen("22:00-07:00") && text[5] == '-';
	int from = long_enough ? config_channel_clock(text) : -1,
	    to = long_enough ? config_channel_clock(text + 6) : -1;
	const uint32_t stored[2] = {(uint32_t)from, (uint32_t)to};

	if (from < 0 || to < 0)
		config_field_error(field, "\"%s\" are no hours; expected such as \"22:00-07:00\"", text);
	else if (from == to)
		config_field_error(field,
				   "\"%s\" end when they begin; for a channel that gets critical alerts alone write "
				   "\"severity = critical\"",
				   text);
	else
		config_field_store(field, stored, sizeof(stored));
}

void config_channel_url(struct config_field *field, const char *text)
{
	struct config_url url;
	char text_why[TEXT_BYTES / 2];
	struct buffer why;

	BUFFER_OVER(&why, text_why);
	if (config_url_parse(text, field->key->choices, &url, &why) != 0)
		config_field_error(field, "\"%s\" %s", text, why.text);
	else if (url.has_password)
		config_field_error(field,
				   "a password in the url can be read by whoever reads this file; write ${PASSWORD}, "
				   "and \"secret = PASSWORD=/path/of/file\"");
	else
		config_field_store_text(field, text);
}

/* As it goes into MAIL FROM and RCPT TO (RFC 5321), and into a header: nothing that could end either. A name
 * before it, quotes and comments are left out; the local part may be any of the usual ones. */
static bool config_channel_is_address(const char *text)
{
	static const char local[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+-/=?^_`{|}~";
	static const char domain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	const char *at = text + strspn(text, local), *host = at + 1;
	size_t len = at[0] != '\0' ? strlen(host) : 0;

	if (at == text || at[0] != '@' || len == 0)
		return false;
	if (host[0] == '[')
		return host[len - 1] == ']' && len > 2 && host[1 + strspn(host + 1, "abcdefABCDEF0123456789.:IPv6")] == ']' &&
		       strchr(host, ']') == host + len - 1;
	return host[strspn(host, domain)] == '\0' && host[0] != '.' && host[0] != '-' && host[len - 1] != '.';
}

static bool config_channel_wants_address(struct config_field *field, const char *text)
{
	if (config_channel_is_address(text))
		return true;
	if (strchr(text, ',') != NULL)
		config_field_error(field, "\"%s\" is more than one address; each has a line of its own that begins with a "
				   "space", text);
	else
		config_field_error(field,
				   "\"%s\" is no address; expected one such as \"owner@example.org\", without a name, "
				   "spaces and <>",
				   text);
	return false;
}

void config_channel_address(struct config_field *field, const char *text)
{
	if (config_channel_wants_address(field, text))
		config_field_store_text(field, text);
}

static void config_channel_list(struct config_field *field, const char *text)
{
	struct config_draft *draft = field->draft;
	config_text *row = config_channel_row(config_field_table(field), draft->lists, sizeof(*row),
					      &draft->list_count, LISTS_MAX);

	if (row == NULL)
		config_field_error(field, "one text too many; receivers and headers of all channels together are at "
				   "most %d", LISTS_MAX);
	else
		*row = config_draft_text(draft, text);
}

void config_channel_receiver(struct config_field *field, const char *text)
{
	if (config_channel_wants_address(field, text))
		config_channel_list(field, text);
}

/* Those that frame the request are the plugin's: by hand they would make it another one. */
static bool config_channel_is_ours(const char *text, size_t len)
{
	static const char *const ours[] = {"Host", "Content-Length", "Transfer-Encoding", "Connection"};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (strlen(ours[i]) == len && strncasecmp(ours[i], text, len) == 0)
			return true;
	return false;
}

void config_channel_header(struct config_field *field, const char *text)
{
	/* A token of RFC 9110. */
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~");
	const char *value = text + len;

	if (len == 0 || *value != ':' || value[1 + strspn(value + 1, " ")] == '\0') {
		config_field_error(field, "\"%s\" is no header; expected one such as \"Authorization: Bearer ${TOKEN}\"",
				   text);
		return;
	}
	if (config_channel_is_ours(text, len)) {
		config_field_error(field, "the header \"%.*s\" is set by the plugin itself; leave it out", (int)len, text);
		return;
	}
	for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++)
		if (*p < ' ' || *p > '~') {
			config_field_error(field, "the header has the byte 0x%02x in it; expected printable ASCII", *p);
			return;
		}
	config_channel_list(field, text);
}

void config_channel_listen(struct config_field *field, const char *text)
{
	const char *colon = strrchr(text, ':');
	bool six = text[0] == '[' && colon != NULL && colon > text + 2 && colon[-1] == ']';
	const char *address = six ? text + 1 : text;
	size_t len = colon == NULL ? 0 : (size_t)(colon - address) - six;
	int loopback = config_url_address(address, len);

	if (loopback < 0 || (memchr(address, ':', len) != NULL) != six || !config_url_is_port(colon + 1)) {
		config_field_error(field,
				   "\"%s\" is no address and port; expected such as \"127.0.0.1:9848\" or \"[::1]:9848\"",
				   text);
		return;
	}
	if (!loopback)
		config_findings_add(&field->draft->findings, CONFIG_WARNING, &field->place,
				    "\"%s\" is reachable from outside, without a password; expected an address of this "
				    "host alone such as \"127.0.0.1:%s\"",
				    text, colon + 1);
	config_field_store_text(field, text);
}

void config_channel_finish(struct config_draft *draft, const struct config_section *section)
{
	struct config_channel *channel = &draft->channels[section->row];

	/* A password never goes in clear because somebody forgot to say so. */
	if (channel->user != 0 && config_tree_find(section, "tls") == NULL)
		channel->tls = CONFIG_TLS_REQUIRED;
}
