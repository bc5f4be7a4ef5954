/* The same as email_text, for programs that show HTML: one column as wide as the screen, light or dark as
 * the reader has it, nothing that is loaded from elsewhere. */
#ifndef WD_PLUGINS_EMAIL_HTML_H
#define WD_PLUGINS_EMAIL_HTML_H

#include "base/buffer.h"
#include "share/plugin.h"

enum { EMAIL_HTML_BYTES = 1024 * 1024 }; /* room for what email_text.h lets through, each byte replaced by six */

void email_html(struct buffer *out, const struct plugin_message *message);

#endif
