/* Every fixed size, with its reason. The sentinel allocates nothing after start, so each table has a
 * bound; config_parse refuses a file that asks for more and names the bound. */
#ifndef WD_BASE_BOUNDS_H
#define WD_BASE_BOUNDS_H

#include <stddef.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

enum {
	NAME_BYTES = 32 + 1,      /* a section's name; inih cuts at 50, a phone's line holds 32 */
	LINE_BYTES = 199,         /* a line of the config without its newline; inih cuts at 200 */
	TEXT_BYTES = 512,         /* what one alert, log line or answer of a plugin says */
	TITLE_BYTES = 120,        /* an alert's title: a subject line of some hundred characters */
	PATH_BYTES = 1024,        /* a path below the root prefix; cgroup paths can be long */
	SOCKET_PATH_MAX = 107,    /* sun_path of unix(7), without its NUL */
	COMM_BYTES = 64,          /* a process name: 15 bytes, kernel threads' up to 63 */
	UNITS_MAX = 1024,         /* "a thousand units" cost under 2 % of a core */
	GROUPS_MAX = 64,
	RULES_MAX = 256,
	STEPS_MAX = 1024,         /* of all rules together */
	RULE_STEPS_MAX = 16,      /* of one rule */
	NODES_MAX = 4096,         /* of all conditions together */
	CONDITION_DEPTH = 16,     /* values waiting while one condition is evaluated */
	CHANNELS_MAX = 32,
	INSTANCES_MAX = 4096,     /* (rule, unit) pairs that can fire */
	HOLDS_MAX = 4096,         /* `for` of all instances together */
	LIMIT_MAX = 24,           /* N of `limit = N per D`: its ring lies in the ledger */
	EVENTS_MAX = 64,          /* events of one look */
	AFTER_MAX = 256,          /* (rule, unit) pairs that count events for `after` at a time */
	AFTER_TIMES_MAX = 24,     /* instants that one of those keeps apart */
	EFFECTS_MAX = 32,         /* steps whose effect is measured, or to be told in the next message of their firing */
	LADDERS_MAX = 512,        /* (rule, unit) pairs that fire or are within their limit's time */
	ENTRIES_MAX = 128,        /* open steps and alerts in the ledger */
	MARKS_MAX = 128,          /* units that we stopped or froze */
	MARK_RULES_MAX = 8,       /* rules whose ladder reached one unit; with so many, each rule keeps it down */
	SECRETS_MAX = 128,        /* of all channels and the heartbeat together: their texts lie in memory */
	SWAP_PATH_MAX = 150,      /* of [swapfile]: with its numbers it fits into the target of an entry */
	LISTS_MAX = 1024,         /* receivers and headers of all channels together */
	PATTERNS_MAX = 1024,      /* log-match lines of all units together */
	WATCHED_MAX = 1024,       /* processes with a pidfd in the loop; more are looked at once a second */
	LOOP_FDS_MAX = 2 * UNITS_MAX + WATCHED_MAX + 64,
};

#endif
