#include "systemd_units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "systemd_bus.h"

static bool systemd_units_is_same(const struct systemd_watch *watch, const struct plugin_unit *unit)
{
	return watch->id == unit->id && watch->uid == unit->uid && strcmp(watch->name, unit->systemd) == 0 &&
	       strcmp(watch->user, unit->user) == 0 && strcmp(watch->section, unit->name) == 0;
}

/* Take the one that goes on out of the old table, or make a new one; NULL: no memory. */
static struct systemd_watch *systemd_units_make(struct systemd_units *units, const struct plugin_unit *unit)
{
	bool of_user = unit->user[0] != '\0';
	struct systemd_watch *watch;

	for (size_t i = 0; i < units->count; i++) {
		watch = units->watch[i];
		if (watch == NULL || !systemd_units_is_same(watch, unit))
			continue;
		units->watch[i] = NULL;
		return watch;
	}
	watch = malloc(sizeof(*watch));
	if (watch != NULL)
		systemd_watch_init(watch, unit, units->host,
				   of_user && unit->uid == SYSTEMD_HOST
					   ? NULL
					   : units->context(of_user ? unit->uid : SYSTEMD_HOST));
	return watch;
}

static void systemd_units_drop(struct systemd_watch *watch)
{
	if (watch != NULL)
		systemd_watch_lose(watch);
	free(watch);
}

int systemd_units_set(struct systemd_units *units, const struct plugin_unit *unit, size_t count)
{
	struct systemd_watch **table = calloc(count + 1, sizeof(struct systemd_watch *));
	size_t used = 0;

	if (table == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (unit[i].systemd[0] == '\0')
			continue;
		table[used] = systemd_units_make(units, &unit[i]);
		if (table[used] != NULL)
			used++;
	}
	systemd_units_clear(units);
	units->watch = table;
	units->count = used;
	return 0;
}

struct systemd_watch *systemd_units_find(const struct systemd_units *units, uint64_t id)
{
	for (size_t i = 0; i < units->count; i++)
		if (units->watch[i]->id == id)
			return units->watch[i];
	return NULL;
}

struct systemd_watch *systemd_units_find_named(const struct systemd_units *units, const char *section,
					       const char *name)
{
	for (size_t i = 0; i < units->count; i++)
		if (strcmp(units->watch[i]->section, section) == 0 &&
		    strcmp(units->watch[i]->name, name) == 0)
			return units->watch[i];
	return NULL;
}

struct systemd_watch *systemd_units_find_tied(const struct systemd_units *units,
					      const struct systemd_context *context, const char *name)
{
	for (size_t i = 0; i < units->count; i++)
		if (units->watch[i]->context == context && systemd_watch_is_named(units->watch[i], name))
			return units->watch[i];
	return NULL;
}

struct systemd_news {
	const char *name;   /* of the unit it is about */
	uint32_t job;
	const char *result; /* of a job that is over */
	sd_bus_message *changed;
};

static void systemd_units_hand_on(const struct systemd_units *units, const struct systemd_context *context,
				  const struct systemd_news *news)
{
	for (size_t i = 0; i < units->count; i++) {
		struct systemd_watch *watch = units->watch[i];

		if (watch->context != context || !systemd_watch_is_named(watch, news->name))
			continue;
		if (news->changed != NULL && sd_bus_message_rewind(news->changed, 1) >= 0)
			systemd_watch_on_changed(watch, news->changed);
		else if (news->result != NULL)
			systemd_watch_on_job_removed(watch, news->job, news->result);
		else if (news->job != 0)
			systemd_watch_on_job_new(watch, news->job);
	}
}

static void systemd_units_on_changed(const struct systemd_units *units, const struct systemd_context *context,
				     sd_bus_message *signal)
{
	struct systemd_news news = {.changed = signal};
	const char *path = sd_bus_message_get_path(signal);
	char *name = NULL;

	if (path != NULL && sd_bus_path_decode(path, SYSTEMD_PATH "/unit", &name) > 0) {
		news.name = name;
		systemd_units_hand_on(units, context, &news);
	}
	free(name);
}

void systemd_units_on_signal(const struct systemd_units *units, struct systemd_context *context,
			     sd_bus_message *signal)
{
	struct systemd_news news = {0};
	const char *path;
	int reloading = 1;

	(void)sd_bus_message_rewind(signal, 1);
	if (sd_bus_message_is_signal(signal, SYSTEMD_PROPERTIES, "PropertiesChanged")) {
		systemd_units_on_changed(units, context, signal);
	} else if (sd_bus_message_is_signal(signal, SYSTEMD_MANAGER, "Reloading")) {
		/* Units went and came, without a signal of each. */
		if (sd_bus_message_read(signal, "b", &reloading) > 0 && !reloading)
			context->anew++;
	} else if (sd_bus_message_is_signal(signal, SYSTEMD_MANAGER, "JobRemoved")) {
		if (sd_bus_message_read(signal, "uoss", &news.job, &path, &news.name, &news.result) > 0)
			systemd_units_hand_on(units, context, &news);
	} else if (sd_bus_message_is_signal(signal, SYSTEMD_MANAGER, "JobNew")) {
		if (sd_bus_message_read(signal, "uos", &news.job, &path, &news.name) > 0)
			systemd_units_hand_on(units, context, &news);
	}
}

void systemd_units_lose(const struct systemd_units *units, const struct systemd_context *context)
{
	for (size_t i = 0; i < units->count; i++)
		if (units->watch[i]->context == context)
			systemd_watch_lose(units->watch[i]);
}

void systemd_units_run(const struct systemd_units *units)
{
	size_t reads = 0;

	for (size_t i = 0; i < units->count; i++)
		reads += systemd_watch_is_reading(units->watch[i]);
	for (size_t i = 0; i < units->count; i++) {
		bool was = systemd_watch_is_reading(units->watch[i]);

		systemd_watch_run(units->watch[i], reads < SYSTEMD_READS_MAX);
		reads += !was && systemd_watch_is_reading(units->watch[i]);
	}
}

void systemd_units_prepare(const struct systemd_units *units, int *timeout_ms)
{
	for (size_t i = 0; i < units->count; i++)
		systemd_watch_prepare(units->watch[i], timeout_ms);
}

void systemd_units_clear(struct systemd_units *units)
{
	for (size_t i = 0; i < units->count; i++)
		systemd_units_drop(units->watch[i]);
	free(units->watch);
	units->watch = NULL;
	units->count = 0;
}
