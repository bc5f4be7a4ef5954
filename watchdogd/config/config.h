/* The config as the processes know it: one block of plain structs with offsets in place of pointers,
 * made by config_parse in main, sealed in a memory file, mapped read-only by who needs it, replaced
 * whole by a reload. Its text is parsed nowhere else. */
#ifndef WD_CONFIG_CONFIG_H
#define WD_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/severity.h"
#include "words/event.h"
#include "words/reading.h"
#include "words/verb.h"

#define CONFIG_MAGIC 0x47464357u /* "WCFG" */
#define CONFIG_VERSION 4u
#define CONFIG_NONE UINT32_MAX   /* an index of nothing */
#define CONFIG_NEVER UINT32_MAX  /* a span: `repeat = 0s` */

/* count rows that begin `at` bytes after the start of the block. */
struct config_table {
	uint32_t at, count;
};

/* A text that ends with a NUL, `at` bytes after the start of the block; 0: none (""). */
typedef uint32_t config_text;

enum config_unit_kind { CONFIG_SYSTEMD, CONFIG_CGROUP, CONFIG_MATCH };

struct config_unit {
	char name[NAME_BYTES];
	uint32_t line;          /* of the config file */
	uint32_t kind;          /* enum config_unit_kind */
	config_text target;     /* the systemd unit "x.service"; the cgroup's path "/bots/x"; `match` as written */
	uint32_t group;         /* index, or CONFIG_NONE */
	int32_t priority;       /* the lowest is shed first */
	uint32_t protect;       /* bool: never touched by a step */
	uint32_t grace_ms, stop_timeout_ms, restart_wait_ms;
	config_text process;    /* must be alive inside the unit: words as of `match`; "" none */
	config_text user;       /* the unit is of this user's systemd; "" of the host's */
	uint32_t uid;           /* of user; CONFIG_NONE: none, or not known here */
	config_text start, stop; /* commands; "" none */
	config_text alive;      /* command that says whether it is alive; "" none */
	uint32_t alive_every_ms, alive_timeout_ms;
	uint32_t alive_failures; /* so many in a row: it is dead */
	config_text log;        /* path of its log, a * in it is any text; "" none */
	uint32_t journal;       /* bool: its log is its journal */
	uint32_t log_silence_ms; /* 0: none */
	struct config_table log_match; /* of config_text: the patterns, as written */
	uint32_t idle_ms;       /* not used for so long: it is idle; 0: never */
	uint32_t stop_when_idle; /* bool */
};

struct config_group {
	char name[NAME_BYTES];
	struct config_table units; /* of uint32_t: indices of units */
};

/* A condition is a program in postfix order over a small stack of true/false/unknown. */
enum config_node_kind {
	CONFIG_COMPARE, /* push `reading compare bound` */
	CONFIG_NOT,     /* of the top */
	CONFIG_AND,     /* of the two at the top */
	CONFIG_OR,
	CONFIG_HOLD,    /* the top, true only when true at every reading of for_ms */
};
enum config_compare { CONFIG_LT, CONFIG_LE, CONFIG_GT, CONFIG_GE };

#define CONFIG_HOST (UINT32_MAX - 1)     /* node.unit: the reading is the host's */
#define CONFIG_EACH (UINT32_MAX - 2)     /* node.unit, step.unit: the unit of the instance (`unit`) */

struct config_node {
	uint32_t kind;         /* enum config_node_kind */
	uint32_t unit;         /* COMPARE: index, CONFIG_HOST or CONFIG_EACH */
	uint32_t reading;      /* COMPARE: enum reading_host or reading_unit */
	uint32_t compare;      /* COMPARE: enum config_compare */
	int64_t bound;         /* COMPARE: in the reading's dimension; INT64_MAX for `never` */
	uint32_t bound_is_pct; /* COMPARE of a READING_BYTES: bound is 1/1000 % of the reading's total */
	uint32_t for_ms;       /* HOLD */
	uint32_t hold;         /* HOLD: its number among the holds of its rule, from 0 */
};

enum config_target {
	CONFIG_UNIT,     /* step.unit: an index, or CONFIG_EACH */
	CONFIG_LARGEST,  /* of step.group, by UNIT.anon */
	CONFIG_LOWEST,   /* of step.group, by priority */
	CONFIG_GROWING,  /* of step.group, by UNIT.growth */
	CONFIG_IDLE,     /* of step.group, by the time unused, beyond its `idle` */
};

struct config_step {
	uint32_t verb;       /* enum verb */
	uint32_t line;       /* of the config file */
	uint32_t severity;   /* VERB_ALERT */
	uint32_t target;     /* verbs that take a unit: enum config_target */
	uint32_t unit, group;
	int32_t signal;      /* VERB_SIGNAL */
	config_text command; /* VERB_RUN: the words as written */
	uint32_t bytes_is_pct; /* VERB_CAP, VERB_RECLAIM: bytes is 1/1000 % of what 100 % of the unit is */
	int64_t bytes;
};

struct config_rule {
	char name[NAME_BYTES];
	uint32_t line;
	uint32_t is_event;            /* `on` (event below), otherwise `when` */
	uint32_t event;               /* enum event_kind */
	uint32_t scope_unit, scope_group; /* of `on`, and the group of `each`; CONFIG_NONE: no such */
	struct config_table when;     /* of struct config_node; empty for an event */
	struct config_table clear;    /* empty: the default of SEMANTICS */
	struct config_table restore;  /* empty: none */
	struct config_table steps;    /* of struct config_step */
	uint32_t first_instance, instances; /* of its instances: rows of config.instances */
	uint32_t holds;               /* HOLD nodes of when, clear and restore: state per instance */
	uint32_t settle_ms;
	uint32_t limit_n, limit_for_ms; /* limit = N per D */
	uint32_t after_n, after_for_ms; /* after = N per D; 0: every event fires */
	uint32_t severity;            /* the worst of its alerts; SEVERITY_INFO without one */
	uint32_t repeat_ms;           /* 0: the default, 1 h of what is critical; CONFIG_NEVER */
	uint64_t text_hash;           /* of all that the file says of it (and of the units it names) */
};

/* What can fire: a rule, or a rule for one unit (`each`, or the unit of an event). An event rule
 * without a unit or group also has an instance with unit CONFIG_NONE: "no watched unit". */
struct config_instance {
	uint32_t rule, unit;
	uint32_t first_hold; /* its holds among HOLDS_MAX */
};

/* A file whose text ${NAME} stands for; main reads it (share/vault.h). */
struct config_secret {
	char name[NAME_BYTES];
	config_text path;
};

enum config_tls { CONFIG_TLS_OFFERED, CONFIG_TLS_REQUIRED, CONFIG_TLS_NEVER };

struct config_channel {
	char name[NAME_BYTES];
	char plugin[NAME_BYTES];
	uint32_t line;        /* of the config file */
	uint32_t severity;    /* the least that it gets */
	struct config_table units; /* of uint32_t, index of a unit: groups are resolved; empty: of all, and of none */
	struct config_table rules; /* of uint32_t, index of a rule; empty: of all */
	uint32_t quiet_from_min, quiet_to_min; /* local time, minutes of the day; equal: no quiet hours */
	uint32_t fold_ms;     /* 0: never */
	uint32_t repeat_ms;   /* 0: as the rule says; CONFIG_NEVER */
	uint32_t after_ms;    /* 0: at once */
	uint32_t retry_for_ms; /* 0: one attempt */
	uint32_t timeout_ms;  /* of one attempt */
	config_text command;  /* exec: absolute path and arguments */
	config_text url, proxy;
	config_text ca;       /* path of a file of certificates, read by main; 0: the system's */
	struct config_table secrets; /* of struct config_secret */
	config_text from;     /* email */
	struct config_table to; /* email: of config_text */
	config_text user;     /* email: who logs in, with the secret PASSWORD */
	uint32_t tls;         /* email: enum config_tls; REQUIRED where the file has `user` and no `tls` */
	config_text format;   /* webhook: a word of conf/formats, or a path */
	config_text chat;     /* webhook */
	struct config_table headers; /* webhook: of config_text, "Name: value" */
	config_text sign;     /* webhook: name of the secret that signs the body (HMAC-SHA256) */
};

/* [heartbeat]; url 0: there is none. */
struct config_heartbeat {
	uint32_t line;
	uint32_t every_ms, timeout_ms;
	config_text url, proxy, ca;
	struct config_table secrets; /* of struct config_secret */
};

/* [prometheus]; both 0: there is none. */
struct config_prometheus {
	uint32_t line;
	config_text listen;   /* "127.0.0.1:9848", "[::1]:9848" */
	config_text textfile; /* path */
};

/* [swapfile]; path 0: there is none. */
struct config_swapfile {
	uint32_t line;
	int32_t priority;     /* of swapon(2); -1: the kernel's own choice */
	uint64_t size_bytes;
	uint64_t free_bytes;  /* what must be left free on its file system */
	config_text path;
};

struct config {
	uint32_t magic, version;
	uint32_t size;           /* of the whole block, bytes */
	uint32_t generation;     /* counts reloads; main's */
	config_text path;        /* the file, as named; "" for the built-in one */
	config_text state, control, readers, plugins;
	uint64_t history_bytes;
	uint32_t floor_mpct;     /* `floor`: 1/1000 % of MemTotal */
	struct config_heartbeat heartbeat;
	struct config_prometheus prometheus;
	struct config_swapfile swapfile;
	struct config_table units, groups, group_units, patterns, nodes, steps, rules, instances, channels;
	struct config_table secrets, lists, channel_units, channel_rules; /* what those of the channels lie in */
};

static inline const void *config_row(const struct config *config, struct config_table table, uint32_t row_bytes,
				     uint32_t row)
{
	return (const char *)config + table.at + (uint64_t)row_bytes * row;
}

#define CONFIG_ROW(type, table)                                                                     \
	static inline const struct config_##type *config_##type##_at(const struct config *config,  \
								      uint32_t i)                   \
	{                                                                                           \
		return config_row(config, config->table, sizeof(struct config_##type), i);          \
	}
CONFIG_ROW(unit, units)
CONFIG_ROW(group, groups)
CONFIG_ROW(rule, rules)
CONFIG_ROW(instance, instances)
CONFIG_ROW(channel, channels)
#undef CONFIG_ROW

static inline const struct config_node *config_nodes(const struct config *config, struct config_table nodes)
{
	return config_row(config, nodes, 0, 0);
}

static inline const struct config_step *config_step_at(const struct config *config,
						       const struct config_rule *rule, uint32_t i)
{
	return config_row(config, rule->steps, sizeof(struct config_step), i);
}

static inline uint32_t config_group_unit(const struct config *config, const struct config_group *group,
					 uint32_t i)
{
	return *(const uint32_t *)config_row(config, group->units, sizeof(uint32_t), i);
}

/* Pattern i of the unit's log-match. */
static inline config_text config_pattern(const struct config *config, const struct config_unit *unit, uint32_t i)
{
	return *(const config_text *)config_row(config, unit->log_match, sizeof(config_text), i);
}

/* Unit i (rule i) that the channel is limited to, an index. */
static inline uint32_t config_channel_unit(const struct config *config, const struct config_channel *channel,
					   uint32_t i)
{
	return *(const uint32_t *)config_row(config, channel->units, sizeof(uint32_t), i);
}

static inline uint32_t config_channel_rule(const struct config *config, const struct config_channel *channel,
					   uint32_t i)
{
	return *(const uint32_t *)config_row(config, channel->rules, sizeof(uint32_t), i);
}

/* Row i of a channel's or the heartbeat's secrets. */
static inline const struct config_secret *config_secret_at(const struct config *config,
							   struct config_table secrets, uint32_t i)
{
	return config_row(config, secrets, sizeof(struct config_secret), i);
}

/* Text i of a channel's `to` or headers. */
static inline config_text config_list_at(const struct config *config, struct config_table list, uint32_t i)
{
	return *(const config_text *)config_row(config, list, sizeof(config_text), i);
}

static inline const char *config_string(const struct config *config, config_text text)
{
	return text == 0 ? "" : (const char *)config + text;
}

/* The unit of that name, or CONFIG_NONE. */
uint32_t config_find_unit(const struct config *config, const char *name);

/* The unit of `config` that is the one of `old` at that index: of its name, and with the same target (kind, what is behind
 * it, whose systemd); CONFIG_NONE: it left, though another may have its name now. */
uint32_t config_find_same_unit(const struct config *config, const struct config *old, uint32_t unit);

/* The block of a sealed memory file (F_SEAL_WRITE, F_SEAL_SHRINK), mapped read-only; checks magic,
 * version and size. The mapping is the caller's (config_unmap). NULL with errno: EPROTO when it is
 * no config of this version. */
const struct config *config_map(int fd);
void config_unmap(const struct config *config);

/* Write a block into a new sealed memory file. The fd (the caller's), or -errno. */
int config_seal(const struct config *config);

#endif
