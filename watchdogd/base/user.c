#include "base/user.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

enum { USER_NOBODY = 65534 };

bool user_find_ours(uid_t *uid, gid_t *gid)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *row;
	bool ours = false;

	*uid = *gid = USER_NOBODY;
	while (file != NULL && !ours && (row = fgetpwent(file)) != NULL) {
		ours = strcmp(row->pw_name, "watchdogd") == 0;
		if (!ours && strcmp(row->pw_name, "nobody") != 0)
			continue;
		*uid = row->pw_uid;
		*gid = row->pw_gid;
	}
	if (file != NULL)
		(void)fclose(file);
	return ours;
}
