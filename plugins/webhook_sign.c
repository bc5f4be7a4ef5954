#include "webhook_sign.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int webhook_sign(const char *key, uint64_t seconds, const char *body, size_t n, char *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	char *signs = malloc(n + 32);
	size_t head;
	int done = -EIO;

	if (signs == NULL)
		return -EIO;
	head = (size_t)snprintf(signs, 32, "%" PRIu64 ".", seconds);
	memcpy(signs + head, body, n);
	if (HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)signs, head + n, digest, &len) != NULL &&
	    len == 32) {
		out = stpcpy(out, "sha256=");
		for (unsigned i = 0; i < len; i++)
			out += snprintf(out, 3, "%02x", digest[i]);
		done = 0;
	}
	free(signs);
	return done;
}
