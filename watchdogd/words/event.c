#include "words/event.h"

#include <string.h>

const struct event_word event_words[EVENT_KINDS] = {
	[EVENT_OOM_KILL] = {"oom-kill", false, false},
	[EVENT_DEATH] = {"death", false, false},
	[EVENT_DEAD] = {"dead", true, false},
	[EVENT_SILENCE] = {"silence", true, false},
	[EVENT_LOG_MATCH] = {"log-match", false, false},
	[EVENT_IDLE] = {"idle", false, false},
};

int event_find(const char *name, size_t len)
{
	for (int i = 0; i < EVENT_KINDS; i++)
		if (strlen(event_words[i].name) == len && memcmp(event_words[i].name, name, len) == 0)
			return i;
	return -1;
}
