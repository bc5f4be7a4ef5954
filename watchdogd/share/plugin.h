/* The ABI of a plugin: a shared object in the plugin directory, named as the config names it, that
 * exports `const struct plugin plugin`. It runs in a worker process, never in the sentinel, so it may
 * allocate and use libraries; but it shares one thread with the worker's other plugins, so it must not
 * wait: it gives its descriptors to the worker's poll(2). Depends on no other header. */
#ifndef WD_SHARE_PLUGIN_H
#define WD_SHARE_PLUGIN_H

#include <poll.h>
#include <stdint.h>

#define PLUGIN_ABI 1

/* One step or alert to carry out. All texts are borrowed for the time of the call, and may be hostile
 * but for target, which comes from the config. */
struct plugin_request {
	uint64_t id;
	const char *verb;     /* "stop", "start", "run", "alert"; "look": tell how target is, change nothing */
	const char *target;   /* systemd: "x.service"; exec: the command as written */
	const char *rule, *unit, *event, *severity, *text; /* "" where there is none */
	uint64_t at_wall_ms;  /* when it was asked, since 1970 */
	uint32_t timeout_ms;  /* 0: the plugin's own default */
	int as_nobody;        /* run without privileges */
};

/* What the worker offers to its plugins. */
struct plugin_host {
	/* Answer a request: result 0 and what was seen, or -errno and why. Once for each request. */
	void (*answer)(uint64_t id, int result, const char *text);
	/* Note that what must not be done twice begins now (at most once after a crash). 0, or -EALREADY
	 * when an earlier worker had begun it. */
	int (*begin)(uint64_t id);
	/* A line in the log; level of syslog(3). */
	void (*log)(int level, const char *text);
};

struct plugin {
	int abi;                  /* PLUGIN_ABI */
	const char *name;         /* "systemd": the file's name, the config's word */
	/* Take the host (lives as long as the plugin). 0 or -errno; -ENODEV: nothing of its kind here. */
	int (*open)(const struct plugin_host *host);
	/* Begin a request; the answer comes through host->answer, now or later. */
	void (*ask)(const struct plugin_request *request);
	/* What to wait for: at most `max` rows of fds, and the longest time in *timeout_ms (-1: no limit;
	 * lower it, never raise it). Gives the number of rows. */
	int (*prepare)(struct pollfd *fds, int max, int *timeout_ms);
	/* After poll(2): the rows that prepare gave, and time may have passed. */
	void (*dispatch)(const struct pollfd *fds, int count);
	/* The worker ends. */
	void (*close)(void);
};

#endif
