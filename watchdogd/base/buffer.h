/* Bounded text: a buffer over memory of the caller that remembers when something did not fit.
 * Never allocates; the text always ends with a NUL. */
#ifndef WD_BASE_BUFFER_H
#define WD_BASE_BUFFER_H

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>

struct buffer {
	char *text;  /* borrowed from the caller, size bytes */
	size_t size; /* bytes at text, the NUL included */
	size_t len;  /* bytes of text so far, without the NUL */
	bool cut;    /* something did not fit */
};

/* Begin an empty text in the size bytes at text (at least 1), which stay the caller's. */
void buffer_init(struct buffer *buffer, char *text, size_t size);

/* Begin over an array. */
#define BUFFER_OVER(buffer, array) buffer_init((buffer), (array), sizeof(array))

/* Append; what does not fit is left out and sets cut. */
void buffer_add(struct buffer *buffer, const char *text);
void buffer_add_bytes(struct buffer *buffer, const char *bytes, size_t n);
void buffer_add_char(struct buffer *buffer, char c);
void buffer_addf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void buffer_vaddf(struct buffer *buffer, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#endif
