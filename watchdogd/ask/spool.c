#include "ask/spool.h"

#include <string.h>

#include "ask/ack.h"
#include "ask/client.h"
#include "ask/spool_list.h"
#include "ask/spool_place.h"
#include "base/buffer.h"
#include "base/clock.h"

enum { SPOOL_DONE = 0, SPOOL_IMPOSSIBLE = 1, SPOOL_USAGE = 2 };

static int spool_show(const struct spool_ask *ask, FILE *out, FILE *err)
{
	char path[PATH_BYTES];

	if (spool_place_find(ask->control, ask->state, path) < 0) {
		(void)fputs("watchdogctl: the path of the state directory is too long\n", err);
		return SPOOL_IMPOSSIBLE;
	}
	return spool_list(path, ask->json, clock_wall(), out, err);
}

int spool_run(const struct spool_ask *ask, FILE *out, FILE *err)
{
	bool drop = ask->verb != NULL && strcmp(ask->verb, "drop") == 0;
	char id[16], line[64];
	struct buffer b;

	if (ask->verb == NULL)
		return spool_show(ask, out, err);
	if ((!drop && strcmp(ask->verb, "retry") != 0) || ask->word == NULL || ask->json || ask->state != NULL) {
		(void)fputs("usage: watchdogctl spool [--json] [--state DIR]\n"
			    "       watchdogctl spool retry ALERT|all\n"
			    "       watchdogctl spool drop ALERT|all|dead\n",
			    err);
		return SPOOL_USAGE;
	}
	if (!(drop && strcmp(ask->word, "dead") == 0) && !ack_is_id_or_all(ask->word, id, err))
		return SPOOL_USAGE;
	BUFFER_OVER(&b, line);
	buffer_addf(&b, "spool %s %s", ask->verb, strcmp(ask->word, "dead") == 0 ? ask->word : id);
	return client_run(ask->control, line, out, err);
}
