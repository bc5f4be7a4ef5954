/* The headers of a mail, each whole and harmless: what comes from outside is encoded (RFC 2047) and folded,
 * or only a few characters of it are let through. */
#ifndef WD_PLUGINS_EMAIL_HEADER_H
#define WD_PLUGINS_EMAIL_HEADER_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "share/plugin.h"

/* As it may stand in MAIL FROM, RCPT TO and a header: one address, no name, no quotes, ASCII. */
bool email_header_is_address(const char *text);

/* "Name: value", folded, without its last line end. */
void email_header_add_text(struct buffer *out, const char *name, const char *value);

/* All of a message's but those of MIME. The caller's (curl_slist_free_all); NULL: no memory. */
struct curl_slist *email_header_list(const struct plugin_channel *channel, const struct plugin_message *message);

#endif
