/* A command of the config (`run COMMAND`, the `exec` channel) split into words; no shell is
 * involved. */
#ifndef WD_WORDS_COMMAND_H
#define WD_WORDS_COMMAND_H

#include "base/bounds.h"

enum { COMMAND_WORDS_MAX = LINE_BYTES / 2 + 1 };

struct command {
	char *argv[COMMAND_WORDS_MAX + 1]; /* into text; NULL at the end */
	char text[LINE_BYTES + 1];
	const char *wrong; /* why command_parse failed, for a person */
};

/* Split: words are separated by spaces and tabs; double quotes group, anywhere in a word, and make
 * an empty word possible; inside them a backslash takes the next character as it is. Outside of
 * quotes a backslash, and everywhere every other character a shell knows ($ * ; | > '), is a plain
 * character. The first word must be an absolute path. 0, or -EINVAL with `wrong`; command may not
 * be moved afterwards, as argv points into it. */
int command_parse(struct command *command, const char *line);

#endif
