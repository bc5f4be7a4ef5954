#include "base/escape.h"

#include <stdint.h>
#include <string.h>

static uint32_t escape_codepoint(const unsigned char *u, size_t len)
{
	static const unsigned char lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t c = u[0] & lead[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (u[i] & 0x3f);
	return c;
}

size_t escape_utf8_len(const char *bytes, size_t n)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *u = (const unsigned char *)bytes;
	size_t len = u[0] < 0x80 ? 1 : u[0] >> 5 == 6 ? 2 : u[0] >> 4 == 14 ? 3 : u[0] >> 3 == 30 ? 4 : 0;
	uint32_t c;

	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	c = escape_codepoint(u, len);
	if (len > 1 && (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)))
		return 0;
	return len;
}

/* What a reader does not see but a terminal or a bidi algorithm obeys: C1, soft hyphen, Arabic letter
 * mark, zero-width and bidi controls, line and paragraph separators, invisible operators, BOM,
 * interlinear annotation and tag characters. */
static bool escape_is_invisible(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe007f);
}

void escape_line(struct buffer *out, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n;) {
		const unsigned char *u = (const unsigned char *)bytes + i;
		size_t len = escape_utf8_len(bytes + i, n - i);

		if (len == 1 && *u == '\\') {
			buffer_add(out, "\\\\");
		} else if (len > 0 && !escape_is_invisible(escape_codepoint(u, len))) {
			buffer_add_bytes(out, bytes + i, len);
		} else {
			len = len == 0 ? 1 : len;
			for (size_t k = 0; k < len; k++)
				buffer_addf(out, "\\x%02x", u[k]);
		}
		i += len;
	}
}

void escape_json(struct buffer *out, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n;) {
		const unsigned char *u = (const unsigned char *)bytes + i;
		size_t len = escape_utf8_len(bytes + i, n - i);

		if (len == 1 && (*u == '"' || *u == '\\'))
			buffer_addf(out, "\\%c", *u);
		else if (len == 1 && *u < 0x20)
			buffer_addf(out, "\\u%04x", *u);
		else if (len > 0)
			buffer_add_bytes(out, bytes + i, len);
		else
			buffer_add(out, "\xef\xbf\xbd");
		i += len == 0 ? 1 : len;
	}
}

static const char *escape_html_reference(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void escape_html(struct buffer *out, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n;) {
		const unsigned char *u = (const unsigned char *)bytes + i;
		size_t len = escape_utf8_len(bytes + i, n - i);
		const char *reference = escape_html_reference(*u);

		if (reference != NULL)
			buffer_add(out, reference);
		else if (*u == '\n' || *u == '\t' || (len > 0 && !escape_is_invisible(escape_codepoint(u, len))))
			buffer_add_bytes(out, bytes + i, len);
		else
			buffer_add(out, "\xef\xbf\xbd");
		i += len == 0 ? 1 : len;
	}
}

void escape_url(struct buffer *out, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
		    c == '_' || c == '~')
			buffer_add_char(out, (char)c);
		else
			buffer_addf(out, "%%%02X", c);
	}
}
