#include "email_clean.h"

#include <string.h>

#include "base/escape.h"

#define EMAIL_REPLACED "\xef\xbf\xbd"

size_t email_clean_len(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);

	if (len <= max)
		return len;
	len = max;
	while (len > 0 && max - len < 3 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* What a log line would show as \xNN. */
static bool email_clean_is_visible(const char *bytes, size_t n)
{
	char shown[32];
	struct buffer out;

	BUFFER_OVER(&out, shown);
	escape_line(&out, bytes, n);
	return *bytes == '\\' || (out.len == n && memcmp(shown, bytes, n) == 0);
}

void email_clean(struct buffer *out, const char *text, size_t max, bool lines)
{
	size_t len = email_clean_len(text, max);

	for (size_t i = 0; i < len;) {
		size_t n = escape_utf8_len(text + i, len - i);
		unsigned char c = (unsigned char)text[i];

		if (lines && c == '\n')
			buffer_add_char(out, '\n');
		else if (lines && c == '\r' && text[i + 1] == '\n')
			; /* the end that follows it is enough */
		else if (c < 0x20 || c == 0x7f)
			buffer_add_char(out, ' ');
		else if (n > 0 && email_clean_is_visible(text + i, n))
			buffer_add_bytes(out, text + i, n);
		else
			buffer_add(out, EMAIL_REPLACED);
		i += n == 0 ? 1 : n;
	}
	if (text[len] != '\0')
		buffer_add(out, " ...");
}
