/* The lines of a template above its body: "NAME: VALUE". */
#ifndef WD_WEBHOOK_LINE_H
#define WD_WEBHOOK_LINE_H

#include "webhook_template.h"

/* One under reading. */
struct webhook_line {
	struct webhook_template *template; /* gets what it says */
	struct webhook_tell *tell;         /* gets what is wrong with it */
	uint32_t number;
	struct webhook_span rest;          /* what is not read yet; at first all of it, trimmed and not empty */
};

void webhook_line_take(struct webhook_line *line);

/* Blanks, and the CR of a file with CR LF. */
bool webhook_line_is_blank(char c);
void webhook_line_trim(struct webhook_span *span);

/* The bit of a word of plugin_message.told in webhook_template.skip; 0: there is none such. */
uint32_t webhook_line_told(const char *word, size_t len);

#endif
