/* watchdogctl: asks the daemon, and shows what it knows. Each verb is a file of its own; this one
 * reads the command line and picks it. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ask/ack.h"
#include "ask/budget.h"
#include "ask/check.h"
#include "ask/client.h"
#include "ask/explain.h"
#include "ask/retry.h"
#include "ask/rundir.h"
#include "ask/spool.h"
#include "ask/status.h"
#include "ask/test.h"
#include "base/bounds.h"
#include "base/buffer.h"
#include "base/escape.h"
#include "base/root.h"
#include "config/suggest.h"
#include "start/children.h"
#include "start/judge.h"

enum { CTL_DONE = 0, CTL_IMPOSSIBLE = 1, CTL_USAGE = 2 };

struct ctl {
	const char *control; /* socket */
	const char *word;    /* the first after the verb: FILE, UNIT, CHANNEL, ..., or NULL */
	const char *second;  /* the next, or NULL */
	const char *state;   /* --state, or NULL */
	bool json;
	bool root; /* --root was given */
};

static int ctl_ack(const struct ctl *ctl)
{
	return ack_run(ctl->control, ctl->word, stdout, stderr);
}

static int ctl_budget(const struct ctl *ctl)
{
	struct budget_ask ask = {.control = ctl->control, .json = ctl->json};

	return budget_run(&ask, stdout, stderr);
}

static int ctl_check(const struct ctl *ctl)
{
	char plugins[PATH_BYTES];
	struct check_with with = {judge_parse_file, plugins};

	if (child_find_program("plugins", plugins) < 0)
		with.plugins = "";
	return check_run(ctl->word != NULL ? ctl->word : CHECK_PATH_DEFAULT, &with, stdout, stderr);
}

static int ctl_explain(const struct ctl *ctl)
{
	bool standard_input = ctl->word == NULL || strcmp(ctl->word, "-") == 0;

	return explain_run(standard_input ? NULL : ctl->word, ctl->json, stdout, stderr);
}

static int ctl_reload(const struct ctl *ctl)
{
	return client_run(ctl->control, "reload", stdout, stderr);
}

static int ctl_retry(const struct ctl *ctl)
{
	return retry_run(ctl->control, ctl->word, stdout, stderr);
}

static int ctl_spool(const struct ctl *ctl)
{
	struct spool_ask ask = {ctl->control, ctl->state, ctl->word, ctl->second, ctl->json};

	return spool_run(&ask, stdout, stderr);
}

static int ctl_status(const struct ctl *ctl)
{
	return status_run(ctl->control, ctl->json, stdout, stderr);
}

static int ctl_test(const struct ctl *ctl)
{
	return test_run(ctl->control, ctl->word, ctl->second, stdout, stderr);
}

static const struct ctl_verb {
	const char *name;
	const char *arguments;
	const char *help;
	int least, most;        /* words after it */
	bool json, root, state; /* takes --json, --root, --state */
	int (*run)(const struct ctl *ctl);
} ctl_verbs[] = {
	{.name = "ack",
	 .arguments = "[ALERT|all]",
	 .help = "say that it was seen: no more repeats of it",
	 .most = 1,
	 .run = ctl_ack},
	{.name = "budget",
	 .arguments = "[--json]",
	 .help = "does what the units take fit, and what would do",
	 .json = true,
	 .run = ctl_budget},
	{.name = "check",
	 .arguments = "[--root DIR] [FILE]",
	 .help = "check a config file",
	 .most = 1,
	 .root = true,
	 .run = ctl_check},
	{.name = "explain",
	 .arguments = "[--json] [FILE]",
	 .help = "tell the OOM kills of a kernel log",
	 .most = 1,
	 .json = true,
	 .run = ctl_explain},
	{.name = "reload", .arguments = "", .help = "read the config again", .run = ctl_reload},
	{.name = "retry",
	 .arguments = "UNIT",
	 .help = "begin anew what was given up for a unit",
	 .least = 1,
	 .most = 1,
	 .run = ctl_retry},
	{.name = "spool",
	 .arguments = "[--json] [--state DIR]",
	 .help = "list the alerts that wait, and why",
	 .most = 2,
	 .json = true,
	 .state = true,
	 .run = ctl_spool},
	{.name = "status",
	 .arguments = "[--json]",
	 .help = "show the host, units, rules, last actions",
	 .json = true,
	 .run = ctl_status},
	{.name = "test",
	 .arguments = "CHANNEL [SEVERITY]",
	 .help = "send one message through a channel",
	 .least = 1,
	 .most = 2,
	 .run = ctl_test},
};

/* What else a verb takes, for the help alone. */
static const struct {
	const char *verb, *arguments, *help;
} ctl_forms[] = {
	{"spool", "retry ALERT|all", "try now what waits, and dead letters again"},
	{"spool", "drop ALERT|all|dead", "give up what waits, or dead letters"},
};

static void ctl_help(FILE *out)
{
	(void)fputs("usage: watchdogctl [-s CONTROL-SOCKET] VERB\n\n", out);
	for (size_t i = 0; i < ARRAY_LEN(ctl_verbs); i++) {
		(void)fprintf(out, "    %-8s %-24s %s\n", ctl_verbs[i].name, ctl_verbs[i].arguments,
			      ctl_verbs[i].help);
		for (size_t k = 0; k < ARRAY_LEN(ctl_forms); k++)
			if (strcmp(ctl_forms[k].verb, ctl_verbs[i].name) == 0)
				(void)fprintf(out, "    %-8s %-24s %s\n", ctl_forms[k].verb,
					      ctl_forms[k].arguments, ctl_forms[k].help);
	}
	(void)fputs("\nsee watchdogctl(1)\n", out);
}

static const struct ctl_verb *ctl_find(const char *name)
{
	char text[256];
	struct suggest suggest;
	struct buffer line;

	suggest_init(&suggest, name, strlen(name));
	for (size_t i = 0; i < ARRAY_LEN(ctl_verbs); i++) {
		if (strcmp(ctl_verbs[i].name, name) == 0)
			return &ctl_verbs[i];
		suggest_offer(&suggest, ctl_verbs[i].name);
	}
	BUFFER_OVER(&line, text);
	buffer_add(&line, "watchdogctl: no verb \"");
	escape_line(&line, name, strnlen(name, 64));
	buffer_add(&line, "\"");
	suggest_say(&suggest, &line);
	(void)fprintf(stderr, "%s\n", text);
	return NULL;
}

/* The options into ctl, wherever they stand; the words that are left begin at optind. False when
 * one is wrong, which getopt has told. */
static bool ctl_options(struct ctl *ctl, int argc, char **argv, bool *help)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"root", required_argument, NULL, 'r'},
		{"state", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "s:h", options, NULL)) != -1) {
		switch (option) {
		case 's':
			ctl->control = optarg;
			break;
		case 'j':
			ctl->json = true;
			break;
		case 'r':
			root_set(optarg);
			ctl->root = true;
			break;
		case 'd':
			ctl->state = optarg;
			break;
		case 'h':
			*help = true;
			break;
		default:
			return false;
		}
	}
	return true;
}

/* What the verb does not take was meant for another one: refused, not passed over. */
static bool ctl_fits(const struct ctl *ctl, const struct ctl_verb *verb, int words)
{
	if (words <= verb->most && words >= verb->least && (verb->json || !ctl->json) &&
	    (verb->root || !ctl->root) && (verb->state || ctl->state == NULL))
		return true;
	(void)fprintf(stderr, "usage: watchdogctl [-s CONTROL-SOCKET] %s %s\n", verb->name,
		      verb->arguments);
	return false;
}

/* A reader that went away (head) is no failure; a disk that is full is one. */
static int ctl_flush(int result)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return result;
	if (errno == EPIPE)
		return result;
	(void)fprintf(stderr, "watchdogctl: cannot write the answer: %s\n", strerror(errno));
	return result == CTL_DONE ? CTL_IMPOSSIBLE : result;
}

int main(int argc, char **argv)
{
	char control[PATH_BYTES];
	struct ctl ctl = {.control = control};
	const struct ctl_verb *verb;
	bool help = false;

	rundir_find(control);
	if (!ctl_options(&ctl, argc, argv, &help)) {
		(void)fputs("see watchdogctl -h\n", stderr);
		return CTL_USAGE;
	}
	if (help) {
		ctl_help(stdout);
		return ctl_flush(CTL_DONE);
	}
	if (optind == argc) {
		ctl_help(stderr);
		return CTL_USAGE;
	}
	verb = ctl_find(argv[optind]);
	if (verb == NULL || !ctl_fits(&ctl, verb, argc - optind - 1))
		return CTL_USAGE;
	ctl.word = argv[optind + 1]; /* NULL where there is none */
	ctl.second = ctl.word != NULL ? argv[optind + 2] : NULL;
	return ctl_flush(verb->run(&ctl));
}
