/* The ABI of a plugin: a shared object in the plugin directory, named as the config names it, that
 * exports `const struct plugin plugin`. It runs in a worker process, never in the sentinel, so it may
 * allocate and use libraries; but it shares one thread with the worker's other plugins, so it must not
 * wait: it gives its descriptors to the worker's poll(2). Depends on no other header. */
#ifndef WD_SHARE_PLUGIN_H
#define WD_SHARE_PLUGIN_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#define PLUGIN_ABI 2

/* One step or alert to carry out. All texts are borrowed for the time of the call, and may be hostile
 * but for target, which comes from the config. */
struct plugin_request {
	uint64_t id;
	const char *verb;     /* "stop", "start", "run", "alert" */
	const char *target;   /* systemd: "x.service"; exec: the command as written */
	const char *rule, *unit, *event, *severity, *text; /* "" where there is none */
	uint64_t at_wall_ms;  /* when it was asked, since 1970 */
	uint32_t timeout_ms;  /* 0: the plugin's own default */
	int as_nobody;        /* run without privileges */
	int reset;            /* systemd, "start": reset the unit's failed state first */
	uint32_t uid;         /* systemd: whose has the unit; UINT32_MAX: the host's */
};

/* What the config says of one watched unit. All texts are borrowed until the next `watch`; "" where there
 * is none. */
struct plugin_unit {
	uint64_t id;          /* names it in all that is told of it */
	const char *name;
	const char *systemd;  /* "x.service" */
	const char *user;     /* whose systemd: a user's; "" the host's */
	const char *cgroup;   /* of a `cgroup` unit: its path below the mount, "/bots/x" */
	uint32_t uid;         /* of user; UINT32_MAX: none, or not known here */
	const char *alive;    /* command that says whether it is alive: exits 0 */
	uint32_t alive_every_ms, alive_timeout_ms;
	const char *log;      /* path, with * for any text */
	int journal;          /* its log is its journal */
	const char *const *patterns; /* of log-match, as written */
	size_t patterns_count;
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
	/* How systemd has a unit: bits of enum message_unit (share/message.h), its main process (0: none), and
	 * that in words. Told when it changes, and as the answer to `look`. */
	void (*unit)(uint64_t unit, unsigned bits, int32_t pid, const char *text);
	/* What the unit's `alive` command said: 0, or -errno and why not. */
	void (*alive)(uint64_t unit, int result, const char *text);
	/* A line of the unit's log, without its end; len bytes of anything, cut where the line was longer. */
	void (*line)(uint64_t unit, const char *line, size_t len);
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

	/* What follows may be NULL. */

	/* The units of the config, at the start and anew at each reload: what was kept of one that is there still
	 * (same id and texts) goes on. */
	void (*watch)(const struct plugin_unit *units, size_t count);
	/* How is it with this unit? Answered by host->unit with UNIT_LOOKED, now or later, always. */
	void (*look)(uint64_t unit);
	/* Does the line hold one of the unit's patterns? 1 and where it begins in *at; or 0. */
	int (*match)(uint64_t unit, const char *line, size_t len, size_t *at);
	/* Is the text a pattern of log-match? 0, or -EINVAL and why not, in words. Needs no open. */
	int (*check)(const char *pattern, char *why, size_t size);
};

#endif
