#include "words/event.h"

#include <string.h>

const struct event_word event_words[EVENT_KINDS] = {
	[EVENT_OOM_KILL] = {"oom-kill", false},
	[EVENT_DEATH] = {"death", false},
	[EVENT_DEAD] = {"dead", true},
	[EVENT_SILENCE] = {"silence", true},
	[EVENT_LOG_MATCH] = {"log-match", false},
	[EVENT_IDLE] = {"idle", false},
};

int event_find(const char *name, size_t len)
{
	for (int i = 0; i < EVENT_KINDS; i++)
		if (strlen(event_words[i].name) == len && memcmp(event_words[i].name, name, len) == 0)
			return i;
	return -1;
}
