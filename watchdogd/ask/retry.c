#include "ask/retry.h"

#include <string.h>

#include "ask/client.h"
#include "base/bounds.h"
#include "base/buffer.h"
#include "base/escape.h"

enum { RETRY_USAGE = 2 };

bool retry_is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < NAME_BYTES &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

int retry_run(const char *control, const char *unit, FILE *out, FILE *err)
{
	char text[NAME_BYTES + 32], shown[256];
	struct buffer b;

	if (!retry_is_name(unit)) {
		BUFFER_OVER(&b, shown);
		escape_line(&b, unit, strnlen(unit, 64));
		(void)fprintf(err, "watchdogctl: \"%s\" is no name of a unit\n", shown);
		return RETRY_USAGE;
	}
	BUFFER_OVER(&b, text);
	buffer_addf(&b, "retry %s", unit);
	return client_run(control, text, out, err);
}
