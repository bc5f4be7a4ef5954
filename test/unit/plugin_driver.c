#include "plugin_driver.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

struct driver driver;

static void driver_answer(uint64_t id, int result, const char *text)
{
	struct driver_answer *answer = &driver.answer[driver.answers++ % DRIVER_ANSWERS_MAX];

	answer->id = id;
	answer->result = result;
	(void)snprintf(answer->text, sizeof(answer->text), "%s", text);
}

static int driver_begin(uint64_t id)
{
	(void)id;
	driver.begun++;
	return driver.begin;
}

static void driver_log(int level, const char *text)
{
	(void)level;
	driver.logs++;
	(void)snprintf(driver.log, sizeof(driver.log), "%s", text);
}

static void driver_report(enum driver_said said, uint64_t unit, int result, int32_t pid, const char *text,
			  size_t len)
{
	struct driver_report *report = &driver.report[driver.reports++ % DRIVER_REPORTS_MAX];

	*report = (struct driver_report){.said = said, .unit = unit, .result = result, .pid = pid};
	memcpy(report->text, text, len < sizeof(report->text) ? len : sizeof(report->text) - 1);
}

static void driver_unit(uint64_t unit, unsigned bits, int32_t pid, const char *text)
{
	driver_report(DRIVER_UNIT, unit, (int)bits, pid, text, strlen(text));
}

static void driver_alive(uint64_t unit, int result, const char *text)
{
	driver_report(DRIVER_ALIVE, unit, result, 0, text, strlen(text));
}

static void driver_line(uint64_t unit, const char *line, size_t len)
{
	driver_report(DRIVER_LINE, unit, (int)len, 0, line, len);
}

static void driver_sent(uint64_t delivery, enum plugin_sent result, uint32_t again_ms, const char *text)
{
	struct driver_sent *sent = &driver.sent[driver.sents++ % DRIVER_SENT_MAX];

	*sent = (struct driver_sent){.delivery = delivery, .result = result, .again_ms = again_ms};
	(void)snprintf(sent->text, sizeof(sent->text), "%s", text);
}

static void driver_talk(uint64_t delivery, const char *line)
{
	size_t len = strlen(driver.talk);

	(void)delivery;
	(void)snprintf(driver.talk + len, sizeof(driver.talk) - len, "%s\n", line);
}

static const struct state *driver_state(void)
{
	return driver.state;
}

static int driver_channel(size_t i, struct plugin_standing *standing)
{
	(void)i;
	(void)standing;
	return 0;
}

static void driver_lasted(const struct lasting_of *of, const struct lasting *rows, size_t count)
{
	(void)of;
	(void)rows;
	(void)count;
}

const struct plugin_host *driver_host(void)
{
	static const struct plugin_host host = {
		.answer = driver_answer, .begin = driver_begin, .log = driver_log,
		.unit = driver_unit, .alive = driver_alive, .line = driver_line,
		.sent = driver_sent, .talk = driver_talk, .state = driver_state, .channel = driver_channel,
		.lasted = driver_lasted,
	};

	memset(&driver, 0, sizeof(driver));
	return &host;
}

static void driver_turn(const struct plugin *plugin, int for_ms)
{
	struct pollfd fds[128];
	int timeout_ms = for_ms, rows = plugin->prepare(fds, 128, &timeout_ms);

	if (driver.also != NULL && timeout_ms > 5)
		timeout_ms = 5;
	(void)poll(fds, (nfds_t)rows, timeout_ms);
	plugin->dispatch(fds, rows);
	if (driver.also != NULL)
		driver.also();
}

static const struct driver_answer *driver_find(uint64_t id)
{
	for (int i = 0; i < driver.answers && i < DRIVER_ANSWERS_MAX; i++)
		if (driver.answer[i].id == id)
			return &driver.answer[i];
	return NULL;
}

const struct driver_answer *driver_wait(const struct plugin *plugin, uint64_t id, int for_ms)
{
	mono_ms end = clock_mono() + (mono_ms)for_ms, now;

	while (driver_find(id) == NULL && (now = clock_mono()) < end)
		driver_turn(plugin, (int)(end - now));
	return driver_find(id);
}

static const struct driver_sent *driver_find_sent(uint64_t delivery)
{
	for (int i = 0; i < driver.sents && i < DRIVER_SENT_MAX; i++)
		if (driver.sent[i].delivery == delivery)
			return &driver.sent[i];
	return NULL;
}

const struct driver_sent *driver_wait_sent(const struct plugin *plugin, uint64_t delivery, int for_ms)
{
	mono_ms end = clock_mono() + (mono_ms)for_ms, now;

	while (driver_find_sent(delivery) == NULL && (now = clock_mono()) < end)
		driver_turn(plugin, (int)(end - now));
	return driver_find_sent(delivery);
}

void driver_run(const struct plugin *plugin, int for_ms)
{
	(void)driver_wait(plugin, UINT64_MAX, for_ms);
}
