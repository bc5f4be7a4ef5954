#include "base/severity.h"

#include <string.h>

static const struct {
	const char *name;
	int level;
} severities[SEVERITIES] = {
	[SEVERITY_DEBUG] = {"debug", 7},
	[SEVERITY_INFO] = {"info", 6},
	[SEVERITY_WARNING] = {"warning", 4},
	[SEVERITY_CRITICAL] = {"critical", 2},
};

const char *severity_name(enum severity severity)
{
	return severities[severity].name;
}

int severity_find(const char *name)
{
	for (int i = SEVERITY_INFO; i < SEVERITIES; i++)
		if (strcmp(severities[i].name, name) == 0)
			return i;
	return -1;
}

int severity_level(enum severity severity)
{
	return severities[severity].level;
}
