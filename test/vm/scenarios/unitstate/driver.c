/* Drives the systemd plugin as the actor does, and writes what it tells, each line with the monotonic clock in us:
 *
 *   driver PLUGIN [UID:]UNIT... <COMMANDS
 *
 * Commands, a line each: "mark WORD" (written as it is), "look UNIT TIMES" (one after the other; how long they
 * took), "ask VERB UNIT", "end". What PID 1 signals of jobs is written too, as heard on a connection of its own. */
#include <dlfcn.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "share/message.h"
#include "share/plugin.h"

enum { LOOKS_MAX = 1000, UNITS = 64 };

static struct plugin_unit unit[UNITS];
static size_t units;
static const struct plugin *plugin;
static bool eof; /* no more commands: it goes on listening */
static uint64_t looked; /* the unit that is looked at; 0: none */
static unsigned wanted, took;
static long long asked_us, took_us[LOOKS_MAX];

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static const char *name_of(uint64_t id)
{
	return id >= 1 && id <= units ? unit[id - 1].systemd : "?";
}

static int by_value(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

static void on_answer(uint64_t id, int result, const char *text)
{
	(void)id;
	printf("%lld answer %d %s\n", now_us(), result, text);
}

static int on_begin(uint64_t id)
{
	(void)id;
	return 0;
}

static void on_log(int level, const char *text)
{
	printf("%lld log %d %s\n", now_us(), level, text);
}

static void on_unit(uint64_t id, unsigned bits, int32_t pid, const char *text)
{
	static const char *const names[] = {"active", "failed", "at-it", "stop-job", "none-such", "start-limit",
					    "no-answer", "looked", "restart-job", "stop-down"};
	long long at = now_us();

	if (id == looked && (bits & UNIT_LOOKED)) {
		took_us[took++] = at - asked_us;
		if (took < wanted)
			return;
		looked = 0;
		qsort(took_us, took, sizeof(took_us[0]), by_value);
		printf("%lld looked %s median=%lld max=%lld n=%u: ", at, name_of(id), took_us[took / 2],
		       took_us[took - 1], took);
	} else {
		printf("%lld told %s pid=%d ", at, name_of(id), pid);
	}
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (bits & 1u << i)
			printf("+%s", names[i]);
	printf(" | %s\n", text);
}

static int on_job(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const char *path, *name, *result = "";
	unsigned job;

	(void)arg;
	(void)error;
	if (sd_bus_message_read(m, "uos", &job, &path, &name) <= 0)
		return 0;
	(void)sd_bus_message_read(m, "s", &result);
	printf("%lld %s %s job=%u %s\n", now_us(), sd_bus_message_get_member(m), name, job, result);
	return 0;
}

static sd_bus *listen_to_jobs(void)
{
	sd_bus *bus = NULL;

	if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, "unix:path=/run/systemd/private") < 0 ||
	    sd_bus_start(bus) < 0)
		exit(1);
	sd_bus_match_signal(bus, NULL, NULL, NULL, "org.freedesktop.systemd1.Manager", "JobNew", on_job, NULL);
	sd_bus_match_signal(bus, NULL, NULL, NULL, "org.freedesktop.systemd1.Manager", "JobRemoved", on_job, NULL);
	return bus;
}

static void add_unit(char *text)
{
	struct plugin_unit *added = &unit[units++];
	char *colon = strchr(text, ':');

	*added = (struct plugin_unit){.id = units, .name = text, .systemd = text, .user = "", .cgroup = "",
				      .uid = UINT32_MAX, .alive = "", .log = ""};
	if (colon == NULL)
		return;
	added->uid = (uint32_t)strtoul(text, NULL, 10);
	added->user = "someone";
	added->name = added->systemd = colon + 1;
}

static void command(char *line)
{
	char word[16] = "", first[128] = "", second[128] = "";
	struct plugin_request request = {.id = 1, .rule = "", .event = "", .severity = "", .text = "",
					 .timeout_ms = 5000, .uid = UINT32_MAX};

	(void)sscanf(line, "%15s %127s %127s", word, first, second);
	if (strcmp(word, "end") == 0)
		exit(0);
	if (strcmp(word, "mark") == 0)
		printf("%lld mark %s\n", now_us(), first);
	if (strcmp(word, "ask") == 0) {
		request.verb = first;
		request.target = request.unit = second;
		plugin->ask(&request);
	}
	for (size_t i = 0; i < units && strcmp(word, "look") == 0; i++)
		if (strcmp(unit[i].systemd, first) == 0) {
			looked = unit[i].id;
			wanted = (unsigned)atoi(second);
			took = 0;
		}
}

static void commands(void)
{
	static char text[4096];
	static size_t len;
	ssize_t n = read(0, text + len, sizeof(text) - 1 - len);
	char *end;

	if (n <= 0) {
		eof = true;
		return;
	}
	len += (size_t)n;
	text[len] = '\0';
	while ((end = strchr(text, '\n')) != NULL) {
		*end = '\0';
		command(text);
		len -= (size_t)(end + 1 - text);
		memmove(text, end + 1, len + 1);
	}
}

int main(int argc, char **argv)
{
	static const struct plugin_host host = {on_answer, on_begin, on_log, on_unit, NULL, NULL, NULL};
	void *object = argc > 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
	sd_bus *jobs = listen_to_jobs();

	plugin = object != NULL ? dlsym(object, "plugin") : NULL;
	if (plugin == NULL || plugin->abi != PLUGIN_ABI || plugin->open(&host) != 0)
		return fprintf(stderr, "no plugin: %s\n", dlerror()), 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 2; i < argc && units < UNITS; i++)
		add_unit(argv[i]);
	plugin->watch(unit, units);
	for (;;) {
		struct pollfd fds[16] = {{.fd = eof ? -1 : 0, .events = POLLIN}, {.fd = sd_bus_get_fd(jobs), .events = POLLIN}};
		int timeout_ms = -1, rows = 2 + plugin->prepare(fds + 2, 14, &timeout_ms);

		if (looked != 0) {
			asked_us = now_us();
			plugin->look(looked);
			rows = 2 + plugin->prepare(fds + 2, 14, &timeout_ms);
			for (unsigned before = took; looked != 0 && took == before;) {
				(void)poll(fds + 2, (nfds_t)(rows - 2), timeout_ms);
				plugin->dispatch(fds + 2, rows - 2);
				timeout_ms = -1;
				rows = 2 + plugin->prepare(fds + 2, 14, &timeout_ms);
			}
			timeout_ms = 0;
		}
		(void)poll(fds, (nfds_t)rows, timeout_ms);
		while (sd_bus_process(jobs, NULL) > 0)
			;
		plugin->dispatch(fds + 2, rows - 2);
		if (fds[0].revents != 0)
			commands();
	}
}
