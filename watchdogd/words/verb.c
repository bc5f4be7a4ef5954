#include "words/verb.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

const struct verb_word verb_words[VERBS] = {
	[VERB_ALERT] = {"alert", "alerted", VERB_TAKES_SEVERITY, false, false},
	[VERB_STOP] = {"stop", "stopped", VERB_TAKES_UNIT, true, true},
	[VERB_START] = {"start", "started", VERB_TAKES_UNIT, false, false},
	[VERB_RESTART] = {"restart", "restarted", VERB_TAKES_UNIT, true, false},
	[VERB_SIGNAL] = {"signal", "signalled", VERB_TAKES_UNIT_SIGNAL, true, false},
	[VERB_KILL] = {"kill", "killed", VERB_TAKES_UNIT, true, false},
	[VERB_FREEZE] = {"freeze", "froze", VERB_TAKES_UNIT, true, true},
	[VERB_THAW] = {"thaw", "thawed", VERB_TAKES_UNIT, false, false},
	[VERB_RUN] = {"run", "ran", VERB_TAKES_COMMAND, true, false},
	[VERB_CAP] = {"cap", "capped", VERB_TAKES_UNIT_BYTES, true, true},
	[VERB_UNCAP] = {"uncap", "uncapped", VERB_TAKES_UNIT, false, false},
	[VERB_RECLAIM] = {"reclaim", "reclaimed from", VERB_TAKES_UNIT_BYTES, true, true},
	[VERB_SWAP] = {"swap", "switched on swap", VERB_TAKES_ON, true, true},
	[VERB_SNAPSHOT] = {"snapshot", "took a snapshot", VERB_TAKES_NOTHING, false, false},
};

bool verb_takes_unit(enum verb verb)
{
	enum verb_argument argument = verb_words[verb].argument;

	return argument == VERB_TAKES_UNIT || argument == VERB_TAKES_UNIT_SIGNAL || argument == VERB_TAKES_UNIT_BYTES;
}

int verb_find(const char *name, size_t len)
{
	for (int i = 0; i < VERBS; i++)
		if (strlen(verb_words[i].name) == len && memcmp(verb_words[i].name, name, len) == 0)
			return i;
	return -1;
}

int verb_signal_find(const char *name)
{
	char *end;
	long number = strtol(name, &end, 10);

	if (end != name)
		return *end == '\0' && number > 0 && number < NSIG ? (int)number : 0;
	if (strncmp(name, "SIG", 3) == 0)
		name += 3;
	for (int i = 1; i < NSIG; i++) {
		const char *abbreviation = sigabbrev_np(i);

		if (abbreviation != NULL && strcmp(abbreviation, name) == 0)
			return i;
	}
	return 0;
}

const char *verb_signal_name(int signal)
{
	const char *name = sigabbrev_np(signal);

	return name != NULL ? name : "RT";
}
