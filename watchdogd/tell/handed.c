#include "tell/handed.h"

#include <errno.h>
#include <string.h>

#include "base/diag.h"
#include "share/delivery.h"

enum { WITH_DELIVERERS = WITH_ACTOR | WITH_MESSENGER };

enum { HANDED_STEP_MS = 1000 }; /* of one look to the next; a longer one is our own absence */

static const char *const handed_names[HANDED_WHO] = {
	[HANDED_ACTOR] = "wd-actor", [HANDED_MESSENGER] = "wd-messenger", [HANDED_SCRIBE] = "wd-scribe"};

static uint8_t handed_bit(enum handed_who who)
{
	return (uint8_t)(1u << who);
}

static bool handed_is_open(const struct ledger_entry *entry)
{
	return entry->state == LEDGER_OPEN && entry->kind == LEDGER_ALERT;
}

/* What is remembered of an entry, begun anew where its place had another. */
static struct handed_entry *handed_row(struct handed *handed, const struct ledger_entry *entry)
{
	struct handed_entry *row = &handed->entry[entry - handed->ledger->entries];

	if (row->id != entry->id)
		*row = (struct handed_entry){.id = entry->id};
	return row;
}

static void handed_ask(struct handed *handed, enum handed_who who, const struct ledger_entry *entry)
{
	struct handed_entry *row = handed_row(handed, entry);
	uint8_t bit = handed_bit(who);

	row->put_off |= bit;
	if (worker_ask(handed->worker[who], entry->id) < 0)
		return;
	row->put_off &= (uint8_t)~bit;
	row->asked |= bit;
	row->waited_ms[who] = 0;
	if ((handed->awaited & bit) == 0)
		handed->silent_ms[who] = 0;
	handed->awaited |= bit;
}

/* Whom it wants, and who has said neither that it has it nor that it is done. */
static bool handed_needs(const struct ledger_entry *entry, enum handed_who who)
{
	return (entry->wants & ~(entry->has | entry->done) & handed_bit(who)) != 0;
}

void handed_on(struct handed *handed, const struct ledger_entry *entry)
{
	for (enum handed_who who = 0; who < HANDED_WHO; who++)
		if (handed_needs(entry, who))
			handed_ask(handed, who, entry);
}

/* Delivered; or with everybody who delivers it, and on the disk, where they find it again. A test ends by its own
 * last line. */
static bool handed_is_over(const struct ledger_entry *entry)
{
	unsigned deliver = entry->wants & WITH_DELIVERERS;

	if (entry->told == TOLD_TEST)
		return false;
	if ((deliver & ~entry->done) == 0)
		return true;
	return (entry->wants & entry->done & WITH_SPOOL) != 0 && (deliver & ~(unsigned)(entry->has | entry->done)) == 0;
}

/* Told once, until it is another way. */
static void handed_note_spool(struct handed *handed, bool fails, const char *why)
{
	struct buffer b;

	if (fails == handed->spool_fails)
		return;
	handed->spool_past = !fails && handed->spool_untold;
	handed->spool_fails = fails;
	handed->spool_untold = true;
	if (!fails) {
		diag_info("the spool is written again");
		return;
	}
	BUFFER_OVER(&b, handed->spool_why);
	buffer_add(&b, why);
	diag_warning("the spool cannot be written: %s; alerts stay in the ledger until they are delivered", why);
}

void handed_say(const struct handed *handed, struct buffer *text)
{
	if (!handed->spool_untold)
		return;
	if (handed->spool_fails)
		buffer_addf(text, "(the spool cannot be written: %s) ", handed->spool_why);
	else if (handed->spool_past)
		buffer_addf(text, "(for a time the spool could not be written: %s) ", handed->spool_why);
	else
		buffer_add(text, "(the spool is written again) ");
}

void handed_said(struct handed *handed)
{
	handed->spool_untold = false;
}

/* Not taken. What has no room now, or ends, is asked again; the disk may be there again later; a plugin may be there at
 * another start, and finds it in the spool; anything else will never be. */
static void handed_fail(struct handed *handed, enum handed_who who, struct ledger_entry *entry,
			const struct message *message)
{
	struct handed_entry *row = handed_row(handed, entry);
	bool later = message->result == -EAGAIN || message->result == -ECANCELED;
	char id[16];

	if (later || who == HANDED_SCRIBE) {
		row->put_off |= handed_bit(who);
		if (!later)
			handed_note_spool(handed, true, message->text);
		return;
	}
	if ((entry->done & handed_bit(who)) != 0)
		return; /* it said so before */
	delivery_format_id(entry->id, id);
	diag_event(SEVERITY_WARNING, entry->rule[0] != '\0' ? entry->rule : NULL,
		   entry->unit[0] != '\0' ? entry->unit : NULL, "alert %s not delivered by %s: %s", id,
		   handed_names[who], message->text);
	if (message->result == -ENODEV)
		entry->has |= handed_bit(who);
	else
		entry->done |= handed_bit(who);
}

void handed_heard(struct handed *handed, enum handed_who who, const struct ledger_entry *entry)
{
	struct handed_entry *row;

	handed->awaited &= (uint8_t)~handed_bit(who);
	if (who == HANDED_SCRIBE && handed->spool_hangs) {
		handed->spool_hangs = false;
		handed_note_spool(handed, false, "");
	}
	if (entry == NULL)
		return;
	row = handed_row(handed, entry);
	row->asked &= (uint8_t)~handed_bit(who);
	row->put_off &= (uint8_t)~handed_bit(who);
}

void handed_answer(struct handed *handed, enum handed_who who, struct ledger_entry *entry,
		   const struct message *message)
{
	uint8_t bit = handed_bit(who);

	if (message->type == MESSAGE_FAILED)
		handed_fail(handed, who, entry, message);
	else
		entry->has |= bit;
	if (message->type == MESSAGE_DONE)
		entry->done |= bit;
	if (message->type == MESSAGE_DONE && who == HANDED_SCRIBE)
		handed_note_spool(handed, false, "");
	if (handed_is_over(entry))
		ledger_free(entry);
}

void handed_worker_up(struct handed *handed, enum handed_who who)
{
	handed->hung &= (uint8_t)~handed_bit(who);
	handed->awaited &= (uint8_t)~handed_bit(who);
	for (int i = 0; i < ENTRIES_MAX; i++) {
		struct ledger_entry *entry = &handed->ledger->entries[i];

		if (!handed_is_open(entry))
			continue;
		entry->has &= (uint8_t)~handed_bit(who);
		if (handed_needs(entry, who))
			handed_ask(handed, who, entry);
	}
}

void handed_begin(struct handed *handed)
{
	for (enum handed_who who = 0; who < HANDED_WHO; who++)
		handed_worker_up(handed, who);
}

void handed_config(struct handed *handed, uint8_t wants)
{
	uint32_t ended = 0;

	for (int i = 0; i < ENTRIES_MAX; i++) {
		struct ledger_entry *entry = &handed->ledger->entries[i];

		if (!handed_is_open(entry) || entry->told == TOLD_TEST)
			continue;
		entry->wants &= wants;
		ended += (entry->wants & WITH_DELIVERERS) == 0;
		if (handed_is_over(entry))
			ledger_free(entry);
	}
	if (ended > 0)
		diag_warning("%u alert%s not delivered, and the channels of %s are gone from the config", ended,
			     ended == 1 ? " was" : "s were", ended == 1 ? "it" : "them");
}

/* A second is over: what was put off is asked again, and who says nothing is counted. */
static void handed_count(struct handed *handed, enum handed_who who, const struct ledger_entry *entry,
			 struct handed_entry *row)
{
	uint8_t bit = handed_bit(who);

	if ((row->put_off & bit) != 0)
		handed_ask(handed, who, entry);
	if ((row->asked & bit) == 0)
		return;
	row->waited_ms[who] += handed->passed_ms;
	if (row->waited_ms[who] >= HANDED_HANGS_MS)
		handed->hung |= bit;
}

/* What is delivered leaves the ledger without a word of the scribe: nobody would miss one that hangs. */
static void handed_count_silence(struct handed *handed)
{
	for (enum handed_who who = 0; who < HANDED_WHO; who++) {
		if ((handed->awaited & handed_bit(who)) == 0)
			continue;
		handed->silent_ms[who] += handed->passed_ms;
		if (handed->silent_ms[who] >= HANDED_HANGS_MS)
			handed->hung |= handed_bit(who);
	}
}

/* Main is told once, and has as long again to start it. */
static void handed_wait_anew(struct handed *handed)
{
	for (enum handed_who who = 0; who < HANDED_WHO; who++) {
		if ((handed->hung & handed_bit(who)) == 0)
			continue;
		handed->silent_ms[who] = 0;
		for (int i = 0; i < ENTRIES_MAX; i++)
			handed->entry[i].waited_ms[who] = 0;
	}
	if ((handed->hung & WITH_SPOOL) == 0)
		return;
	handed->spool_hangs = handed->spool_hangs || !handed->spool_fails;
	handed_note_spool(handed, true, "wd-scribe hangs, as on a disk that does not answer");
}

void handed_look(struct handed *handed, mono_ms now)
{
	mono_ms step = handed->looked_at != 0 ? now - handed->looked_at : 0;

	handed->passed_ms += step < HANDED_STEP_MS ? (uint32_t)step : HANDED_STEP_MS;
	handed->looked_at = now;
	if (now < handed->again_at)
		return;
	handed->again_at = now + HANDED_AGAIN_MS;
	for (int i = 0; i < ENTRIES_MAX; i++) {
		const struct ledger_entry *entry = &handed->ledger->entries[i];
		struct handed_entry *row = &handed->entry[i];

		if (!handed_is_open(entry) || row->id != entry->id)
			continue;
		for (enum handed_who who = 0; who < HANDED_WHO; who++)
			handed_count(handed, who, entry, row);
	}
	handed_count_silence(handed);
	handed->passed_ms = 0;
	handed_wait_anew(handed);
}

bool handed_next_hung(struct handed *handed, enum handed_who *who)
{
	for (*who = 0; *who < HANDED_WHO; (*who)++)
		if ((handed->hung & handed_bit(*who)) != 0) {
			handed->hung &= (uint8_t)~handed_bit(*who);
			return true;
		}
	return false;
}
