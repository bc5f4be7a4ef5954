#include "base/buffer.h"

#include <stdio.h>
#include <string.h>

void buffer_init(struct buffer *buffer, char *text, size_t size)
{
	buffer->text = text;
	buffer->size = size;
	buffer->len = 0;
	buffer->cut = false;
	text[0] = '\0';
}

void buffer_add_bytes(struct buffer *buffer, const char *bytes, size_t n)
{
	size_t room = buffer->size - 1 - buffer->len;

	if (n > room) {
		n = room;
		buffer->cut = true;
	}
	memcpy(buffer->text + buffer->len, bytes, n);
	buffer->len += n;
	buffer->text[buffer->len] = '\0';
}

void buffer_add(struct buffer *buffer, const char *text)
{
	buffer_add_bytes(buffer, text, strlen(text));
}

void buffer_add_char(struct buffer *buffer, char c)
{
	buffer_add_bytes(buffer, &c, 1);
}

void buffer_vaddf(struct buffer *buffer, const char *format, va_list args)
{
	size_t room = buffer->size - buffer->len;
	int n = vsnprintf(buffer->text + buffer->len, room, format, args);

	if (n < 0) {
		buffer->text[buffer->len] = '\0';
		buffer->cut = true;
	} else if ((size_t)n >= room) {
		buffer->len = buffer->size - 1;
		buffer->cut = true;
	} else {
		buffer->len += (size_t)n;
	}
}

void buffer_addf(struct buffer *buffer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buffer_vaddf(buffer, format, args);
	va_end(args);
}
