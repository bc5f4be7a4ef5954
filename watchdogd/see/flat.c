#include "see/flat.h"

#include <stddef.h>
#include <string.h>

const char *flat_number(const char *p, uint64_t *value)
{
	uint64_t v = 0;

	if (*p < '0' || *p > '9')
		return NULL;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return NULL;
	*value = v;
	return p;
}

/* The place of the key that begins line, or n. */
static uint32_t flat_find(const char *line, uint32_t len, const struct flat_key *keys, uint32_t n)
{
	uint32_t i = 0;

	while (i < n && (keys[i].len != len || memcmp(keys[i].key, line, len) != 0))
		i++;
	return i;
}

uint32_t flat_read(const char *text, const struct flat_key *keys, uint32_t n, uint64_t *values)
{
	uint32_t found = 0, all = n < 32 ? (1u << n) - 1 : UINT32_MAX;

	for (const char *line = text; line != NULL && *line != '\0' && found != all;) {
		uint32_t len = (uint32_t)strcspn(line, ": \n");
		const char *p = line + len;
		uint32_t i = flat_find(line, len, keys, n);

		if (i < n) {
			while (*p == ':' || *p == ' ' || *p == '\t')
				p++;
			if (flat_number(p, &values[i]) != NULL)
				found |= 1u << i;
		}
		line = strchr(p, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	return found;
}
