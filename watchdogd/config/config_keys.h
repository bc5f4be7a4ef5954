/* THE table of keys: what the parser accepts, its bounds and defaults, what "did you mean" offers,
 * and what watchdogd.conf(5) must describe derive from it. Adding a key: a row, a field, a
 * paragraph. */
#ifndef WD_CONFIG_CONFIG_KEYS_H
#define WD_CONFIG_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/suggest.h"

enum config_kind {
	CONFIG_WATCHDOGD,
	CONFIG_UNIT_SECTION,
	CONFIG_RULE,
	CONFIG_CHANNEL,
	CONFIG_HEARTBEAT,
	CONFIG_PROMETHEUS,
	CONFIG_SWAPFILE,
	CONFIG_KINDS,
};

/* A kind of section. */
struct config_kind_word {
	const char *name;
	bool named; /* [unit NAME], there can be many; otherwise [watchdogd] */
};

/* How a value is written and where it goes. */
enum config_type {
	KEY_DURATION, /* uint32_t, ms */
	KEY_SIZE,     /* uint64_t, bytes */
	KEY_PERCENT,  /* uint32_t, 1/1000 % */
	KEY_NUMBER,   /* int32_t */
	KEY_BOOL,     /* uint32_t */
	KEY_RATE,     /* two uint32_t, count and ms: "5 per 1h"; the bounds are the count's */
	KEY_SEVERITY, /* uint32_t, enum severity */
	KEY_TEXT,     /* config_text */
	KEY_WORD,     /* config_text, without a space */
	KEY_PATH,     /* config_text, absolute; max bytes */
	KEY_COMMAND,  /* config_text, an absolute path and arguments; lines are joined */
	KEY_SERVICE,  /* config_text, a systemd unit */
	KEY_CGROUP,   /* config_text, a path below the cgroup mount */
	KEY_CHOICE,   /* char[NAME_BYTES], a word of `choices` */
	KEY_INDEX,    /* uint32_t, which word of `choices`, from 0 */
	KEY_FORMAT,   /* config_text, a word of `choices` or an absolute path; max bytes */
	KEY_URL,      /* config_text; its scheme is a word of `choices` */
	KEY_ADDRESS,  /* config_text, a mail address */
	KEY_ADDRESSES, /* struct config_table of config_text, one a line */
	KEY_HEADERS,  /* struct config_table of config_text, "Name: value", one a line */
	KEY_PATTERNS, /* struct config_table of texts, one a line */
	KEY_NAMES,    /* struct config_table of uint32_t: units, and those of groups, one a line */
	KEY_RULES,    /* struct config_table of uint32_t: rules, one a line */
	KEY_SECRETS,  /* struct config_table of struct config_secret, NAME=/path, one a line */
	KEY_HOURS,    /* two uint32_t, minutes of the day: "22:00-07:00" */
	KEY_LISTEN,   /* config_text, address:port */
	KEY_GROUP,   /* uint32_t, index of a group of units */
	KEY_USER,    /* a unit's `user`, and its uid where the user is known here */
	KEY_EVENT,   /* a rule's `on` */
	KEY_STEPS,   /* struct config_table of steps, one a line */
	KEY_CONDITION, /* struct config_table of nodes; lines are joined */
	KEY_TYPES,
};

/* What a further line of a key is. */
enum config_lines { KEY_ONE_LINE, KEY_ITEMS, KEY_JOINED };

#define CONFIG_NO_FIELD SIZE_MAX

/* The templates that come with watchdogd: conf/formats/WORD.tmpl. */
#define CONFIG_FORMATS "json slack discord telegram ntfy alertmanager pagerduty"

struct config_key {
	enum config_kind section;
	const char *name;
	enum config_type type;
	size_t field;         /* offset in the section's struct of config.h, or CONFIG_NO_FIELD */
	const char *standard; /* the default, as it would be written; NULL: none */
	int64_t min, max;    /* of numbers, in the base unit of the type; of a KEY_PATH max bytes */
	bool never;          /* of a duration: 0 is right whatever min says, and stored as CONFIG_NEVER */
	const char *choices; /* the words, one space between */
	const char *of;      /* of a channel: the plugins it is for, one space between; NULL: for all */
	bool later;          /* comes with a later version: checked, without effect */
	const char *help;    /* one line */
};

/* WORDS, one space between, has the word of len bytes. */
bool config_words_have(const char *words, const char *word, size_t len);

extern const struct config_kind_word config_kind_words[CONFIG_KINDS];

/* The i-th row in order of sections; NULL after the last. For the man page's test and help. */
const struct config_key *config_key_at(size_t i);

/* The row, or NULL. */
const struct config_key *config_key_find(enum config_kind section, const char *name);

/* The kind of that name, or -1. */
int config_kind_find(const char *name);

/* Offer all keys of the section; all kinds. */
void config_keys_suggest(enum config_kind section, struct suggest *s);
void config_kinds_suggest(struct suggest *s);

enum config_lines config_type_lines(enum config_type type);

/* How a value of the type is named, for a message: "a duration". */
const char *config_type_name(enum config_type type);

#endif
