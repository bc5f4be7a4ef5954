#include "fakeroot.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/root.h"

struct fakeroot fakeroot;

static struct loop fakeroot_loop;
static struct event_queue fakeroot_events;

int fakeroot_setup(void **state)
{
	(void)state;
	strcpy(fakeroot.dir, "/tmp/watchdogd-test-XXXXXX");
	if (mkdtemp(fakeroot.dir) == NULL)
		return -1;
	root_set(fakeroot.dir);
	fakeroot.now = FAKEROOT_START;
	clock_turn(fakeroot.now, 1700000000000);
	fakeroot_put("/proc/meminfo",
		     "MemTotal: 8000000 kB\nMemAvailable: 6000000 kB\nSwapTotal: 0 kB\n");
	return 0;
}

static int fakeroot_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

int fakeroot_teardown(void **state)
{
	(void)state;
	root_set("");
	return nftw(fakeroot.dir, fakeroot_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void fakeroot_path(const char *path, char *out, size_t size)
{
	if ((size_t)snprintf(out, size, "%s%s", fakeroot.dir, path) >= size)
		abort();
}

static void fakeroot_make_dirs(char *whole)
{
	for (char *slash = strchr(whole + strlen(fakeroot.dir) + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(whole, 0755) < 0 && errno != EEXIST)
			abort();
		*slash = '/';
	}
}

void fakeroot_link(const char *path, const char *to)
{
	char whole[2048];

	fakeroot_path(path, whole, sizeof(whole));
	fakeroot_make_dirs(whole);
	(void)unlink(whole);
	if (symlink(to, whole) < 0)
		abort();
}

void fakeroot_put(const char *path, const char *format, ...)
{
	char whole[2048];
	va_list args;
	int fd;

	fakeroot_path(path, whole, sizeof(whole));
	fakeroot_make_dirs(whole);
	fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	va_start(args, format);
	if (fd < 0 || vdprintf(fd, format, args) < 0)
		abort();
	va_end(args);
	(void)close(fd);
}

void fakeroot_remove(const char *path)
{
	char whole[2048];

	fakeroot_path(path, whole, sizeof(whole));
	if (nftw(whole, fakeroot_remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		abort();
}

const struct config *fakeroot_config(const struct fakeroot_unit *units, uint32_t count)
{
	uint32_t rows = sizeof(struct config),
		 texts = rows + count * (uint32_t)sizeof(struct config_unit);
	uint32_t size = texts + (count + 1) * 512;
	struct config *config = calloc(1, size);
	const struct config *mapped;
	int fd;

	config->magic = CONFIG_MAGIC;
	config->version = CONFIG_VERSION;
	config->size = size;
	config->units = (struct config_table){rows, count};
	for (uint32_t i = 0; i < count; i++) {
		struct config_unit *unit = (void *)((char *)config + rows + i * sizeof(*unit));

		(void)snprintf(unit->name, sizeof(unit->name), "%s", units[i].name);
		unit->kind = units[i].kind;
		unit->target = texts + i * 512;
		unit->grace_ms = 20000;
		(void)snprintf((char *)config + unit->target, 256, "%s", units[i].target);
		if (units[i].process == NULL)
			continue;
		unit->process = unit->target + 256;
		(void)snprintf((char *)config + unit->process, 256, "%s", units[i].process);
	}
	fd = config_seal(config);
	mapped = config_map(fd);
	(void)close(fd);
	free(config);
	return mapped;
}

void fakeroot_reopen(const struct fakeroot_unit *units, uint32_t count)
{
	(void)loop_init(&fakeroot_loop);
	event_clear(&fakeroot_events);
	fakeroot.with.loop = &fakeroot_loop;
	fakeroot.with.events = &fakeroot_events;
	fakeroot.with.state = state_create(memfd_create("state", MFD_CLOEXEC));
	fakeroot.with.config = fakeroot_config(units, count);
	strcpy(fakeroot.with.state->boot_id, "boot-1");
	fakeroot.see = see_open(&fakeroot.with);
	see_look(fakeroot.see, fakeroot.now);
}

void fakeroot_open(const struct fakeroot_unit *units, uint32_t count)
{
	bool fresh;

	fakeroot.with.ledger = ledger_open(memfd_create("ledger", MFD_CLOEXEC), "boot-1", &fresh);
	fakeroot_reopen(units, count);
}

void fakeroot_look(uint32_t ms)
{
	fakeroot.now += ms;
	clock_turn(fakeroot.now, 1700000000000 + fakeroot.now);
	event_clear(&fakeroot_events);
	(void)loop_wait(&fakeroot_loop, 0);
	see_look(fakeroot.see, fakeroot.now);
}

const struct state_reading *fakeroot_host(enum reading_host reading)
{
	return &fakeroot.with.state->host[reading];
}

const struct state_reading *fakeroot_unit(uint32_t unit, enum reading_unit reading)
{
	return &fakeroot.with.state->unit[unit].readings[reading];
}
