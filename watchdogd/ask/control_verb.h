/* The commands of the control socket: their words, and what a line says. Pure. */
#ifndef WD_ASK_CONTROL_VERB_H
#define WD_ASK_CONTROL_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ask/control.h"

struct control_verb_row {
	const char *name;
	bool commands;       /* changes something: root alone */
	int words;           /* that follow it: none, one, two; the last is the rest of the line */
	const char *missing; /* what is, where there are fewer */
	bool live;           /* its lines are sent as they are said */
	uint32_t work_ms;    /* main has so long to answer */
};

extern const struct control_verb_row control_verbs[CONTROL_VERBS];

/* The verb of a line (len bytes of anything, without its newline), and the words that follow it, "" where there is
 * none. CONTROL_VERBS: none of ours, a word more than it takes, or one that is too long. */
int control_verb_read(const char *line, size_t len, char name[NAME_BYTES], char word[NAME_BYTES]);

/* It takes more words than came. */
bool control_verb_lacks_word(int verb, const char *name, const char *word);

#endif
