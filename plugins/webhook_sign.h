/* The signature of a request, so that the receiver knows who sent it: HMAC-SHA256 (libcrypto) over the
 * time of sending, a dot, and the body. */
#ifndef WD_WEBHOOK_SIGN_H
#define WD_WEBHOOK_SIGN_H

#include <stddef.h>
#include <stdint.h>

enum { WEBHOOK_SIGNATURE_BYTES = 7 + 64 + 1 }; /* "sha256=" and hex */

/* HMAC-SHA256 of n bytes as "sha256=" and hex, into WEBHOOK_SIGNATURE_BYTES. 0 or -EIO: the library refused. */
int webhook_sign_bytes(const char *key, const char *bytes, size_t n, char *out);

/* The same of "SECONDS.BODY". key: the secret's bytes. 0, -EIO or -ENOMEM. */
int webhook_sign(const char *key, uint64_t seconds, const char *body, size_t n, char *out);

#endif
