#include "ask/ack.h"

#include <stdint.h>
#include <string.h>

#include "ask/client.h"
#include "base/buffer.h"
#include "base/escape.h"
#include "share/delivery.h"

enum { ACK_USAGE = 2 };

bool ack_is_id_or_all(const char *word, char id[16], FILE *err)
{
	uint64_t number = delivery_parse_id(word);
	char shown[512];
	struct buffer b;

	if (strcmp(word, "all") == 0)
		memcpy(id, "all", sizeof("all"));
	else if (number != 0)
		delivery_format_id(number, id);
	if (number != 0 || strcmp(word, "all") == 0)
		return true;
	BUFFER_OVER(&b, shown);
	escape_line(&b, word, strnlen(word, 64));
	(void)fprintf(err, "watchdogctl: \"%s\" is no alert's id, which a message and `watchdogctl spool` show, nor all\n",
		      shown);
	return false;
}

int ack_run(const char *control, const char *word, FILE *out, FILE *err)
{
	char id[16], line[32];
	struct buffer b;

	if (!ack_is_id_or_all(word != NULL ? word : "all", id, err))
		return ACK_USAGE;
	BUFFER_OVER(&b, line);
	buffer_addf(&b, "ack %s", id);
	return client_run(control, line, out, err);
}
