/* Flat keyed files of the kernel: a key and a number a line, "anon 12\n" or "MemTotal:  12 kB\n"
 * (memory.stat, memory.events, /proc/meminfo, /proc/PID/status). One pass, for a thousand a second.
 */
#ifndef WD_SEE_FLAT_H
#define WD_SEE_FLAT_H

#include <stdint.h>

struct flat_key {
	const char *key;
	uint32_t len;
};

#define FLAT_KEY(word)                                                                             \
	{                                                                                          \
		word, sizeof(word) - 1                                                             \
	}

/* Look for n (at most 32) keys in text, each at the beginning of a line; values[i] is set for the
 * key of that place. The bits of the keys found; unknown keys and lines without a number are passed
 * over. */
uint32_t flat_read(const char *text, const struct flat_key *keys, uint32_t n, uint64_t *values);

/* A decimal number at p. What stands behind it, or NULL when there is none or it is beyond 64 bits.
 */
const char *flat_number(const char *p, uint64_t *value);

#endif
