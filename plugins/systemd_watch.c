#include "systemd_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/buffer.h"
#include "share/message.h"
#include "systemd_tell.h"
#include "systemd_ties.h"
#include "systemd_unit.h"
#include "systemd_units.h"

enum {
	SYSTEMD_WATCH_LOOK_MS = 1000,   /* a look is answered by then */
	SYSTEMD_WATCH_SILENT_MS = 1000, /* without a connection for so long, that is told */
	SYSTEMD_WATCH_AGAIN_MS = 10000, /* after a reading that systemd refused */
};

static void systemd_watch_set(char *to, size_t size, const char *text)
{
	struct buffer out;

	buffer_init(&out, to, size);
	buffer_add(&out, text);
}

void systemd_watch_init(struct systemd_watch *watch, const struct plugin_unit *unit,
			const struct plugin_host *host, struct systemd_context *context)
{
	memset(watch, 0, sizeof(*watch));
	watch->host = host;
	watch->context = context;
	watch->id = unit->id;
	watch->uid = unit->uid;
	systemd_watch_set(watch->name, sizeof(watch->name), unit->systemd);
	systemd_watch_set(watch->section, sizeof(watch->section), unit->name);
	systemd_watch_set(watch->user, sizeof(watch->user), unit->user);
	for (size_t i = 0; i < SYSTEMD_WATCH_CALLS; i++)
		watch->call[i].watch = watch;
}

static void systemd_watch_cancel(struct systemd_watch *watch)
{
	for (size_t i = 0; i < SYSTEMD_WATCH_TYPE; i++)
		watch->call[i].slot = sd_bus_slot_unref(watch->call[i].slot);
}

bool systemd_watch_is_reading(const struct systemd_watch *watch)
{
	for (size_t i = 0; i < SYSTEMD_WATCH_TYPE; i++)
		if (watch->call[i].slot != NULL)
			return true;
	return false;
}

bool systemd_watch_is_named(const struct systemd_watch *watch, const char *name)
{
	return strcmp(name, watch->name) == 0 || strcmp(name, watch->props.id) == 0;
}

/* A reading anew, so that what is answered was so after it was asked. */
void systemd_watch_look(struct systemd_watch *watch)
{
	systemd_watch_cancel(watch);
	watch->read_wanted = true;
	if (watch->look_by == 0)
		watch->look_by = clock_mono() + SYSTEMD_WATCH_LOOK_MS;
	if (watch->purpose.job.number != 0 && !watch->purpose.job.stop && !watch->purpose.job.restart)
		watch->purpose.job.wants_type = true;
}

void systemd_watch_lose(struct systemd_watch *watch)
{
	systemd_watch_cancel(watch);
	watch->call[SYSTEMD_WATCH_TYPE].slot = sd_bus_slot_unref(watch->call[SYSTEMD_WATCH_TYPE].slot);
	watch->was_down = watch->known ? systemd_props_is_down(&watch->props) : watch->was_down;
	watch->known = false;
	systemd_purpose_lose(&watch->purpose);
}

void systemd_watch_on_changed(struct systemd_watch *watch, sd_bus_message *signal)
{
	struct systemd_props before = watch->props;
	const char *interface;

	if (sd_bus_message_read(signal, "s", &interface) <= 0)
		return;
	if (!systemd_props_take_all(&watch->props, signal))
		watch->read_wanted = true;
	watch->half = strcmp(interface, SYSTEMD_NAME ".Unit") != 0;
	/* Only a start loads what was not there before. And what ends by itself passes through "failed" or
	 * "inactive" to "auto-restart" in one step of systemd that signals both: the answer comes after it. */
	if (strcmp(watch->props.load, "loaded") != 0 ||
	    (systemd_props_is_up(&before) && systemd_props_is_down(&watch->props) && watch->props.job == 0))
		watch->read_wanted = true;
	systemd_purpose_note(&watch->purpose, &before, &watch->props);
}

void systemd_watch_on_job_new(struct systemd_watch *watch, uint32_t number)
{
	systemd_purpose_announce(&watch->purpose, number, &watch->props);
	/* A unit that was just loaded has no PropertiesChanged before it. */
	if (watch->props.job != number)
		watch->read_wanted = true;
}

void systemd_watch_on_job_removed(struct systemd_watch *watch, uint32_t number, const char *result)
{
	if (watch->props.job == number)
		watch->props.job = 0;
	if (systemd_purpose_end(&watch->purpose, number, result, &watch->props) &&
	    watch->call[SYSTEMD_WATCH_TYPE].slot == NULL)
		systemd_purpose_take_type(&watch->purpose, NULL, &watch->props);
}

static int systemd_watch_on_type(sd_bus_message *reply, void *arg, sd_bus_error *unused)
{
	struct systemd_watch_call *call = arg;
	struct systemd_watch *watch = call->watch;
	const char *type = NULL;

	(void)unused;
	/* The connection broke: whoever loses it looks after that. */
	if (sd_bus_is_open(sd_bus_message_get_bus(reply)) <= 0)
		return 0;
	call->slot = sd_bus_slot_unref(call->slot);
	if (watch->type_of != watch->purpose.job.number)
		return 0;
	if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "v", "s", &type) <= 0)
		type = NULL;
	systemd_purpose_take_type(&watch->purpose, type, &watch->props);
	return 0;
}

static void systemd_watch_refused(struct systemd_watch *watch, const sd_bus_error *error)
{
	struct buffer out;

	BUFFER_OVER(&out, watch->wrong);
	watch->error = systemd_unit_explain(error, watch->name, &out);
	/* A name that none can have. */
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_OBJECT) ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_INVALID_ARGS))
		watch->error = -ENOENT;
}

bool systemd_watch_is_up(const struct systemd_watch *watch)
{
	return watch->known && watch->error == 0 && watch->props.active[0] != '\0' &&
	       !systemd_props_is_down(&watch->props);
}

/* By its own files, as systemd may not have loaded this one yet when the other is read. */
static void systemd_watch_on_tie(void *arg, const char *name, const char *why)
{
	struct systemd_watch *watch = arg;
	struct systemd_watch *other = systemd_units_find_tied(watch->context->units, watch->context, name);
	char text[TEXT_BYTES];
	struct buffer out;

	if (other == NULL || other->tie_told || systemd_watch_is_named(watch, name))
		return;
	other->tie_told = true;
	BUFFER_OVER(&out, text);
	buffer_addf(&out, "a stop of %s would stop %s too (%s): while that is active, no step does it",
		    other->name, watch->name, why);
	watch->host->log(LOG_WARNING, text);
}

static void systemd_watch_on_all(struct systemd_watch *watch, sd_bus_message *reply)
{
	struct systemd_props before = watch->props;
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	watch->error = 0;
	if (error != NULL) {
		systemd_watch_refused(watch, error);
	} else if (!systemd_props_take_all(&watch->props, reply)) {
		watch->error = -EPROTO;
		systemd_watch_set(watch->wrong, sizeof(watch->wrong), "systemd's answer is not understood");
	} else {
		systemd_purpose_note(&watch->purpose, &before, &watch->props);
		systemd_ties_read(reply, SYSTEMD_TIES_IS_TAKEN, systemd_watch_on_tie, watch);
	}
}

static void systemd_watch_finish(struct systemd_watch *watch)
{
	watch->known = true;
	watch->half = false;
	watch->read_at = watch->error != 0 ? clock_mono() + SYSTEMD_WATCH_AGAIN_MS : 0;
	if (watch->error == 0 && watch->catch_up) {
		watch->catch_up = false;
		if (!watch->was_down)
			systemd_purpose_catch_up(&watch->purpose, &watch->props);
	}
}

static int systemd_watch_on_answer(sd_bus_message *reply, void *arg, sd_bus_error *unused)
{
	struct systemd_watch_call *call = arg;
	struct systemd_watch *watch = call->watch;
	size_t i = (size_t)(call - watch->call);

	(void)unused;
	if (sd_bus_is_open(sd_bus_message_get_bus(reply)) <= 0)
		return 0;
	call->slot = sd_bus_slot_unref(call->slot);
	if (i == 0)
		systemd_watch_on_all(watch, reply);
	else if (!sd_bus_message_is_method_error(reply, NULL))
		systemd_props_take(&watch->props, systemd_props_own[i - 1], reply);
	if (!systemd_watch_is_reading(watch))
		systemd_watch_finish(watch);
	return 0;
}

/* GetAll of the interface Unit, which is of one instant; those of its kind's interface one by one, as the
 * whole of that one has systemd read a dozen files of the cgroup. */
static int systemd_watch_ask(struct systemd_watch *watch, const char *path)
{
	sd_bus *bus = watch->context->bus.bus;
	char interface[96];
	struct buffer out;
	int r;

	BUFFER_OVER(&out, interface);
	systemd_unit_add_interface(&out, watch->name);
	r = sd_bus_call_method_async(bus, &watch->call[0].slot, SYSTEMD_NAME, path, SYSTEMD_PROPERTIES, "GetAll",
				     systemd_watch_on_answer, &watch->call[0], "s", SYSTEMD_NAME ".Unit");
	for (size_t i = 0; i < SYSTEMD_PROPS_OWN && r >= 0; i++)
		r = sd_bus_call_method_async(bus, &watch->call[1 + i].slot, SYSTEMD_NAME, path,
					     SYSTEMD_PROPERTIES, "Get", systemd_watch_on_answer,
					     &watch->call[1 + i], "ss", interface, systemd_props_own[i]);
	return r;
}

static void systemd_watch_read(struct systemd_watch *watch)
{
	char *path = NULL;
	/* systemd loads the unit for that, if it has it not, and drops it again; hence nothing is read for
	 * its signals UnitNew and UnitRemoved. */
	int r = sd_bus_path_encode(SYSTEMD_PATH "/unit", watch->name, &path);

	watch->read_wanted = false;
	watch->read_at = 0;
	watch->catch_up = watch->catch_up || watch->seen_anew != watch->context->anew;
	watch->seen_anew = watch->context->anew;
	if (r >= 0)
		r = systemd_watch_ask(watch, path);
	free(path);
	if (r >= 0)
		return;
	systemd_watch_cancel(watch);
	watch->read_at = clock_mono() + SYSTEMD_WATCH_AGAIN_MS;
}

static void systemd_watch_ask_type(struct systemd_watch *watch)
{
	struct systemd_watch_call *call = &watch->call[SYSTEMD_WATCH_TYPE];
	char path[64];
	struct buffer out;

	watch->purpose.job.wants_type = false;
	watch->type_of = watch->purpose.job.number;
	call->slot = sd_bus_slot_unref(call->slot);
	BUFFER_OVER(&out, path);
	buffer_addf(&out, SYSTEMD_PATH "/job/%u", watch->type_of);
	if (sd_bus_call_method_async(watch->context->bus.bus, &call->slot, SYSTEMD_NAME, path, SYSTEMD_PROPERTIES,
				     "Get", systemd_watch_on_type, call, "ss", SYSTEMD_NAME ".Job", "JobType") < 0)
		systemd_purpose_take_type(&watch->purpose, NULL, &watch->props);
}

static void systemd_watch_ask_what_is_due(struct systemd_watch *watch, bool may_read)
{
	if (watch->seen_anew != watch->context->anew ||
	    (watch->read_at != 0 && clock_mono() >= watch->read_at))
		watch->read_wanted = true;
	if (watch->read_wanted && (may_read || watch->look_by != 0) && !systemd_watch_is_reading(watch))
		systemd_watch_read(watch);
	if (watch->purpose.job.wants_type)
		systemd_watch_ask_type(watch);
}

/* No answer is to be had: there is nobody to ask, not for a while, or not in time for a look. */
static bool systemd_watch_is_without(const struct systemd_watch *watch, mono_ms now)
{
	const struct systemd_context *context = watch->context;

	/* A user's systemd that is not there comes with the user, not within a second. */
	if (context == NULL || (context->bus.uid != SYSTEMD_HOST && context->bus.bus == NULL &&
				context->bus.error == -ENOENT))
		return true;
	if (watch->look_by != 0)
		return now >= watch->look_by;
	return !context->bus.ready && now >= context->lost_at + SYSTEMD_WATCH_SILENT_MS;
}

void systemd_watch_run(struct systemd_watch *watch, bool may_read)
{
	bool open;

	if (watch->context != NULL && watch->context->bus.ready)
		systemd_watch_ask_what_is_due(watch, may_read);
	open = watch->read_wanted || systemd_watch_is_reading(watch) ||
	       (watch->look_by != 0 && watch->call[SYSTEMD_WATCH_TYPE].slot != NULL);
	if (watch->known && !open)
		systemd_tell(watch, systemd_tell_bits(watch));
	else if (systemd_watch_is_without(watch, clock_mono()))
		systemd_tell(watch, UNIT_NO_ANSWER);
}

void systemd_watch_prepare(const struct systemd_watch *watch, int *timeout_ms)
{
	const struct systemd_context *context = watch->context;

	if (context == NULL)
		return;
	if (watch->look_by != 0)
		systemd_bus_lower(timeout_ms, watch->look_by);
	if (watch->read_at != 0 && context->bus.ready)
		systemd_bus_lower(timeout_ms, watch->read_at);
	if ((watch->told_bits & UNIT_RESTART_JOB) && watch->purpose.restarted_until != 0 && watch->known)
		systemd_bus_lower(timeout_ms, watch->purpose.restarted_until);
	if ((watch->told_bits & UNIT_STOP_DOWN) && watch->known)
		systemd_bus_lower(timeout_ms, watch->purpose.stopped_down_until);
	if (!context->bus.ready && !(watch->told && watch->told_bits == UNIT_NO_ANSWER))
		systemd_bus_lower(timeout_ms, context->lost_at + SYSTEMD_WATCH_SILENT_MS);
}
