/* Whether a process is what `match` means. The first word is its name: comm, or the last part of
 * its executable, of argv[0], or of the script that an interpreter runs. (claude's comm can be its
 * version number, python's script is no comm.) Each further word must stand in an argument or in
 * the working directory. Pure. */
#ifndef WD_SEE_MATCH_H
#define WD_SEE_MATCH_H

#include <stdbool.h>
#include <stddef.h>

struct match_process {
	const char *comm;
	const char *exe;     /* path of the executable; "" not known */
	const char *cwd;     /* "" not known */
	const char *cmdline; /* arguments, each ended by a NUL, and one NUL more */
	size_t cmdline_len;  /* without that last one */
};

/* target: the words of `match`, between blanks. */
bool match_holds(const char *target, const struct match_process *process);

#endif
