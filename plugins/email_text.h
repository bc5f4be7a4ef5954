/* The plain text of a mail: lines of 72 columns where their words allow it, ended with CRLF. */
#ifndef WD_PLUGINS_EMAIL_TEXT_H
#define WD_PLUGINS_EMAIL_TEXT_H

#include "base/buffer.h"
#include "share/plugin.h"

enum {
	EMAIL_TEXT_MAX = 4096,  /* bytes of one text of a message that are shown */
	EMAIL_VALUE_MAX = 1024, /* of a fact's value, and of the history */
	EMAIL_NAME_MAX = 256,   /* of a fact's name, and other short ones */
	EMAIL_FACTS_MAX = 64,
	EMAIL_TEXT_BYTES = 512 * 1024, /* room for all of that, each byte replaced by three */
};

void email_text(struct buffer *out, const struct plugin_message *message);

/* The last line: "alert ID, 2026-01-22 18:38:01 UTC, attempt 3"; what is in it is clean. */
void email_text_add_origin(struct buffer *out, const struct plugin_message *message);

#endif
