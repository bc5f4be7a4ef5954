#include "exec_output.h"

#include <string.h>

void exec_output_end(struct exec_output *said)
{
	if (said->len == 0)
		return;
	said->line[said->len] = '\0';
	memcpy(said->lines == 0 ? said->first : said->last, said->line, said->len + 1);
	said->lines++;
	said->len = 0;
}

void exec_output_keep(struct exec_output *said, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\r')
			exec_output_end(said);
		else if (said->len < EXEC_LINE_BYTES)
			said->line[said->len++] = bytes[i] == '\0' ? '?' : bytes[i];
	}
}

void exec_output_tell(struct buffer *text, struct exec_output *said)
{
	exec_output_end(said);
	if (said->lines > 0)
		buffer_addf(text, "; it said \"%s\"", said->first);
	if (said->lines > 1)
		buffer_addf(text, "%s \"%s\"", said->lines > 2 ? " .." : ",", said->last);
}
