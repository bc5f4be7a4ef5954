/* Secrets in texts of the config: ${NAME} becomes the value, and no value outlives its use. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transfer.h"

static const struct plugin_pair *transfer_find_secret(const char *name, size_t len, const struct plugin_pair *secrets,
						      size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(secrets[i].name) == len && memcmp(secrets[i].name, name, len) == 0)
			return &secrets[i];
	return NULL;
}

/* A line end in a value would begin a header of its own. */
static bool transfer_has_control(const char *value)
{
	for (; *value != '\0'; value++)
		if ((unsigned char)*value < 0x20 || *value == 0x7f)
			return true;
	return false;
}

/* The end of the ${NAME} that begins here, or NULL; its name's length. */
static const char *transfer_placeholder(const char *at, size_t *len)
{
	const char *end;

	if (at[0] != '$' || at[1] != '{')
		return NULL;
	end = strchr(at, '}');
	if (end == NULL)
		return NULL;
	*len = (size_t)(end - at) - 2;
	return end + 1;
}

struct transfer_filling {
	const struct plugin_pair *secrets;
	size_t count;
	char *why;
	size_t size;
};

/* The secret that stands at a placeholder, or NULL with why. */
static const struct plugin_pair *transfer_secret_for(const struct transfer_filling *filling, const char *at, size_t len)
{
	const struct plugin_pair *secret = transfer_find_secret(at + 2, len, filling->secrets, filling->count);

	if (secret == NULL || secret->value[0] == '\0')
		(void)snprintf(filling->why, filling->size, "there is no secret %.*s", (int)(len < 64 ? len : 64), at + 2);
	else if (transfer_has_control(secret->value))
		(void)snprintf(filling->why, filling->size, "the secret %s has a control character", secret->name);
	else
		return secret;
	return NULL;
}

/* How long the filled text is, or -1 with why; written to out unless that is NULL. */
static long transfer_fill_into(const struct transfer_filling *filling, const char *text, char *out)
{
	size_t len = 0, name;
	const char *end;

	while (*text != '\0') {
		const struct plugin_pair *secret;
		const char *piece = text;
		size_t n = 1;

		end = transfer_placeholder(text, &name);
		if (end != NULL) {
			secret = transfer_secret_for(filling, text, name);
			if (secret == NULL)
				return -1;
			piece = secret->value;
			n = strlen(piece);
		}
		if (out != NULL)
			memcpy(out + len, piece, n);
		len += n;
		text = end != NULL ? end : text + 1;
	}
	if (out != NULL)
		out[len] = '\0';
	return (long)len;
}

char *transfer_fill(const char *text, const struct plugin_pair *secrets, size_t count, char *why, size_t size)
{
	struct transfer_filling filling = {secrets, count, why, size};
	long len = transfer_fill_into(&filling, text, NULL);
	char *filled;

	if (len < 0)
		return NULL;
	filled = malloc((size_t)len + 1);
	if (filled == NULL)
		(void)snprintf(why, size, "no memory");
	else
		(void)transfer_fill_into(&filling, text, filled);
	return filled;
}

void transfer_wipe(char *filled)
{
	if (filled == NULL)
		return;
	explicit_bzero(filled, strlen(filled));
	free(filled);
}

struct plugin_pair *transfer_secrets_copy(const struct plugin_pair *secrets, size_t count)
{
	size_t bytes = (count + 1) * sizeof(*secrets);
	struct plugin_pair *copy;
	char *at;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(secrets[i].name) + strlen(secrets[i].value) + 2;
	copy = malloc(bytes);
	if (copy == NULL)
		return NULL;
	at = (char *)(copy + count + 1);
	for (size_t i = 0; i < count; i++) {
		copy[i].name = at;
		at = stpcpy(at, secrets[i].name) + 1;
		copy[i].value = at;
		at = stpcpy(at, secrets[i].value) + 1;
	}
	copy[count] = (struct plugin_pair){NULL, NULL};
	return copy;
}

void transfer_secrets_free(struct plugin_pair *secrets, size_t count)
{
	if (secrets == NULL)
		return;
	if (count > 0) {
		const char *last = secrets[count - 1].value;

		explicit_bzero(secrets, (size_t)(last + strlen(last) - (char *)secrets));
	}
	free(secrets);
}
