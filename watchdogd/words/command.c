#include "words/command.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool command_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* One word from *from to *to, both moved behind it; false: a quote does not end. */
static bool command_take_word(const char **from, char **to)
{
	const char *in = *from;
	char *out = *to;
	bool quoted = false;

	for (; *in != '\0' && (quoted || !command_is_blank(*in)); in++) {
		if (*in == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && *in == '\\' && in[1] != '\0')
			in++;
		*out++ = *in;
	}
	*out++ = '\0';
	*from = in;
	*to = out;
	return !quoted;
}

static int command_refuse(struct command *command, const char *wrong)
{
	command->wrong = wrong;
	return -EINVAL;
}

int command_parse(struct command *command, const char *line)
{
	char *out = command->text; // cppcheck-suppress ctuuninitvar ; it is what is filled in
	size_t words = 0;

	/* A word and its NUL are never longer than the word with its blank or quotes. */
	if (strlen(line) > LINE_BYTES)
		return command_refuse(command, "the command is longer than a line of the config");
	for (;;) {
		while (command_is_blank(*line))
			line++;
		if (*line == '\0')
			break;
		command->argv[words++] = out;
		if (!command_take_word(&line, &out))
			return command_refuse(command, "a double quote is not closed");
	}
	command->argv[words] = NULL;
	if (words == 0)
		return command_refuse(command, "the command is empty");
	if (command->argv[0][0] != '/')
		return command_refuse(command, "the command must begin with an absolute path");
	return 0;
}
