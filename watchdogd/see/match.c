#include "see/match.h"

#include <string.h>

#include "base/bounds.h"

#define MATCH_BLANKS " \t"

struct match_word {
	const char *at;
	size_t n;
};

static const char *match_last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* The executable of a running program may have been replaced: "/usr/bin/claude (deleted)". */
static bool match_is(struct match_word word, const char *name)
{
	return strncmp(name, word.at, word.n) == 0 &&
	       (name[word.n] == '\0' || strcmp(name + word.n, " (deleted)") == 0);
}

/* A script may be named with its extension or without. */
static bool match_is_script(struct match_word word, const char *name)
{
	return strncmp(name, word.at, word.n) == 0 &&
	       (name[word.n] == '\0' ||
		(name[word.n] == '.' && strchr(name + word.n + 1, '.') == NULL));
}

/* "python3.11", "nodejs", "bash": known by how they begin. */
static bool match_is_interpreter(const char *name)
{
	static const char *const begins[] = {"python", "node", "bun",  "deno", "bash",
					     "dash",   "sh",   "zsh",  "perl", "ruby",
					     "php",    "lua",  "java", "uv"};

	for (size_t i = 0; i < ARRAY_LEN(begins); i++)
		if (strncmp(name, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

/* The first argument that is no option; "" when there is none. */
static const char *match_script(const struct match_process *process)
{
	const char *end = process->cmdline + process->cmdline_len;
	const char *arg = process->cmdline + strlen(process->cmdline) + 1;

	while (arg < end && arg[0] == '-')
		arg += strlen(arg) + 1;
	return arg < end ? arg : "";
}

static bool match_name(struct match_word word, const struct match_process *process)
{
	const char *exe = match_last_part(process->exe);
	const char *argv0 = process->cmdline_len > 0 ? match_last_part(process->cmdline) : "";

	/* comm is cut at 15 bytes; the other names are whole. */
	if (match_is(word, process->comm) || match_is(word, exe) || match_is(word, argv0))
		return true;
	return process->cmdline_len > 0 &&
	       (match_is_interpreter(exe) || match_is_interpreter(argv0)) &&
	       match_is_script(word, match_last_part(match_script(process)));
}

static bool match_stands_in(struct match_word word, const struct match_process *process)
{
	const char *end = process->cmdline + process->cmdline_len;

	for (const char *arg = process->cmdline; arg < end; arg += strlen(arg) + 1)
		if (memmem(arg, strlen(arg), word.at, word.n) != NULL)
			return true;
	return memmem(process->cwd, strlen(process->cwd), word.at, word.n) != NULL;
}

bool match_holds(const char *target, const struct match_process *process)
{
	bool first = true;

	for (const char *p = target + strspn(target, MATCH_BLANKS); *p != '\0';
	     p += strspn(p, MATCH_BLANKS)) {
		struct match_word word = {p, strcspn(p, MATCH_BLANKS)};

		if (first ? !match_name(word, process) : !match_stands_in(word, process))
			return false;
		first = false;
		p += word.n;
	}
	return !first;
}
