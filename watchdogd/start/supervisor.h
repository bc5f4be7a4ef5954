/* What main does once its options are read: the files that outlive processes, the links between them, the
 * processes themselves, signals, reloads, the control socket. */
#ifndef WD_START_SUPERVISOR_H
#define WD_START_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>

struct supervisor_options {
	const char *path;     /* of the config file; NULL: the built-in one */
	const char *root;     /* prefix of /proc, /sys, /dev; "" the real host */
	const char *builtin;  /* text of the built-in config */
	size_t builtin_bytes;
	bool dry_run, verbose;
};

/* Run until SIGTERM or SIGINT. 0 then; -EINVAL: the config is refused (told); another -errno: could not
 * start (told). */
int supervisor_run(const struct supervisor_options *options);

#endif
