/* Where a unit's `start` command runs, so that what it leaves behind is the unit and no part of ours: in the unit's
 * cgroup where it has one, else under systemd in a scope of its own. */
#ifndef WD_PLUGINS_EXEC_PLACE_H
#define WD_PLUGINS_EXEC_PLACE_H

#include "base/bounds.h"
#include "base/buffer.h"
#include "words/command.h"

enum { EXEC_PLACE_CGROUPS_MAX = 4, EXEC_PLACE_WORDS_MAX = COMMAND_WORDS_MAX + 8 };

struct exec_place {
	int cgroup[EXEC_PLACE_CGROUPS_MAX];       /* cgroup.procs of each hierarchy, open for writing; ours */
	int cgroups;
	char *argv[EXEC_PLACE_WORDS_MAX];         /* the command, behind systemd-run where that is needed; ends with NULL */
	char run[PATH_BYTES];                     /* systemd-run's path */
	char scope[NAME_BYTES + 64];              /* "--unit=watchdogd-xtts-..."; "" none */
};

/* Find or make it. cgroup: the unit's, "" none; unit: its name; command: borrowed for the life of place. 0; or
 * -errno, and why says what of it failed. To be closed either way. */
int exec_place_open(struct exec_place *place, const char *cgroup, const char *unit, struct command *command,
		    struct buffer *why);

void exec_place_close(struct exec_place *place);

#endif
