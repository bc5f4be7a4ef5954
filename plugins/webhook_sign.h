/* The signature of a request, so that the receiver knows who sent it: HMAC-SHA256 (libcrypto) over the
 * time of sending, a dot, and the body. */
#ifndef WD_WEBHOOK_SIGN_H
#define WD_WEBHOOK_SIGN_H

#include <stddef.h>
#include <stdint.h>

enum { WEBHOOK_SIGNATURE_BYTES = 7 + 64 + 1 }; /* "sha256=" and hex */

/* key: the secret's bytes. out: WEBHOOK_SIGNATURE_BYTES. 0 or -EIO: the library refused. */
int webhook_sign(const char *key, uint64_t seconds, const char *body, size_t n, char *out);

#endif
