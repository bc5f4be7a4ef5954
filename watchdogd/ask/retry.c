#include "ask/retry.h"

#include <string.h>

#include "ask/client.h"
#include "base/bounds.h"
#include "base/buffer.h"
#include "base/escape.h"

enum { RETRY_USAGE = 2 };

/* As the config writes names: nothing in it ends the line or begins another word. */
static bool retry_is_name(const char *unit)
{
	size_t len = strlen(unit);

	return len > 0 && len < NAME_BYTES &&
	       strspn(unit, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
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
