#include "webhook_tell.h"

#include <stdarg.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/escape.h"

void webhook_tell(struct webhook_tell *tell, uint32_t line, const char *format, ...)
{
	char raw[TEXT_BYTES], text[TEXT_BYTES];
	struct buffer said, out;
	va_list args;

	tell->errors++;
	if (tell->line == NULL)
		return;
	BUFFER_OVER(&said, raw);
	va_start(args, format);
	buffer_vaddf(&said, format, args);
	va_end(args);
	BUFFER_OVER(&out, text);
	escape_line(&out, tell->file, __builtin_strlen(tell->file));
	buffer_addf(&out, ":%u: ", line);
	escape_line(&out, raw, said.len);
	tell->line(tell->arg, text);
}
