/* LD_PRELOAD: counts the heap calls of wd-sentinel after it has locked its memory, which is the last thing
 * it does at start. Each is written, with where it came from, to $COUNT_MALLOC.PID. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

static int out = -1;
static __thread int inside;

static void note(const char *what)
{
	void *frames[16];

	if (out < 0 || inside)
		return;
	inside = 1;
	dprintf(out, "%s\n", what);
	backtrace_symbols_fd(frames, backtrace(frames, 16), out);
	inside = 0;
}

int mlockall(int flags)
{
	static int (*real)(int);
	void *frames[1];
	char path[256];

	real = (int (*)(int))dlsym(RTLD_NEXT, "mlockall");
	if (strcmp(program_invocation_short_name, "wd-sentinel") == 0 && getenv("COUNT_MALLOC")) {
		(void)backtrace(frames, 1); /* loads libgcc now */
		snprintf(path, sizeof(path), "%s.%d", getenv("COUNT_MALLOC"), getpid());
		out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	}
	return real(flags);
}

void *malloc(size_t n)
{
	note("malloc");
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	note("calloc");
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	note("realloc");
	return __libc_realloc(p, n);
}

void free(void *p)
{
	if (p != NULL)
		note("free");
	__libc_free(p);
}
