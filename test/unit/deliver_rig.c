#include "deliver_rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct rig rig;

/* --- the config --- */

static struct {
	struct config config;
	struct config_unit unit[2];
	struct config_rule rule[2];
	struct config_channel channel[RIG_CHANNELS];
	uint32_t number[2];
	struct config_secret secret;
	char text[64];
} block;

static uint32_t rig_at(const void *what)
{
	return (uint32_t)((const char *)what - (const char *)&block);
}

void rig_begin(void)
{
	static const char names[RIG_CHANNELS][2] = {"a", "b", "c", "d"};

	memset(&rig, 0, sizeof(rig));
	memset(&block, 0, sizeof(block));
	(void)setenv("TZ", "UTC", 1);
	tzset();
	rig.mono = 3600000;
	rig.wall = 1769083200000;
	rig.says = "not now";
	rig.sentinel_tells = rig.scribe_takes = rig.scribe_keeps = rig.scribe_answers = rig.loaded = true;
	block.config = (struct config){.magic = CONFIG_MAGIC, .version = CONFIG_VERSION, .size = sizeof(block),
				       .units = {rig_at(block.unit), 2}, .rules = {rig_at(block.rule), 2},
				       .channels = {rig_at(block.channel), 3}};
	(void)strcpy(block.unit[0].name, "u");
	(void)strcpy(block.unit[1].name, "v");
	(void)strcpy(block.rule[0].name, "r");
	(void)strcpy(block.rule[1].name, "s");
	block.number[1] = 1;
	(void)strcpy(block.text, "/no/such/file");
	for (size_t i = 0; i < RIG_CHANNELS; i++) {
		struct config_channel *c = &block.channel[i];

		(void)strcpy(c->name, names[i]);
		(void)strcpy(c->plugin, "fake");
		c->severity = SEVERITY_INFO;
		c->retry_for_ms = 86400000;
		c->timeout_ms = 30000;
	}
}

struct config_channel *rig_channel(size_t i)
{
	return &block.channel[i];
}

void rig_only_unit(size_t i, uint32_t unit)
{
	block.channel[i].units = (struct config_table){rig_at(&block.number[unit]), 1};
}

void rig_only_rule(size_t i, uint32_t rule)
{
	block.channel[i].rules = (struct config_table){rig_at(&block.number[rule]), 1};
}

void rig_channels(uint32_t count)
{
	block.config.channels.count = count;
}

void rig_secret(size_t i)
{
	(void)strcpy(block.secret.name, "TOKEN");
	block.secret.path = rig_at(block.text);
	block.channel[i].secrets = (struct config_table){rig_at(&block.secret), 1};
}

static size_t rig_index(const char *channel)
{
	assert(channel[0] >= 'a' && channel[0] < 'a' + RIG_CHANNELS && channel[1] == '\0');
	return (size_t)(channel[0] - 'a');
}

/* --- the plugin --- */

static void rig_copy(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from);
}

static void rig_answer_to(struct rig_sent *sent, enum plugin_sent result, uint32_t again_ms, const char *text)
{
	sent->taken = result == PLUGIN_TAKEN;
	deliver_sent(rig.deliver, sent->delivery, result, again_ms, text, rig.mono, rig.wall);
}

static void rig_send(uint64_t delivery, const struct plugin_channel *channel, const struct plugin_message *message)
{
	struct rig_sent *sent = &rig.sent[rig.sents++ % RIG_SENT_MAX];

	memset(sent, 0, sizeof(*sent));
	sent->delivery = delivery;
	sent->attempt = message->attempt;
	sent->count = message->count;
	sent->at = rig.mono;
	rig_copy(sent->channel, sizeof(sent->channel), channel->name);
	rig_copy(sent->id, sizeof(sent->id), message->id);
	rig_copy(sent->thread, sizeof(sent->thread), message->thread);
	rig_copy(sent->told, sizeof(sent->told), message->told);
	(void)snprintf(sent->text, sizeof(sent->text), "%s\n%s\n%s", message->text, message->doing, message->todo);
	rig_copy(sent->title, sizeof(sent->title), message->title);
	rig_copy(sent->severity, sizeof(sent->severity), message->severity);
	if (rig.talks != NULL)
		deliver_talk(rig.deliver, delivery, rig.talks);
	if (rig.does[rig_index(channel->name)] == RIG_TAKES)
		rig_answer_to(sent, PLUGIN_TAKEN, 0, "250 Ok");
	else if (rig.does[rig_index(channel->name)] == RIG_SAYS_LATER)
		rig_answer_to(sent, PLUGIN_LATER, rig.again_ms, rig.says);
	else if (rig.does[rig_index(channel->name)] == RIG_SAYS_NEVER)
		rig_answer_to(sent, PLUGIN_NEVER, 0, rig.says);
}

static void rig_cancel(uint64_t delivery)
{
	for (size_t i = 0; i < rig.sents && i < RIG_SENT_MAX; i++)
		if (rig.sent[i].delivery == delivery)
			rig.sent[i].cancelled = true;
}

static void rig_take_channels(const struct plugin_channel *channels, size_t count)
{
	rig.given = count;
	for (size_t i = 0; i < count; i++)
		rig_copy(rig.given_name[i], NAME_BYTES, channels[i].name);
}

static const struct plugin rig_plugin = {
	.abi = PLUGIN_ABI, .name = "fake", .channels = rig_take_channels, .send = rig_send, .cancel = rig_cancel};

void rig_answer(size_t i, enum plugin_sent result, uint32_t again_ms, const char *text)
{
	for (size_t s = rig.sents; s > 0; s--) {
		struct rig_sent *sent = &rig.sent[s - 1];

		if (rig_index(sent->channel) != i)
			continue;
		rig_answer_to(sent, result, again_ms, text);
		return;
	}
	assert(false);
}

/* --- the scribe --- */

struct rig_spooled *rig_spooled(uint64_t id)
{
	for (size_t i = 0; i < RIG_SPOOL_MAX; i++) {
		if (rig.spool[i].alert.id == id)
			return &rig.spool[i];
		if (rig.spool[i].alert.id == 0) {
			rig.spool[i].alert.id = id;
			return &rig.spool[i];
		}
	}
	assert(false);
	return NULL;
}

static void rig_keep(const struct delivery *delivery)
{
	struct rig_spooled *spooled = rig_spooled(delivery->alert.id);
	size_t i = 0;

	if (delivery->type == DELIVERY_DONE) {
		spooled->done = true;
		return;
	}
	while (i < spooled->rows && strcmp(spooled->row[i].channel, delivery->row.channel) != 0)
		i++;
	assert(i < RIG_CHANNELS);
	spooled->row[i] = delivery->row;
	spooled->rows += i == spooled->rows;
}

static bool rig_report(void *arg, const struct delivery *delivery)
{
	(void)arg;
	if (!rig.scribe_takes)
		return false;
	if (delivery->type == DELIVERY_BACKLOG) {
		rig.backlogs++;
		rig.backlog_number = delivery->number;
		rig.asks = true;
		return true;
	}
	assert(delivery->number != 0);
	rig.heard[rig.heards++ % RIG_TOLD_MAX] = *delivery;
	return true;
}

/* What was heard and is on the disk now: confirmed. */
static void rig_confirm(size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct delivery kept = {.version = DELIVERY_VERSION, .type = DELIVERY_KEPT,
					      .number = rig.heard[i % RIG_TOLD_MAX].number};

		rig_keep(&rig.heard[i % RIG_TOLD_MAX]);
		deliver_on_scribe(rig.deliver, &kept, rig.mono, rig.wall);
	}
}

static void rig_answer_backlog(void)
{
	struct delivery delivery = {.version = DELIVERY_VERSION};

	if (!rig.asks || !rig.scribe_answers)
		return;
	rig.asks = false;

	for (size_t i = 0; i < RIG_SPOOL_MAX && rig.spool[i].alert.id != 0; i++) {
		const struct rig_spooled *s = &rig.spool[i];

		if (s->done || !s->whole)
			continue;
		delivery.type = DELIVERY_ALERT;
		delivery.alert = s->alert;
		deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
		delivery.type = DELIVERY_ROW;
		for (size_t r = 0; r < s->rows; r++) {
			delivery.row = s->row[r];
			deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
		}
	}
	delivery.type = DELIVERY_END;
	delivery.number = rig.backlog_number;
	deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
}

const struct delivery_row *rig_spooled_row(uint64_t id, size_t i)
{
	const struct rig_spooled *s = rig_spooled(id);

	for (size_t r = 0; r < s->rows; r++)
		if (rig_index(s->row[r].channel) == i)
			return &s->row[r];
	return NULL;
}

/* --- the deliverer --- */

static void rig_on_have(void *arg, uint64_t id)
{
	(void)arg;
	rig.have[rig.haves++ % RIG_TOLD_MAX] = id;
}

static void rig_on_done(void *arg, uint64_t id)
{
	(void)arg;
	rig.done[rig.dones++ % RIG_TOLD_MAX] = id;
}

static void rig_on_tested(void *arg, uint64_t id, int result, const char *line)
{
	(void)arg;
	assert(rig.testeds < 64);
	rig.tested[rig.testeds].id = id;
	rig.tested[rig.testeds].result = result;
	rig_copy(rig.tested[rig.testeds++].line, sizeof(rig.tested[0].line), line);
}

static void rig_on_refused(void *arg, uint64_t id, uint32_t severity, const char *channel, const char *why)
{
	struct rig_refused *refused = &rig.refused[rig.refuseds++ % 64];

	(void)arg;
	refused->id = id;
	refused->severity = severity;
	refused->at = rig.mono;
	rig_copy(refused->channel, sizeof(refused->channel), channel);
	rig_copy(refused->why, sizeof(refused->why), why);
}

static void rig_tell_refused(void)
{
	for (; rig.sentinel_tells && rig.refused_answered < rig.refuseds; rig.refused_answered++)
		deliver_refusal_told(rig.deliver, rig.refused[rig.refused_answered % 64].channel);
}

static const struct plugin *rig_find(void *arg, const char *name)
{
	(void)arg;
	return rig.loaded && strcmp(name, "fake") == 0 ? &rig_plugin : NULL;
}

static void rig_make(void)
{
	static const struct deliver_with with = {
		.have = rig_on_have, .done = rig_on_done, .report = rig_report, .refused = rig_on_refused,
		.tested = rig_on_tested, .plugin = rig_find};

	rig.deliver = deliver_new(&with);
	assert(rig.deliver != NULL);
	rig_reload();
	(void)deliver_turn(rig.deliver, rig.mono, rig.wall);
	rig_answer_backlog();
}

void rig_reload(void)
{
	assert(deliver_config(rig.deliver, &block.config, NULL, rig.wall) == 0);
}

void rig_start(void)
{
	rig_make();
}

void rig_restart(void)
{
	rig.heards = 0;
	rig.asks = false;
	rig_end();
	rig_make();
	rig_pass(0);
}

void rig_end(void)
{
	deliver_free(rig.deliver);
	rig.deliver = NULL;
}

struct delivery_alert rig_alert(uint64_t id, uint64_t thread, enum ledger_told told, enum severity severity)
{
	static uint64_t next = 1000;
	struct delivery_alert alert = {.id = id != 0 ? id : ++next, .at = rig.wall, .told = told, .severity = severity,
				       .rule = "r", .unit = "u"};

	alert.thread = thread != 0 ? thread : alert.id;
	(void)snprintf(alert.title, sizeof(alert.title), "title %llu", (unsigned long long)alert.id);
	(void)snprintf(alert.text, sizeof(alert.text), "text %llu", (unsigned long long)alert.id);
	return alert;
}

void rig_tell(const struct delivery_alert *alert)
{
	struct rig_spooled *s = rig_spooled(alert->id);

	s->alert = *alert;
	s->whole = true;
	deliver_alert(rig.deliver, alert, rig.mono, rig.wall);
}

uint64_t rig_new(enum ledger_told told, uint64_t thread, enum severity severity)
{
	const struct delivery_alert alert = rig_alert(0, thread, told, severity);

	rig_tell(&alert);
	rig_pass(0);
	return alert.id;
}

void rig_pass(uint64_t for_ms)
{
	uint64_t left = for_ms;
	size_t zeros = 0;

	for (;;) {
		size_t from = rig.heards;
		int wait = deliver_turn(rig.deliver, rig.mono, rig.wall);
		uint64_t step = wait < 0 || (uint64_t)wait > left ? left : (uint64_t)wait;

		bool answers = (rig.asks && rig.scribe_answers) ||
			       (rig.sentinel_tells && rig.refused_answered < rig.refuseds);

		if (rig.scribe_keeps && rig.heards > from)
			rig_confirm(from, rig.heards);
		rig_answer_backlog();
		rig_tell_refused();
		if (wait == 0)
			assert(++zeros < 20000); /* it does not spin */
		if (step == 0 && wait != 0) {
			if (rig.heards == from && !answers)
				return;
			continue;
		}
		rig.mono += step;
		rig.wall += step;
		left -= step;
	}
}

size_t rig_count(size_t i, uint64_t id)
{
	size_t count = 0;
	char text[16];

	delivery_format_id(id, text);
	for (size_t s = 0; s < rig.sents && s < RIG_SENT_MAX; s++)
		count += rig_index(rig.sent[s].channel) == i && (id == 0 || strcmp(rig.sent[s].id, text) == 0);
	return count;
}

const struct rig_sent *rig_last(size_t i, uint64_t id)
{
	char text[16];

	delivery_format_id(id, text);
	for (size_t s = rig.sents < RIG_SENT_MAX ? rig.sents : RIG_SENT_MAX; s > 0; s--)
		if (rig_index(rig.sent[s - 1].channel) == i && (id == 0 || strcmp(rig.sent[s - 1].id, text) == 0))
			return &rig.sent[s - 1];
	return NULL;
}

bool rig_is_done(uint64_t id)
{
	for (size_t i = 0; i < rig.dones && i < RIG_TOLD_MAX; i++)
		if (rig.done[i] == id)
			return true;
	return false;
}
