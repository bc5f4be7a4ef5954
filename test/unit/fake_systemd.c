#include "fake_systemd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATH "/org/freedesktop/systemd1"

struct fake fake;
static char dir[64], path[96];

static const char *text_of(const char *text)
{
	return text != NULL ? text : "";
}

static const char *id_of(const struct fake_unit *unit)
{
	return unit->id != NULL ? unit->id : unit->name;
}

struct fake_unit *fake_add(const char *name, const char *active, const char *sub, unsigned char invocation)
{
	struct fake_unit *unit = fake.unit;

	while (unit->name != NULL)
		unit++;
	*unit = (struct fake_unit){.name = name, .load = "loaded", .active = active, .sub = sub,
				   .result = "success", .invocation = invocation};
	return unit;
}

void fake_send_job_removed(const struct fake_unit *unit, uint32_t job, const char *result)
{
	char at[64];

	(void)snprintf(at, sizeof(at), PATH "/job/%u", job);
	assert_true(sd_bus_emit_signal(fake.bus, PATH, FAKE_MANAGER, "JobRemoved", "uoss", job, at, id_of(unit),
				       result) >= 0);
}

void fake_send_job_new(const struct fake_unit *unit, uint32_t job)
{
	char at[64];

	(void)snprintf(at, sizeof(at), PATH "/job/%u", job);
	assert_true(sd_bus_emit_signal(fake.bus, PATH, FAKE_MANAGER, "JobNew", "uos", job, at, id_of(unit)) >= 0);
}

void fake_send_reloading(int active)
{
	assert_true(sd_bus_emit_signal(fake.bus, PATH, FAKE_MANAGER, "Reloading", "b", active) >= 0);
}

static void add_text(sd_bus_message *m, const char *name, const char *value)
{
	assert_true(sd_bus_message_append(m, "{sv}", name, "s", text_of(value)) >= 0);
}

static void add_instant(sd_bus_message *m, const char *name, uint64_t value)
{
	assert_true(sd_bus_message_append(m, "{sv}", name, "t", value) >= 0);
}

static void add_names(sd_bus_message *m, const char *name, const char *value)
{
	if (value != NULL)
		assert_true(sd_bus_message_append(m, "{sv}", name, "as", 2, "unwatched.service", value) >= 0);
	else
		assert_true(sd_bus_message_append(m, "{sv}", name, "as", 0) >= 0);
}

static void add_invocation(sd_bus_message *m, const struct fake_unit *unit)
{
	unsigned char id[16] = {unit->invocation};

	assert_true(sd_bus_message_open_container(m, 'e', "sv") >= 0);
	assert_true(sd_bus_message_append(m, "s", "InvocationID") >= 0);
	assert_true(sd_bus_message_open_container(m, 'v', "ay") >= 0);
	assert_true(sd_bus_message_append_array(m, 'y', id, unit->invocation != 0 ? 16 : 0) >= 0);
	assert_true(sd_bus_message_close_container(m) >= 0);
	assert_true(sd_bus_message_close_container(m) >= 0);
}

/* Of the interface Unit: all that a change tells, and with `all` what only GetAll does. */
static void add_unit(sd_bus_message *m, const struct fake_unit *unit, int all)
{
	char at[64] = "/";

	if (unit->job != 0)
		(void)snprintf(at, sizeof(at), PATH "/job/%u", unit->job);
	assert_true(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
	add_text(m, "ActiveState", unit->active);
	add_text(m, "SubState", unit->sub);
	assert_true(sd_bus_message_append(m, "{sv}", "Job", "(uo)", unit->job, at) >= 0);
	add_invocation(m, unit);
	add_instant(m, "ConditionTimestampMonotonic", unit->condition_us);
	add_instant(m, "ActiveExitTimestampMonotonic", unit->active_exit_us);
	if (all) {
		add_text(m, "Id", id_of(unit));
		add_text(m, "LoadState", unit->load);
		add_names(m, "RequiredBy", unit->required_by);
		add_names(m, "BoundBy", unit->bound_by);
		add_names(m, "PropagatesStopTo", unit->propagates);
		add_names(m, "ConsistsOf", unit->consists);
		add_names(m, "BindsTo", unit->binds_to);
	}
	assert_true(sd_bus_message_close_container(m) >= 0);
}

static void send_changed(const struct fake_unit *unit, int own)
{
	sd_bus_message *m = NULL;
	char *at = NULL;

	assert_true(sd_bus_path_encode(PATH "/unit", id_of(unit), &at) >= 0);
	assert_true(sd_bus_message_new_signal(fake.bus, &m, at, "org.freedesktop.DBus.Properties",
					      "PropertiesChanged") >= 0);
	assert_true(sd_bus_message_append(m, "s",
					  own ? "org.freedesktop.systemd1.Service"
					      : "org.freedesktop.systemd1.Unit") >= 0);
	if (own)
		assert_true(sd_bus_message_append(m, "a{sv}", 3, "MainPID", "u", unit->pid, "Result", "s",
						  unit->result, "ExecMainExitTimestampMonotonic", "t",
						  unit->main_exit_us) >= 0);
	else
		add_unit(m, unit, 0);
	assert_true(sd_bus_message_append(m, "as", 0) >= 0);
	assert_true(sd_bus_send(fake.bus, m, NULL) >= 0);
	sd_bus_message_unref(m);
	free(at);
}

void fake_send_changed(const struct fake_unit *unit)
{
	send_changed(unit, 1);
	send_changed(unit, 0);
}

static void fake_end(void)
{
	fake.due = 0;
	fake.unit[0].job = 0;
	fake.unit[0].active = fake.then_active;
	fake.unit[0].sub = fake.then_sub;
	if (fake.removed != NULL)
		assert_true(sd_bus_emit_signal(fake.bus, PATH, FAKE_MANAGER, "JobRemoved", "uoss", 7,
					       fake.job_path, "xtts_server.service", fake.removed) >= 0);
}

static int fake_call(sd_bus_message *call)
{
	const char *unit, *mode;

	assert_true(sd_bus_message_read(call, "ss", &unit, &mode) > 0);
	(void)snprintf(fake.asked, sizeof(fake.asked), "%s %s %s", sd_bus_message_get_member(call), unit, mode);
	fake.calls++;
	(void)snprintf(fake.job_path, sizeof(fake.job_path), PATH "/job/%d", fake.calls);
	fake.subscribed_before_call = fake.subscribed;
	if (fake.error != NULL)
		return sd_bus_reply_method_errorf(call, fake.error, "as \"%s\"\n says", fake.error);
	if (fake.before_reply)
		fake_end();
	else
		fake.due = clock_mono() + (mono_ms)fake.late_ms;
	if (fake.calls == fake.cut_at_call) {
		sd_bus_close(fake.bus);
		return 0;
	}
	return sd_bus_reply_method_return(call, "o", fake.job_path);
}

/* "SetUnitProperties x.service MemoryHigh=123". */
static int fake_set(sd_bus_message *call)
{
	const char *unit, *name;
	uint64_t value;

	assert_true(sd_bus_message_read(call, "sb", &unit, &fake.runtime) > 0);
	assert_true(sd_bus_message_read(call, "a(sv)", 1, &name, "t", &value) > 0);
	(void)snprintf(fake.asked, sizeof(fake.asked), "%s %s %s=%llu", sd_bus_message_get_member(call), unit, name,
		       (unsigned long long)value);
	fake.sets++;
	if (fake.error != NULL)
		return sd_bus_reply_method_errorf(call, fake.error, "as \"%s\"\n says", fake.error);
	if (!fake.forgets_high)
		fake.high = value;
	if (fake.sets == fake.cut_at_call) {
		sd_bus_close(fake.bus);
		return 0;
	}
	return sd_bus_reply_method_return(call, "");
}

static const struct fake_unit *fake_find(const char *at)
{
	const struct fake_unit *found = NULL;
	char *name = NULL;

	if (sd_bus_path_decode(at, PATH "/unit", &name) <= 0)
		return NULL;
	for (size_t i = 0; i < FAKE_UNITS_MAX && fake.unit[i].name != NULL; i++)
		if (strcmp(fake.unit[i].name, name) == 0 || strcmp(id_of(&fake.unit[i]), name) == 0)
			found = &fake.unit[i];
	free(name);
	return found;
}

static int fake_get_job(sd_bus_message *call)
{
	unsigned job = 0;

	if (sscanf(sd_bus_message_get_path(call), PATH "/job/%u", &job) != 1)
		job = 0;
	for (size_t i = 0; i < FAKE_UNITS_MAX && job != 0; i++)
		if (fake.unit[i].job == job && fake.unit[i].job_type != NULL)
			return sd_bus_reply_method_return(call, "v", "s", fake.unit[i].job_type);
	return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_OBJECT, "no such job");
}

static int fake_get(sd_bus_message *call)
{
	const struct fake_unit *unit = fake_find(sd_bus_message_get_path(call));
	const char *interface, *name;

	assert_true(sd_bus_message_read(call, "ss", &interface, &name) > 0);
	if (strcmp(name, "JobType") == 0)
		return fake_get_job(call);
	if (unit == NULL)
		return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_OBJECT, "another unit");
	if (strcmp(name, "ActiveState") == 0)
		return sd_bus_reply_method_return(call, "v", "s", unit->active);
	if (strcmp(name, "SubState") == 0)
		return sd_bus_reply_method_return(call, "v", "s", unit->sub);
	if (strcmp(name, "Job") == 0)
		return sd_bus_reply_method_return(call, "v", "(uo)", unit->job, unit->job ? fake.job_path : "/");
	if (strcmp(interface, "org.freedesktop.systemd1.Service") != 0)
		return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_INTERFACE, "no");
	if (strcmp(name, "ControlGroup") == 0)
		return sd_bus_reply_method_return(call, "v", "s", text_of(fake.cgroup));
	if (strcmp(name, "MemoryHigh") == 0)
		return sd_bus_reply_method_return(call, "v", "t", fake.high);
	if (strcmp(name, "Result") == 0)
		return sd_bus_reply_method_return(call, "v", "s", unit->result);
	if (strcmp(name, "MainPID") == 0)
		return sd_bus_reply_method_return(call, "v", "u", unit->pid);
	if (strcmp(name, "RestartUSec") == 0)
		return sd_bus_reply_method_return(call, "v", "t", unit->restart_us);
	assert_string_equal(name, "ExecMainExitTimestampMonotonic");
	return sd_bus_reply_method_return(call, "v", "t", unit->main_exit_us);
}

static int fake_get_all(sd_bus_message *call)
{
	const struct fake_unit *unit = fake_find(sd_bus_message_get_path(call));
	const struct fake_unit none = {.load = "not-found", .active = "inactive", .sub = "dead"};
	sd_bus_message *reply = NULL;
	int r;

	fake.reads++;
	if (fake.read_error != NULL)
		return sd_bus_reply_method_errorf(call, fake.read_error, "so it is");
	assert_true(sd_bus_message_new_method_return(call, &reply) >= 0);
	add_unit(reply, unit != NULL ? unit : &none, 1);
	r = sd_bus_send(fake.bus, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static int fake_on_message(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	const char *name = sd_bus_message_get_member(call);

	(void)arg;
	(void)error;
	if (name == NULL || fake.deaf)
		return 1;
	(void)snprintf(fake.last, sizeof(fake.last), "%s", name);
	if (strcmp(name, "Hello") == 0)
		return sd_bus_reply_method_return(call, "s", ":1.1");
	if (strcmp(name, "AddMatch") == 0)
		return sd_bus_reply_method_return(call, "");
	if (strcmp(name, "Subscribe") == 0) {
		fake.subscribed++;
		return sd_bus_reply_method_return(call, "");
	}
	if (strcmp(name, "ResetFailedUnit") == 0) {
		fake.resets++;
		return sd_bus_reply_method_return(call, "");
	}
	if (strncmp(name, "Get", 3) == 0 && fake.deaf_to_reads)
		return 1;
	if (strcmp(name, "Get") == 0)
		return fake_get(call);
	if (strcmp(name, "GetAll") == 0)
		return fake_get_all(call);
	if (strcmp(name, "SetUnitProperties") == 0)
		return fake_set(call);
	if (strcmp(name, "StopUnit") == 0 || strcmp(name, "StartUnit") == 0)
		return fake_call(call);
	return 0;
}

static void fake_accept(void)
{
	sd_id128_t id = {.bytes = {1}};
	int fd = accept4(fake.listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	fake.connections++;
	fake.subscribed = 0;
	fake.bus = sd_bus_close_unref(fake.bus);
	assert_true(sd_bus_new(&fake.bus) >= 0);
	assert_true(sd_bus_set_fd(fake.bus, fd, fd) >= 0);
	assert_true(sd_bus_set_server(fake.bus, 1, id) >= 0);
	assert_true(sd_bus_set_anonymous(fake.bus, 1) >= 0);
	assert_true(sd_bus_set_sender(fake.bus, ":1.0") >= 0); /* as a bus daemon fills it in */
	assert_true(sd_bus_add_filter(fake.bus, NULL, fake_on_message, NULL) >= 0);
	assert_true(sd_bus_start(fake.bus) >= 0);
}

void fake_turn(void)
{
	if (fake.listening >= 0)
		fake_accept();
	while (fake.bus != NULL && sd_bus_is_open(fake.bus) > 0 && sd_bus_process(fake.bus, NULL) > 0)
		;
	if (fake.due != 0 && clock_mono() >= fake.due && fake.bus != NULL && sd_bus_is_open(fake.bus) > 0)
		fake_end();
}

void fake_come_back(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	(void)snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	(void)unlink(path);
	fake.listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fake.listening >= 0);
	assert_int_equal(bind(fake.listening, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fake.listening, 8), 0);
}

void fake_go_away(void)
{
	if (fake.listening >= 0)
		(void)close(fake.listening);
	fake.listening = -1;
	(void)unlink(path);
	fake.bus = sd_bus_close_unref(fake.bus);
}

void fake_open(int as_user)
{
	char address[128];

	memset(&fake, 0, sizeof(fake));
	(void)snprintf(dir, sizeof(dir), "/tmp/test-systemd-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/systemd", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), as_user ? "%s/systemd/private" : "%s/bus", dir);
	(void)snprintf(address, sizeof(address), "unix:path=%s/%s", dir, as_user ? "nobody-listens" : "bus");
	assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1), 0);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", dir, 1), 0);
	fake_come_back();
}

void fake_close(void)
{
	char line[80];

	fake_go_away();
	(void)snprintf(line, sizeof(line), "rm -rf %s", dir);
	assert_int_equal(system(line), 0);
}
