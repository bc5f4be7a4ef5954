/* The directory of an ordinary user's daemon, who may not make /run/watchdogd: where the control
 * socket is when neither the config nor RUNTIME_DIRECTORY says it. The daemon chooses and makes it,
 * watchdogctl finds it. Never root's: what others can name is no place to command from. */
#ifndef WD_ASK_RUNDIR_H
#define WD_ASK_RUNDIR_H

#include <stdbool.h>

#include "base/bounds.h"

/* For the daemon, before the config is read: where nothing says where its files go and the usual
 * places are not this user's, put others into RUNTIME_DIRECTORY and STATE_DIRECTORY. Nothing is
 * made yet: the config may still name its own. True when RUNTIME_DIRECTORY was put. */
bool rundir_choose(void);

/* Make the directory that rundir_choose chose, where `control` lies in it: 0700, and refuse one
 * that another user owns or may write, or a link. 0 (also when control lies elsewhere); -EPERM;
 * -errno. */
int rundir_make(const char *control);

/* For watchdogctl: the socket of RUNTIME_DIRECTORY where that is set, else /run/watchdogd/control
 * where it is there, else this user's own where that is, else /run/watchdogd/control again. */
void rundir_find(char control[PATH_BYTES]);

#endif
