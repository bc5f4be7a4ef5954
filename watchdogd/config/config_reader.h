/* Our own reader in front of inih: sees every raw line before inih does, and hands on only what
 * inih cannot misread. inih gives no line numbers, cuts lines at 200 bytes and names at 50, passes
 * over what follows a `]`, takes `:` for `=`, keeps ` ;` on continuation lines, and joins a
 * continuation to the wrong key when the line between was bad. Here each of these is an error with
 * its line, or done right; with any build of the library. */
#ifndef WD_CONFIG_CONFIG_READER_H
#define WD_CONFIG_CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Gets the lines in order. All texts are borrowed until the call returns. */
struct config_reader_ops {
	/* [kind] or [kind name]; name is "" for the first. */
	void (*section)(void *arg, uint32_t line, const char *kind, const char *name);
	/* A header that was refused: what follows up to the next one is passed over. */
	void (*no_section)(void *arg);
	/* key = value (perhaps ""), or (more) a further line of that key. Comments are gone, spaces
	 * around it too. */
	void (*value)(void *arg, uint32_t line, const char *key, const char *value, bool more);
	/* A line that was refused. */
	void (*error)(void *arg, uint32_t line, const char *what);
};

/* Read size bytes of text to the end. 0, or -ENOMEM (inih built without a stack buffer). */
int config_reader_run(const char *text, size_t size, const struct config_reader_ops *ops,
		      void *arg);

#endif
