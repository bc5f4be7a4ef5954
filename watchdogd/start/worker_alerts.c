#include "start/worker_alerts.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "deliver/report_processes.h"
#include "share/delivery.h"
#include "start/worker_settings.h"
#include "start/worker_units.h"

enum { ALERTS_READ_MAX = 256 }; /* messages of one turn */

/* Who is at the other end of the scribe's links. */
static const enum ledger_with alerts_deliverers[WORKER_ALERTS_ROWS] = {WITH_MESSENGER, WITH_ACTOR};

void worker_alerts_init(struct worker_alerts *alerts, struct worker_requests *requests)
{
	*alerts = (struct worker_alerts){.requests = requests, .spool_link = {MESSAGE_FD_SPOOL, MESSAGE_FD_SPOOL_ACTOR}};
}

const struct state *worker_alerts_state(struct worker_alerts *alerts)
{
	if (alerts->state == NULL)
		alerts->state = state_map(MESSAGE_FD_STATE);
	return alerts->state;
}

/* --- what the engine says --- */

/* Of what has left the ledger, and of the spool's backlog, the sentinel wants to hear nothing: so there are never more
 * answers than the ledger has places. */
static void alerts_answer(struct worker_alerts *alerts, enum message_type type, uint64_t id, int result, const char *text)
{
	struct worker_requests *requests = alerts->requests;

	if (ledger_find(requests->ledger, id) != NULL)
		worker_answers_add(&requests->answers, requests->link, type, id, result, text);
}

static void alerts_have(void *arg, uint64_t id)
{
	alerts_answer(arg, MESSAGE_HAVE, id, 0, "");
}

static void alerts_done(void *arg, uint64_t id)
{
	alerts_answer(arg, MESSAGE_DONE, id, 0, "");
}

/* A line of the conversation that finds no room is left out, its end is not. */
static void alerts_tested(void *arg, uint64_t id, int result, const char *line)
{
	const struct worker_alerts *alerts = arg;

	if (result != 0 || !worker_answers_wait(&alerts->requests->answers))
		alerts_answer(arg, MESSAGE_TESTED, id, result, line);
}

/* Not among the answers, of which none may push out another: it is said again. */
static void alerts_refused(void *arg, uint64_t id, uint32_t severity, const char *channel, const char *why)
{
	const struct worker_alerts *alerts = arg;
	struct message message;
	struct buffer b;

	message_make(&message, MESSAGE_REFUSED, id, (int)severity, "");
	BUFFER_OVER(&b, message.text);
	buffer_addf(&b, "%s %s", channel, why);
	if (alerts->requests->link >= 0)
		(void)message_send(alerts->requests->link, &message, -1);
}

static bool alerts_report(void *arg, const struct delivery *delivery)
{
	const struct worker_alerts *alerts = arg;

	return delivery_send(alerts->spool_link[0], delivery) == 0;
}

static const struct state *alerts_state(void *arg)
{
	return worker_alerts_state(arg);
}

static const struct plugin *alerts_plugin(void *arg, const char *name)
{
	const struct worker_alerts *alerts = arg;

	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++)
		if (alerts->requests->plugin[i] != NULL && strcmp(alerts->requests->plugin[i]->name, name) == 0)
			return alerts->requests->plugin[i];
	return NULL;
}

/* --- start, config --- */

static bool alerts_has_channels(const struct worker_alerts *alerts)
{
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++)
		if (alerts->requests->plugin[i] != NULL && alerts->requests->plugin[i]->send != NULL)
			return true;
	return false;
}

int worker_alerts_open(struct worker_alerts *alerts)
{
	const struct deliver_with with = {
		.arg = alerts,
		.have = alerts_have,
		.done = alerts_done,
		.report = alerts_report,
		.refused = alerts_refused,
		.tested = alerts_tested,
		.plugin = alerts_plugin,
		.state = alerts_state,
	};

	alerts->spool = alerts_plugin(alerts, "spool");
	if (!alerts_has_channels(alerts))
		return 0;
	if (report_processes_open() < 0)
		diag_info("cannot read /proc: messages are without the largest processes");
	alerts->deliver = deliver_new(&with);
	return alerts->deliver != NULL ? 0 : -ENOMEM;
}

bool worker_alerts_take_vault(struct worker_alerts *alerts, int fd)
{
	const struct vault *vault = vault_map(fd);

	if (vault == NULL)
		return false;
	vault_unmap(alerts->next_vault);
	alerts->next_vault = vault;
	return true;
}

/* What the engine and the plugins have borrowed of the last ones goes when they have the new ones. */
int worker_alerts_take_config(struct worker_alerts *alerts, int fd)
{
	const struct config *config = config_map(fd), *last = alerts->config;
	const struct vault *vault = alerts->next_vault != NULL ? alerts->next_vault : alerts->vault;
	int error;

	if (config == NULL)
		return -errno;
	error = last != NULL && config->generation <= last->generation ? -EALREADY : 0;
	if (error == 0 && alerts->deliver != NULL)
		error = deliver_config(alerts->deliver, config, vault, clock_wall());
	if (error < 0) {
		config_unmap(config);
		return error == -EALREADY ? 0 : error;
	}
	worker_settings_hand_out(alerts->requests->plugin, config, vault);
	if (alerts->spool != NULL && alerts->spool->spool_open != NULL)
		alerts->spool->spool_open(config_string(config, config->state));
	if (last != NULL)
		config_unmap(last);
	if (vault != alerts->vault)
		vault_unmap(alerts->vault);
	alerts->config = config;
	alerts->vault = vault;
	alerts->next_vault = NULL;
	return 1;
}

/* --- what comes from the sentinel and from main --- */

static void alerts_copy(char *to, size_t size, const char *text)
{
	struct buffer b;

	buffer_init(&b, to, size);
	buffer_add(&b, text);
}

static void alerts_read(struct delivery_alert *alert, const struct ledger_entry *entry)
{
	*alert = (struct delivery_alert){.id = entry->id, .thread = entry->thread, .at = entry->at,
					 .told = entry->told, .severity = entry->severity};
	alerts_copy(alert->rule, sizeof(alert->rule), entry->rule);
	alerts_copy(alert->unit, sizeof(alert->unit), entry->unit);
	alerts_copy(alert->event, sizeof(alert->event), entry->event);
	alerts_copy(alert->title, sizeof(alert->title), entry->target);
	alerts_copy(alert->text, sizeof(alert->text), entry->text);
}

void worker_alerts_ask(struct worker_alerts *alerts, const struct ledger_entry *entry)
{
	struct delivery_alert alert;

	alerts_read(&alert, entry);
	if (entry->told >= TOLDS || entry->severity >= SEVERITIES)
		alerts_answer(alerts, MESSAGE_FAILED, entry->id, -EINVAL, "its entry in the ledger is not understood");
	else if (alerts->deliver != NULL)
		deliver_alert(alerts->deliver, &alert, clock_mono(), clock_wall());
	else if (alerts->spool != NULL)
		alerts->spool->keep(&alert, entry->wants & (WITH_ACTOR | WITH_MESSENGER));
	else
		alerts_answer(alerts, MESSAGE_FAILED, entry->id, -ENODEV, "its plugin is not loaded here");
}

void worker_alerts_missed(struct worker_alerts *alerts)
{
	if (alerts->deliver != NULL)
		deliver_missed(alerts->deliver);
}

void worker_alerts_ack(struct worker_alerts *alerts, uint64_t thread)
{
	if (alerts->deliver != NULL)
		deliver_ack(alerts->deliver, thread);
}

void worker_alerts_refused(struct worker_alerts *alerts, const char *channel)
{
	if (alerts->deliver != NULL)
		deliver_refusal_told(alerts->deliver, channel);
}

int worker_alerts_command(struct worker_alerts *alerts, const char *words, char *answer, size_t size)
{
	if (alerts->spool != NULL)
		return alerts->spool->command(words, answer, size);
	alerts_copy(answer, size, "there is no spool here");
	return -ENODEV;
}

void worker_alerts_kept(struct worker_alerts *alerts, uint64_t id, int result, const char *text)
{
	alerts_answer(alerts, result == 0 ? MESSAGE_DONE : MESSAGE_FAILED, id, result, text);
}

void worker_alerts_sent(struct worker_alerts *alerts, uint64_t delivery, enum plugin_sent result, uint32_t again_ms,
			const char *text)
{
	if (alerts->deliver != NULL)
		deliver_sent(alerts->deliver, delivery, result, again_ms, text, clock_mono(), clock_wall());
}

/* --- between scribe and deliverers --- */

bool worker_alerts_deliver(struct worker_alerts *alerts, unsigned deliverer, const struct delivery *delivery)
{
	for (int row = 0; row < WORKER_ALERTS_ROWS; row++)
		if (alerts_deliverers[row] == deliverer)
			return delivery_send(alerts->spool_link[row], delivery) == 0;
	return false;
}

void worker_alerts_prepare(const struct worker_alerts *alerts, struct pollfd *fds)
{
	bool used[WORKER_ALERTS_ROWS] = {alerts->deliver != NULL || alerts->spool != NULL, alerts->spool != NULL};

	for (int i = 0; i < WORKER_ALERTS_ROWS; i++)
		fds[i] = (struct pollfd){.fd = used[i] ? alerts->spool_link[i] : -1, .events = POLLIN};
}

void worker_alerts_dispatch(struct worker_alerts *alerts, const struct pollfd *fds)
{
	struct delivery delivery;

	for (int row = 0; row < WORKER_ALERTS_ROWS; row++) {
		int got = fds[row].revents != 0 ? 1 : 0;

		for (int i = 0; i < ALERTS_READ_MAX && (got > 0 || got == -EPROTO); i++) {
			got = delivery_receive(fds[row].fd, &delivery);
			if (got > 0 && alerts->spool != NULL)
				alerts->spool->on_delivery(alerts_deliverers[row], &delivery);
			else if (got > 0 && alerts->deliver != NULL)
				deliver_on_scribe(alerts->deliver, &delivery, clock_mono(), clock_wall());
		}
	}
}

int worker_alerts_turn(struct worker_alerts *alerts)
{
	return alerts->deliver != NULL ? deliver_turn(alerts->deliver, clock_mono(), clock_wall()) : -1;
}

void worker_alerts_close(struct worker_alerts *alerts)
{
	if (alerts->deliver != NULL)
		deliver_free(alerts->deliver);
	alerts->deliver = NULL;
}
