/* The words of a condition: readings, numbers with their unit, operators, brackets. */
#ifndef WD_CONFIG_CONDITION_TOKEN_H
#define WD_CONFIG_CONDITION_TOKEN_H

#include <stddef.h>

enum condition_token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_NUMBER,
	TOKEN_COMPARE,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_NOT,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_FOR,
	TOKEN_OTHER,
};

struct condition_token {
	enum condition_token_kind kind;
	size_t at, len; /* in the text; 0 long at its end */
};

/* The token at or behind byte `at` of text. TOKEN_OTHER is one that no condition has. */
struct condition_token condition_token_next(const char *text, size_t at);

#endif
