#include "spool_backlog.h"

#include <string.h>

#include "base/buffer.h"

void spool_backlog_begin(struct spool_backlog *backlog)
{
	backlog->active = true;
	backlog->id = 0;
	backlog->sent = false;
	backlog->channel[0] = '\0';
}

bool spool_backlog_order(struct spool_backlog *backlog, enum delivery_type type, uint64_t id)
{
	for (int i = 0; i < backlog->orders; i++)
		if (backlog->order[i].type == type && backlog->order[i].id == id)
			return true;
	if (backlog->orders == SPOOL_BACKLOG_ORDERS)
		return false;
	backlog->order[backlog->orders++] = (struct spool_order){type, id};
	return true;
}

/* Column i as a bounded text. */
static void spool_backlog_text(sqlite3_stmt *row, int i, char *text, size_t size)
{
	const unsigned char *found = sqlite3_column_text(row, i);
	struct buffer b;

	buffer_init(&b, text, size);
	buffer_add(&b, found != NULL ? (const char *)found : "");
}

static uint64_t spool_backlog_number(sqlite3_stmt *row, int i, uint64_t most)
{
	uint64_t number = (uint64_t)sqlite3_column_int64(row, i);

	return number <= most ? number : most;
}

static void spool_backlog_read_alert(sqlite3_stmt *row, struct delivery *out)
{
	struct delivery_alert *alert = &out->alert;

	delivery_make(out, DELIVERY_ALERT, (uint64_t)sqlite3_column_int64(row, 0));
	alert->thread = spool_backlog_number(row, 1, UINT64_MAX);
	alert->at = spool_backlog_number(row, 2, UINT64_MAX);
	alert->told = (uint32_t)spool_backlog_number(row, 3, UINT32_MAX);
	alert->severity = (uint32_t)spool_backlog_number(row, 4, UINT32_MAX);
	spool_backlog_text(row, 5, alert->rule, sizeof(alert->rule));
	spool_backlog_text(row, 6, alert->unit, sizeof(alert->unit));
	spool_backlog_text(row, 7, alert->event, sizeof(alert->event));
	spool_backlog_text(row, 8, alert->title, sizeof(alert->title));
	spool_backlog_text(row, 9, alert->text, sizeof(alert->text));
}

static void spool_backlog_read_row(sqlite3_stmt *row, uint64_t id, struct delivery *out)
{
	delivery_make(out, DELIVERY_ROW, id);
	spool_backlog_text(row, 0, out->row.channel, sizeof(out->row.channel));
	out->row.state = (uint8_t)spool_backlog_number(row, 1, UINT8_MAX);
	out->row.attempts = (uint32_t)spool_backlog_number(row, 2, UINT32_MAX);
	out->row.next_at = spool_backlog_number(row, 3, UINT64_MAX);
	spool_backlog_text(row, 4, out->row.why, sizeof(out->row.why));
}

/* The next message of what waits: 1, made; 0: none is left; -errno. What is sent is noted by who sends it. */
static int spool_backlog_next(struct spool_backlog *b, struct spool_db *db, struct delivery *out)
{
	int got;

	if (b->sent) {
		got = spool_db_find(db, SPOOL_ROW_NEXT,
				    SPOOL_VALUES(SPOOL_N(b->id), SPOOL_N(b->deliverer), SPOOL_T(b->channel)));
		if (got != 0) {
			if (got > 0) {
				spool_backlog_read_row(db->statement[SPOOL_ROW_NEXT], b->id, out);
				spool_db_reset(db, SPOOL_ROW_NEXT);
			}
			return got;
		}
		b->sent = false;
		b->id++;
	}
	got = spool_db_find(db, SPOOL_ALERT_NEXT, SPOOL_VALUES(SPOOL_N(b->id), SPOOL_N(b->deliverer)));
	if (got > 0) {
		spool_backlog_read_alert(db->statement[SPOOL_ALERT_NEXT], out);
		spool_db_reset(db, SPOOL_ALERT_NEXT);
	}
	return got;
}

static void spool_backlog_note(struct spool_backlog *b, const struct delivery *sent)
{
	b->id = sent->alert.id;
	b->sent = true;
	memcpy(b->channel, sent->row.channel, sizeof(b->channel)); /* "" of an alert: before its first row */
}

static int spool_backlog_send_waiting(struct spool_backlog *b, struct spool_db *db, const struct plugin_host *host)
{
	struct delivery message;
	int got;

	for (int i = 0; i < SPOOL_BACKLOG_TURN; i++) {
		got = spool_backlog_next(b, db, &message);
		if (got < 0)
			return got;
		if (got == 0) {
			delivery_make(&message, DELIVERY_END, 0);
			message.number = b->number;
		}
		if (host->deliver(b->deliverer, &message) == 0)
			return SPOOL_BACKLOG_FULL;
		if (got == 0) {
			b->active = false;
			return SPOOL_BACKLOG_IDLE;
		}
		spool_backlog_note(b, &message);
	}
	return SPOOL_BACKLOG_MORE;
}

static int spool_backlog_send_orders(struct spool_backlog *b, const struct plugin_host *host)
{
	struct delivery message;

	while (b->orders > 0) {
		delivery_make(&message, b->order[0].type, b->order[0].id);
		if (host->deliver(b->deliverer, &message) == 0)
			return SPOOL_BACKLOG_FULL;
		memmove(&b->order[0], &b->order[1], sizeof(b->order[0]) * (size_t)--b->orders);
	}
	return SPOOL_BACKLOG_IDLE;
}

int spool_backlog_send(struct spool_backlog *backlog, struct spool_db *db, const struct plugin_host *host)
{
	int result = SPOOL_BACKLOG_IDLE;

	if (backlog->active && db->handle != NULL)
		result = spool_backlog_send_waiting(backlog, db, host);
	return result == SPOOL_BACKLOG_IDLE ? spool_backlog_send_orders(backlog, host) : result;
}
