/* What a person asks of the spool: "retry all", "retry ID", "drop all", "drop ID", "drop dead". */
#ifndef WD_PLUGINS_SPOOL_COMMAND_H
#define WD_PLUGINS_SPOOL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "spool_db.h"

struct spool_command {
	bool drop;          /* otherwise retry */
	bool dead_alone;    /* "drop dead" */
	uint64_t id;        /* 0: all */
	int waiting, dead;  /* so many alerts waited; so many dead letters it was about */
};

/* 0, or -EINVAL and why not. Words are hostile. */
int spool_command_parse(struct spool_command *command, const char *words, struct buffer *why);

/* In one transaction. 0 and the counts; -ENOENT: no such alert is here; -errno of the database. */
int spool_command_do(struct spool_command *command, struct spool_db *db, wall_ms wall);

/* What was done: "2 alerts that wait are tried now, 1 dead letter waits again". */
void spool_command_say(const struct spool_command *command, struct buffer *said);

#endif
