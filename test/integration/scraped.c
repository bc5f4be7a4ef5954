/* A plugin of the metrics in a small worker, with a made-up state page and channels: for tests with a real
 * Prometheus. Runs until it is killed, or main is gone.
 *     scraped PLUGIN.so LISTEN TEXTFILE      "" for none */
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "../unit/make_page.h"
#include "base/clock.h"
#include "share/plugin.h"

static struct state page;

/* It ticks, as a sentinel's does. */
static const struct state *scraped_state(void)
{
	page.tick = clock_mono();
	page.looks++;
	return &page;
}

static void scraped_log(int level, const char *text)
{
	(void)fprintf(stderr, "<%d>%s\n", level, text);
}

static const struct plugin_host scraped_host = {
	.log = scraped_log, .state = scraped_state, .channel = make_page_channel};

/* The scribe has no channels. */
static const struct plugin_host scraped_host_of_scribe = {.log = scraped_log, .state = scraped_state};

static void scraped_turn(const struct plugin *plugin)
{
	struct pollfd fds[16];
	int timeout_ms = 1000, rows = plugin->prepare(fds, 16, &timeout_ms);

	(void)poll(fds, (nfds_t)rows, timeout_ms);
	plugin->dispatch(fds, rows);
}

int main(int argc, char **argv)
{
	struct plugin_settings settings = {.listen = argc > 2 ? argv[2] : "", .textfile = argc > 3 ? argv[3] : ""};
	void *object = argc == 4 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
	const struct plugin *plugin = object != NULL ? dlsym(object, "plugin") : NULL;

	if (plugin == NULL || plugin->abi != PLUGIN_ABI) {
		(void)fprintf(stderr, "usage: scraped PLUGIN.so LISTEN TEXTFILE; %s\n", object == NULL ? dlerror() : "");
		return 2;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	make_page(&page, clock_mono() + 1000000);
	page.started = clock_mono();
	if (plugin->open(settings.listen[0] != '\0' ? &scraped_host : &scraped_host_of_scribe) != 0)
		return 1;
	plugin->settings(&settings);
	plugin->warm();
	for (;;)
		scraped_turn(plugin);
}
