/* What a command is given: its environment and its standard input. */
#ifndef WD_PLUGINS_EXEC_INPUT_H
#define WD_PLUGINS_EXEC_INPUT_H

#include "base/bounds.h"
#include "share/plugin.h"

enum { EXEC_VARIABLES = 9 };

struct exec_environment {
	char text[EXEC_VARIABLES * (TEXT_BYTES + 32)];
	char *row[EXEC_VARIABLES + 1];
};

/* PATH, LANG and WATCHDOGD_*: of the request, or of a message for a channel, where WATCHDOGD_ID is its text. */
void exec_input_environment(struct exec_environment *env, const struct plugin_request *request);
void exec_input_message_environment(struct exec_environment *env, const struct plugin_message *message);

/* The event as JSON in a file in memory, read from its start: whoever does not read it holds nobody up. The
 * descriptor, the caller's, or -errno. */
int exec_input_event(const struct plugin_request *request);
int exec_input_message(const struct plugin_message *message);

#endif
