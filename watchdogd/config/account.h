/* Users and groups of the host: getpwnam(3), getgrnam(3), or with a fake root the files below it. For
 * main and watchdogctl alone: a look-up may ask the network. */
#ifndef WD_CONFIG_ACCOUNT_H
#define WD_CONFIG_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

/* The user of that name, or CONFIG_NONE: not known here. */
uint32_t account_uid(const char *name);

/* There is a group of that name. */
bool account_is_group(const char *name);

#endif
