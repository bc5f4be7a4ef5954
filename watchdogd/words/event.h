/* The events, as `on` writes them. */
#ifndef WD_WORDS_EVENT_H
#define WD_WORDS_EVENT_H

#include <stdbool.h>
#include <stddef.h>

enum event_kind { EVENT_OOM_KILL, EVENT_DEATH, EVENT_DEAD, EVENT_SILENCE, EVENT_LOG_MATCH, EVENT_IDLE, EVENT_KINDS };

struct event_word {
	const char *name;
	bool has_state; /* holds until its state ends (dead, silence), instead of for its ladder */
};

extern const struct event_word event_words[EVENT_KINDS];

/* The event of that name (len bytes), or -1. */
int event_find(const char *name, size_t len);

#endif
