/* A piece of a line, and the few ways to take it apart that the readers of kernel text share. The
 * bytes are borrowed and hostile; nothing is NUL-terminated. */
#ifndef WD_SEE_OOMTEXT_H
#define WD_SEE_OOMTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oomtext {
	const char *at;
	size_t n;
};

#define OOMTEXT_NONE ((size_t)-1)

/* The rest from byte i on (i at most text.n), and the n bytes from i on. */
struct oomtext oomtext_from(struct oomtext text, size_t i);
struct oomtext oomtext_part(struct oomtext text, size_t i, size_t n);

bool oomtext_begins(struct oomtext text, const char *word);
bool oomtext_ends(struct oomtext text, const char *word);
bool oomtext_is(struct oomtext text, const char *word);

/* Where word stands first, or last; OOMTEXT_NONE when nowhere. */
size_t oomtext_find(struct oomtext text, const char *word);
size_t oomtext_find_last(struct oomtext text, const char *word);

/* Step over word, over blanks, over a number. A number as the kernel prints it: no leading zero, no
 * plus; with low < 0 a minus is allowed. False, and nothing is stepped over, when it is not there
 * or out of bounds. */
bool oomtext_skip(struct oomtext *text, const char *word);
void oomtext_skip_blanks(struct oomtext *text);
bool oomtext_number(struct oomtext *text, uint64_t most, uint64_t *value);
bool oomtext_signed(struct oomtext *text, int64_t least, int64_t most, int64_t *value);

/* Copy as a string of at most size - 1 bytes. False, and out is "", when it is longer or has a NUL.
 */
bool oomtext_copy(struct oomtext text, char *out, size_t size);

/* Undo \xNN (lib/vsprintf and printk's /dev/kmsg escape no other way) into out; what does not fit
 * is left out. out may not overlap text. */
struct oomtext oomtext_unescape(struct oomtext text, char *out, size_t size);

#endif
