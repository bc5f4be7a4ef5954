#include "config/account.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/bounds.h"
#include "base/root.h"
#include "config/config.h"

static FILE *account_open(const char *path)
{
	char joined[PATH_BYTES];

	return root_join(path, joined, sizeof(joined)) == 0 ? fopen(joined, "re") : NULL;
}

uint32_t account_uid(const char *name)
{
	const struct passwd *user = NULL;
	uint32_t uid;
	FILE *file;

	if (!root_is_fake()) {
		user = getpwnam(name);
		return user != NULL ? user->pw_uid : CONFIG_NONE;
	}
	file = account_open("/etc/passwd");
	if (file == NULL)
		return CONFIG_NONE;
	while ((user = fgetpwent(file)) != NULL)
		if (strcmp(user->pw_name, name) == 0)
			break;
	uid = user != NULL ? user->pw_uid : CONFIG_NONE;
	(void)fclose(file);
	return uid;
}

bool account_is_group(const char *name)
{
	const struct group *group = NULL;
	FILE *file;

	if (!root_is_fake())
		return getgrnam(name) != NULL;
	file = account_open("/etc/group");
	if (file == NULL)
		return false;
	while ((group = fgetgrent(file)) != NULL)
		if (strcmp(group->gr_name, name) == 0)
			break;
	(void)fclose(file);
	return group != NULL;
}
