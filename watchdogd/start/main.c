/* watchdogd: parses the config, starts the other processes, starts again whichever ends, answers the
 * control socket. It decides nothing: that is the sentinel's. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/notify.h"
#include "base/root.h"
#include "config/config_parse.h"
#include "start/default_conf.h"
#include "start/supervisor.h"

#define MAIN_CONF "/etc/watchdogd/watchdogd.conf"

enum { MAIN_BAD_CONFIG = 2 };

static const char main_usage[] = "usage: watchdogd [-c FILE] [-n] [-v] [--root DIR]\n";

static int main_options(int argc, char **argv, struct supervisor_options *options)
{
	static const struct option names[] = {
		{"config", required_argument, NULL, 'c'}, {"dry-run", no_argument, NULL, 'n'},
		{"verbose", no_argument, NULL, 'v'},      {"root", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:nvh", names, NULL)) != -1) {
		if (c == 'c')
			options->path = optarg;
		else if (c == 'n')
			options->dry_run = true;
		else if (c == 'v')
			options->verbose = true;
		else if (c == 'r')
			options->root = optarg;
		else
			return c == 'h' ? 1 : -EINVAL;
	}
	return optind < argc ? -EINVAL : 0;
}

/* Without -c: the usual file where there is one, else the built-in config. */
static void main_choose_config(struct supervisor_options *options)
{
	if (options->path == NULL && access(MAIN_CONF, F_OK) == 0)
		options->path = MAIN_CONF;
	options->builtin = default_conf;
	options->builtin_bytes = strlen(default_conf);
}

int main(int argc, char **argv)
{
	struct supervisor_options options = {.root = ""};
	int error = main_options(argc, argv, &options);

	if (error != 0) {
		(void)fputs(main_usage, error < 0 ? stderr : stdout);
		return error < 0 ? MAIN_BAD_CONFIG : EXIT_SUCCESS;
	}
	main_choose_config(&options);
	root_set(options.root);
	diag_open(options.verbose);
	notify_open();
	error = supervisor_run(&options);
	return error == -EINVAL ? MAIN_BAD_CONFIG : error < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
