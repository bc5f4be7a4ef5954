#include "ask/test.h"

#include <string.h>

#include "ask/client.h"
#include "ask/retry.h"
#include "base/bounds.h"
#include "base/buffer.h"
#include "base/escape.h"
#include "base/severity.h"

enum { TEST_USAGE = 2 };

static int test_refuse(const char *word, const char *what, FILE *err)
{
	char shown[512];
	struct buffer b;

	BUFFER_OVER(&b, shown);
	escape_line(&b, word, strnlen(word, 64));
	(void)fprintf(err, "watchdogctl: \"%s\" is no %s\n", shown, what);
	return TEST_USAGE;
}

int test_run(const char *control, const char *channel, const char *severity, FILE *out, FILE *err)
{
	const char *word = severity != NULL ? severity : severity_name(SEVERITY_INFO);
	char line[NAME_BYTES + 32];
	struct buffer b;

	if (!retry_is_name(channel))
		return test_refuse(channel, "name of a channel", err);
	if (severity_find(word) < SEVERITY_INFO)
		return test_refuse(word, "severity; info, warning and critical are", err);
	BUFFER_OVER(&b, line);
	buffer_addf(&b, "test %s %s", channel, word);
	return client_run_live(control, line, out, err);
}
