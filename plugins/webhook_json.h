/* JSON by libjansson: the body of a request is checked and its texts cut, the answer to one is read. A path
 * names a value in it: names of members and numbers of elements (from 0) with dots between:
 * "embeds.0.description". */
#ifndef WD_WEBHOOK_JSON_H
#define WD_WEBHOOK_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct webhook_json;

/* Of bytes that may be anything: NULL where they are no JSON. All that follow take NULL: there is nothing. */
struct webhook_json *webhook_json_read(const char *bytes, size_t n);

/* The same where people wrote it: a member that is there twice is wrong too. NULL with why and where (a byte). */
struct webhook_json *webhook_json_check(const char *bytes, size_t n, char *why, size_t size, size_t *at);
void webhook_json_free(struct webhook_json *json);

/* A number, or a text that is one, at the path. */
bool webhook_json_number(const struct webhook_json *json, const char *path, double *number);

/* A text, number, true, false or null at the path, as a word; cut to size. */
bool webhook_json_word(const struct webhook_json *json, const char *path, char *word, size_t size);

/* Cut the text at the path, if there is one, to so many characters (one beyond U+FFFF counts as two, as in UTF-16)
 * or bytes, the "…" at its end included; never inside a character. False: no memory. */
bool webhook_json_cut(struct webhook_json *json, const char *path, uint32_t max, bool bytes);

/* As text, malloc'ed; NULL: no memory. */
char *webhook_json_write(const struct webhook_json *json);

/* How many bytes of the text stay, so that with a "…" it is within the limit as above; n: all of it. */
size_t webhook_json_fit(const char *text, size_t n, uint32_t max, bool bytes);

#endif
