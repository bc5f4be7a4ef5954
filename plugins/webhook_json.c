#include "webhook_json.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

static const char json_ellipsis[] = "\xe2\x80\xa6";

/* The library's type under a name of ours, so that no other file needs its header. */
static json_t *json_of(const struct webhook_json *json)
{
	return (json_t *)(uintptr_t)json;
}

struct webhook_json *webhook_json_read(const char *bytes, size_t n)
{
	return (struct webhook_json *)json_loadb(bytes, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

struct webhook_json *webhook_json_check(const char *bytes, size_t n, char *why, size_t size, size_t *at)
{
	json_error_t error;
	json_t *json = json_loadb(bytes, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

	if (json == NULL) {
		(void)snprintf(why, size, "%s", error.text);
		*at = error.position > 0 ? (size_t)error.position - 1 : 0;
	}
	return (struct webhook_json *)json;
}

void webhook_json_free(struct webhook_json *json)
{
	json_decref(json_of(json));
}

/* The next part of the path; false at its end. */
static bool json_next_part(const char **path, char *part, size_t size)
{
	size_t len = strcspn(*path, ".");

	if (**path == '\0' || len >= size)
		return false;
	memcpy(part, *path, len);
	part[len] = '\0';
	*path += len + ((*path)[len] == '.');
	return true;
}

static json_t *json_find(const struct webhook_json *json, const char *path)
{
	json_t *at = json_of(json);
	char part[64], *end;

	while (at != NULL && json_next_part(&path, part, sizeof(part))) {
		unsigned long index = strtoul(part, &end, 10);

		at = json_is_array(at) ? (*end == '\0' && part[0] != '\0' ? json_array_get(at, index) : NULL)
				       : json_object_get(at, part);
	}
	return *path == '\0' ? at : NULL;
}

bool webhook_json_number(const struct webhook_json *json, const char *path, double *number)
{
	const json_t *at = json_find(json, path);
	char *end;

	if (json_is_number(at)) {
		*number = json_number_value(at);
		return true;
	}
	if (!json_is_string(at) || json_string_length(at) == 0)
		return false;
	*number = strtod(json_string_value(at), &end);
	return *end == '\0' && isfinite(*number);
}

bool webhook_json_word(const struct webhook_json *json, const char *path, char *word, size_t size)
{
	const json_t *at = json_find(json, path);

	if (json_is_string(at))
		(void)snprintf(word, size, "%s", json_string_value(at));
	else if (json_is_integer(at))
		(void)snprintf(word, size, "%" JSON_INTEGER_FORMAT, json_integer_value(at));
	else if (json_is_real(at))
		(void)snprintf(word, size, "%.17g", json_real_value(at));
	else if (json_is_boolean(at) || json_is_null(at))
		(void)snprintf(word, size, "%s", json_is_true(at) ? "true" : json_is_false(at) ? "false" : "null");
	else
		return false;
	return true;
}

size_t webhook_json_fit(const char *text, size_t n, uint32_t max, bool bytes)
{
	uint32_t mark = bytes ? sizeof(json_ellipsis) - 1 : 1;
	size_t i = 0, fits = 0, used = 0;

	/* fits: how far it may go if it has to be cut; past the limit it has to be. */
	while (i < n) {
		size_t len = escape_utf8_len(text + i, n - i);

		len = len == 0 ? 1 : len;
		used += bytes ? len : len == 4 ? 2 : 1;
		if (used > max)
			return fits;
		i += len;
		if (used + mark <= max)
			fits = i;
	}
	return n;
}

bool webhook_json_cut(struct webhook_json *json, const char *path, uint32_t max, bool bytes)
{
	json_t *at = json_find(json, path);
	size_t n = json_is_string(at) ? json_string_length(at) : 0, fits;
	char *cut;
	bool done;

	if (n == 0)
		return true;
	fits = webhook_json_fit(json_string_value(at), n, max, bytes);
	if (fits == n)
		return true;
	cut = malloc(fits + sizeof(json_ellipsis));
	if (cut == NULL)
		return false;
	memcpy(cut, json_string_value(at), fits);
	memcpy(cut + fits, json_ellipsis, sizeof(json_ellipsis));
	done = json_string_set(at, cut) == 0;
	free(cut);
	return done;
}

char *webhook_json_write(const struct webhook_json *json)
{
	return json_dumps(json_of(json), JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);
}
