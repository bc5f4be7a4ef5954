/* watchdogctl spool: what waits for its channels and why, and a person's orders about it. */
#ifndef WD_ASK_SPOOL_H
#define WD_ASK_SPOOL_H

#include <stdbool.h>
#include <stdio.h>

struct spool_ask {
	const char *control; /* socket */
	const char *state;   /* directory of --state; NULL: as spool_place_find looks for it */
	const char *verb;    /* "retry", "drop"; NULL: list */
	const char *word;    /* an alert's id, "all", of drop "dead" too; NULL: none was given */
	bool json;
};

/* List, from the database; or send the order to the daemon, as client_run. 2: the words are wrong. */
int spool_run(const struct spool_ask *ask, FILE *out, FILE *err);

#endif
