/* What main does once its options are read: the files that outlive processes, the links between them, the
 * processes themselves, signals, reloads, the control socket. supervisor.c is the loop, supervisor_files.c
 * what it opens, supervisor_reload.c the config. */
#ifndef WD_START_SUPERVISOR_H
#define WD_START_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ask/control.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "config/config_parse.h"
#include "share/message.h"
#include "start/children.h"

struct supervisor_options {
	const char *path;     /* of the config file; NULL: the built-in one */
	const char *root;     /* prefix of /proc, /sys, /dev; "" the real host */
	const char *builtin;  /* text of the built-in config */
	size_t builtin_bytes;
	bool dry_run, verbose;
};

/* The workers in the order of enum message_worker. */
enum supervisor_child { CHILD_SENTINEL, CHILD_ACTOR, CHILD_SCRIBE, CHILD_MESSENGER, CHILDREN };

struct supervisor {
	const struct supervisor_options *options;
	struct config *config;      /* the one in force, or on its way there */
	int config_fd;
	uint32_t generation;
	uint32_t taken;             /* the generation that the sentinel has said it has */
	uint32_t reload_client;     /* who waits for MESSAGE_TAKEN; 0: nobody */
	mono_ms reload_since;       /* 0: no reload is on its way */
	bool reload_again;          /* SIGHUP came meanwhile: the file may be another by now */
	bool ready;                 /* READY=1 was sent */
	mono_ms stop_since;         /* 0: not stopping */
	bool actor_told;            /* ... and the actor was told to end */
	int signals;
	int ledger, state;
	int ledger_read, state_read; /* the same, not to be written: for who has given up root */
	int lock;                   /* the ledger's file, also where a dry run works on another */
	int vault;                  /* what the messenger may not read itself; -1: nothing */
	/* Of each child, [1] its own end; [0] main's, the sentinel's, the scribe's. */
	int main_link[CHILDREN][2], work_link[CHILDREN][2], spool_link[CHILDREN][2];
	struct child child[CHILDREN];
	char plugins[PATH_BYTES];
	struct control control;
};

/* Run until SIGTERM or SIGINT. 0 then; -EINVAL: the config is refused (told); another -errno: could not
 * start (told). */
int supervisor_run(const struct supervisor_options *options);

/* supervisor_files.c: the ledger (its lock says that no other watchdogd works here), the state page, the
 * control socket; the links; what each process gets. 0 or -errno, told. */
int supervisor_open_files(struct supervisor *supervisor);
void supervisor_find_plugins(struct supervisor *supervisor); /* before the next two */
int supervisor_open_links(struct supervisor *supervisor);
int supervisor_describe_children(struct supervisor *supervisor);

/* supervisor_reload.c: the config, parsed anew; each finding goes to the log, and to who asked for a
 * reload. NULL when it is refused. The caller frees it. */
struct config *supervisor_parse(struct supervisor *supervisor);
void supervisor_tell_finding(void *arg, enum config_finding finding, const char *line);

/* Which workers have something to do by the config. Who has had work once goes on. */
void supervisor_want_workers(struct supervisor *supervisor);

/* What the config names for the messenger, read anew; where there is no messenger, nothing is read. */
void supervisor_fill_vault(struct supervisor *supervisor);

/* Reload: parse, hand out, and when the sentinel has taken it, answer. client: of the control socket, 0:
 * nobody. A file that does not parse changes nothing. */
void supervisor_begin_reload(struct supervisor *supervisor, uint32_t client, mono_ms now);
void supervisor_taken(struct supervisor *supervisor, const struct message *message, mono_ms now);
void supervisor_check_taken(struct supervisor *supervisor, mono_ms now);

/* A message to a child; fd_along: goes with it, -1: none. 0 or -errno, told. */
int supervisor_send(const struct supervisor *supervisor, enum supervisor_child child, const struct message *message,
		    int fd_along);

/* supervisor_control.c: what people ask for at the control socket, and the answers of those who know. */
void supervisor_on_control(struct supervisor *supervisor, mono_ms now);
void supervisor_on_sentinel_answer(struct supervisor *supervisor, const struct message *message, mono_ms now);
void supervisor_on_scribe(struct supervisor *supervisor, mono_ms now);

#endif
