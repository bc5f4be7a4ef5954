#include "webhook_sign.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int webhook_sign_bytes(const char *key, const char *bytes, size_t n, char *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)bytes, n, digest, &len) == NULL || len != 32)
		return -EIO;
	out = stpcpy(out, "sha256=");
	for (unsigned i = 0; i < len; i++)
		out += snprintf(out, 3, "%02x", digest[i]);
	return 0;
}

int webhook_sign(const char *key, uint64_t seconds, const char *body, size_t n, char *out)
{
	enum { SECONDS_BYTES = 32 };
	char *signs = malloc(n + SECONDS_BYTES);
	size_t head;
	int done;

	if (signs == NULL)
		return -ENOMEM;
	head = (size_t)snprintf(signs, SECONDS_BYTES, "%" PRIu64 ".", seconds);
	memcpy(signs + head, body, n);
	done = webhook_sign_bytes(key, signs, head + n, out);
	free(signs);
	return done;
}
