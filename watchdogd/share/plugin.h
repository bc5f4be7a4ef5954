/* The ABI of a plugin: a shared object in the plugin directory, named as the config names it, that
 * exports `const struct plugin plugin`. It runs in a worker process, never in the sentinel, so it may
 * allocate and use libraries; but it shares one thread with the worker's other plugins, so it must not
 * wait: it gives its descriptors to the worker's poll(2). Depends on no other header. */
#ifndef WD_SHARE_PLUGIN_H
#define WD_SHARE_PLUGIN_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#define PLUGIN_ABI 4

/* One step or alert to carry out. All texts are borrowed for the time of the call, and may be hostile
 * but for target, which comes from the config. */
struct plugin_request {
	uint64_t id;
	const char *verb;     /* "stop", "start", "run", "cap", "alert" */
	const char *target;   /* systemd: "x.service"; exec: the command as written; reclaim: the cgroup's path below the mount */
	const char *rule, *unit, *event, *severity, *text; /* "" where there is none */
	uint64_t at_wall_ms;  /* when it was asked, since 1970 */
	uint32_t timeout_ms;  /* 0: the plugin's own default */
	int as_nobody;        /* run without privileges */
	int reset;            /* systemd, "start": reset the unit's failed state first */
	uint32_t uid;         /* systemd: whose has the unit; UINT32_MAX: the host's */
	uint64_t bytes;       /* "cap", "uncap": memory.high, UINT64_MAX: none; "reclaim": how much */
	uint64_t cgroup_id;   /* inode of the unit's cgroup when it was asked; 0: not known */
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

/* A pair of texts: a secret's name and value, a fact's name and value. */
struct plugin_pair {
	const char *name, *value;
};

/* What the config says of one channel. All texts are borrowed until the next `channels`; "" where there is
 * none. ${NAME} in url, user and headers is not replaced yet: plugins/transfer/fill.h does that. */
struct plugin_channel {
	const char *name;
	const char *command;             /* exec */
	const char *url, *proxy;
	const char *ca;                  /* certificates, PEM; ca_len 0: the system's */
	size_t ca_len;
	const struct plugin_pair *secrets;
	size_t secrets_count;
	const char *from, *user;         /* email */
	const char *const *to;
	size_t to_count;
	int tls;                         /* email: enum config_tls */
	const char *format;              /* webhook: the word or path, and the template's text */
	const char *template_text;
	const char *chat, *sign;
	const char *const *headers;
	size_t headers_count;
	uint32_t timeout_ms;             /* of one attempt */
};

/* One message for one channel. All texts are borrowed for the time of the call, hostile, and may be long;
 * "" where there is none. */
struct plugin_message {
	const char *id;          /* the same in every attempt: Message-ID, Idempotency-Key */
	const char *thread;      /* id of the first message of its thread; the same as id: this is it */
	const char *told;        /* "alert", "result", "reply", "repeat", "resolved", "test" */
	const char *severity, *rule, *unit, *event;
	const char *host;
	const char *subject;     /* "[critical] nodira: claude killed by the OOM killer (5.1 GiB); claudir lives on" */
	const char *title;       /* the same without severity and unit */
	const char *text;        /* what happened, in full sentences */
	const char *doing;       /* what watchdogd is doing; may be "" */
	const char *todo;        /* what the reader may do; lines */
	const struct plugin_pair *facts; /* numbers now, in order: "host" "0.9 GiB of 7.7 GiB available", a row for */
	size_t facts_count;              /* each unit, the largest processes */
	const char *history;     /* the last hour's memory as block characters; "" unknown */
	uint64_t at_wall_ms;     /* when it was seen, since 1970 */
	uint32_t attempt;        /* 1: the first */
	uint32_t count;          /* so many alerts are folded into it; 1: itself alone */
};

/* How an attempt ended. */
enum plugin_sent {
	PLUGIN_TAKEN, /* the other side has it */
	PLUGIN_LATER, /* not now: to be tried again */
	PLUGIN_NEVER, /* it can't get better: dead letter */
};

/* How the delivery of a channel stands, since the worker's start. */
struct plugin_standing {
	const char *name;
	uint64_t taken, dead, dropped, attempts;
	uint32_t waiting;
	uint64_t failing_since_wall_ms; /* its attempts fail since then; 0: they do not */
	const char *why;                /* the last answer of a failing one */
};

/* [heartbeat] and [prometheus] of the config, likewise borrowed; "" where there is none. */
struct plugin_settings {
	struct plugin_channel heartbeat; /* name "heartbeat"; url, proxy, ca, secrets, timeout_ms */
	uint32_t heartbeat_every_ms;
	const char *listen, *textfile;
};

/* What the worker offers to its plugins. */
struct state;
struct delivery;       /* share/delivery.h */
struct delivery_alert;
struct lasting;        /* share/lasting.h */
struct lasting_of;

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
	/* How the attempt `delivery` ended. again_ms: the server's word on when to come again (Retry-After), 0:
	 * none. text: one line, "250 2.0.0 Ok: queued", "HTTP 429: ...". Once for each `send`. */
	void (*sent)(uint64_t delivery, enum plugin_sent result, uint32_t again_ms, const char *text);
	/* A line of the conversation with the other side, for `watchdogctl test`; without secrets. */
	void (*talk)(uint64_t delivery, const char *line);
	/* What the sentinel knows (share/state.h), mapped; NULL: not here. */
	const struct state *(*state)(void);
	/* How the delivery of each channel stands: row i of those that the config names, in its order; false
	 * after the last. */
	int (*channel)(size_t i, struct plugin_standing *standing);
	/* The alert of `keep` is on the disk (0), or not: -errno and why; then it is tried again by itself, and told
	 * again when it is. */
	void (*kept)(uint64_t id, int result, const char *text);
	/* To a deliverer (enum ledger_with: WITH_ACTOR, WITH_MESSENGER). 1; 0: it does not read now, or is not there:
	 * `dispatch` tries again. */
	int (*deliver)(unsigned deliverer, const struct delivery *delivery);
	/* Of who keeps alerts: what the disk has that outlives a restart of the host, each time it was opened. Borrowed for
	 * the call; in order, and sound. */
	void (*lasted)(const struct lasting_of *of, const struct lasting *rows, size_t count);
};

struct plugin {
	int abi;                  /* PLUGIN_ABI */
	const char *name;         /* "systemd": the file's name, the config's word */
	/* Take the host (lives as long as the plugin). 0 or -errno; -ENODEV: nothing of its kind here. */
	int (*open)(const struct plugin_host *host);
	/* Begin a request; the answer comes through host->answer, now or later. NULL: it carries out none. */
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
	/* The channels of this plugin, at the start and anew at each reload; what is under way keeps what it has
	 * copied. */
	void (*channels)(const struct plugin_channel *channels, size_t count);
	/* Begin to send; host->sent ends it, now or later. delivery: never 0, not used again. */
	void (*send)(uint64_t delivery, const struct plugin_channel *channel, const struct plugin_message *message);
	/* The worker lets go of it (a person's drop, a reload): no more `sent` for it. */
	void (*cancel)(uint64_t delivery);
	/* At the start and at each reload. */
	void (*settings)(const struct plugin_settings *settings);
	/* Before memory is locked and privileges are given up: walk the whole way once, so that what it needs
	 * later is loaded. May wait for a second. */
	void (*warm)(void);
	/* Is the text a pattern of log-match (of the plugin webhook: a template of a format)? 0, or -EINVAL and why
	 * not, in words. Needs no open. */
	int (*check)(const char *pattern, char *why, size_t size);
	/* Who keeps alerts (spool) alone. dir: the state directory of the config, at the start and at each reload;
	 * opened at the next dispatch, so after privileges are given up. */
	void (*spool_open)(const char *dir);
	/* Keep an alert until the deliverers of wants (enum ledger_with) have said DELIVERY_DONE; host->kept answers,
	 * at the end of this turn's dispatch: all of one turn is one transaction. One that is there changes nothing. */
	void (*keep)(const struct delivery_alert *alert, unsigned wants);
	/* What a deliverer sent: DELIVERY_BACKLOG, _ROW, _DONE. */
	void (*on_delivery)(unsigned deliverer, const struct delivery *delivery);
	/* A person's: "retry all", "retry ID", "drop all", "drop ID", "drop dead". 0 and what was done, or -errno and
	 * why not. */
	int (*command)(const char *words, char *answer, size_t size);
	/* Keep these rows in place of those that were kept before; written at the next dispatch, and tried again until
	 * they are. 0, or -ENOMEM: nothing is changed. */
	int (*keep_lasting)(const struct lasting_of *of, const struct lasting *rows, size_t count);
};

#endif
