/* A text of a template with its placeholders, read into pieces:
 *     ${NAME}  ${NAME|WORD=TEXT|...|TEXT}  ${time+1d}  ${secret:NAME}
 *     ${if NAME} or ${if NAME=WORD|...} ... ${else} ... ${end}
 *     $${ for ${ itself; a backslash at the end of a line joins it with the next.
 * In JSON it is known of each placeholder whether it stands inside a string, by reading the text around it. */
#ifndef WD_WEBHOOK_TEXT_H
#define WD_WEBHOOK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "webhook_place.h"
#include "webhook_tell.h"
#include "webhook_value.h"

enum {
	WEBHOOK_PIECES_MAX = 1024, /* of one text */
	WEBHOOK_CHOICES_MAX = 256, /* words of all maps and conditions of one text */
	WEBHOOK_DEPTH_MAX = 8,     /* conditions within conditions */
};

/* Bytes of the template, not ended with a NUL. */
struct webhook_span {
	const char *text;
	size_t len;
};

struct webhook_choice {
	struct webhook_span when, then;
	bool any; /* of a map: what is written when none before it fits */
};

enum webhook_piece_kind { WEBHOOK_LITERAL, WEBHOOK_PUT, WEBHOOK_IF, WEBHOOK_ELSE, WEBHOOK_END };

struct webhook_piece {
	enum webhook_piece_kind kind;
	uint32_t line;                     /* of the file */
	struct webhook_span text;          /* LITERAL: as it is; PUT of a secret: its name */
	const struct webhook_value *value; /* PUT, IF */
	enum webhook_place place;          /* PUT */
	int64_t shift_ms;                  /* PUT of a time */
	uint32_t first_choice, choices;    /* PUT: its map; IF: the words, 0: any text but "" */
	uint32_t jump;                     /* IF: its ELSE or END; ELSE: its END */
};

struct webhook_text {
	struct webhook_piece *pieces;
	struct webhook_choice *choices;
	uint32_t pieces_count, choices_count;
};

/* Where the text stands in its file, and what place it is: WEBHOOK_VALUE for a JSON text. */
struct webhook_text_of {
	const char *text; /* borrowed for as long as the pieces are used */
	size_t len;
	uint32_t line;    /* of its first byte */
	enum webhook_place place;
};

/* False after telling what is wrong; the text is to be freed in any case. */
bool webhook_text_read(struct webhook_text *text, const struct webhook_text_of *of, struct webhook_tell *tell);
void webhook_text_free(struct webhook_text *text);

#endif
