#include "spool_lasting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/buffer.h"

enum { LASTING_HASH_DIGITS = 16 };

/* --- to be read: anything may stand there --- */

/* Column i whole; false: it has no room, or is no text. */
static bool lasting_text(sqlite3_stmt *row, int i, char *text, size_t size)
{
	const unsigned char *found = sqlite3_column_text(row, i);
	size_t len = found != NULL ? strlen((const char *)found) : 0;

	if (found == NULL || len >= size || len != (size_t)sqlite3_column_bytes(row, i))
		return false;
	memcpy(text, found, len + 1);
	return true;
}

/* Column i as a number up to `most`; false: it is none. */
static bool lasting_number(sqlite3_stmt *row, int i, uint64_t most, uint64_t *number)
{
	*number = (uint64_t)sqlite3_column_int64(row, i);
	return sqlite3_column_type(row, i) == SQLITE_INTEGER && *number <= most;
}

static bool lasting_hash(const char *digits, uint64_t *hash)
{
	*hash = 0;
	for (int i = 0; i < LASTING_HASH_DIGITS; i++) {
		const char *all = "0123456789abcdef", *at = digits[i] != '\0' ? strchr(all, digits[i]) : NULL;

		if (at == NULL)
			return false;
		*hash = *hash << 4 | (uint64_t)(at - all);
	}
	return true;
}

static bool lasting_hashes(sqlite3_stmt *row, int i, struct lasting *lasting)
{
	char text[MARK_RULES_MAX * LASTING_HASH_DIGITS + 1];
	size_t len;

	if (!lasting_text(row, i, text, sizeof(text)))
		return false;
	len = strlen(text);
	for (size_t at = 0; at < len; at += LASTING_HASH_DIGITS)
		if (!lasting_hash(text + at, &lasting->rule_hash[lasting->rules++]))
			return false;
	return true;
}

/* What number and what are, by its kind; of a mark its target is above it. False: they are not. */
static bool lasting_numbers(struct lasting *l, uint64_t number, uint64_t what)
{
	if (l->kind == LASTING_UNIT) {
		l->peak_mib = (uint32_t)number;
		l->vain = (uint16_t)what;
		return number <= UINT32_MAX && what <= UINT16_MAX;
	}
	l->thread = number;
	if (l->kind == LASTING_MARK) {
		l->mark = (uint8_t)what;
		l->target = (uint32_t)(what >> 8);
		return what >> 8 <= UINT32_MAX;
	}
	l->severity = (uint8_t)what;
	return what <= UINT8_MAX;
}

static bool lasting_of_row(sqlite3_stmt *row, struct lasting *l)
{
	uint64_t kind, number, what, owed, shed;

	memset(l, 0, sizeof(*l));
	if (!lasting_number(row, 0, LASTING_KINDS, &kind) || !lasting_text(row, 1, l->unit, sizeof(l->unit)) ||
	    !lasting_text(row, 2, l->rule, sizeof(l->rule)) || !lasting_number(row, 3, INT64_MAX, &l->at) ||
	    !lasting_number(row, 4, INT64_MAX, &number) || !lasting_number(row, 5, INT64_MAX, &what) ||
	    !lasting_number(row, 6, 1, &owed) || !lasting_number(row, 7, UINT32_MAX, &shed) || !lasting_hashes(row, 8, l))
		return false;
	l->kind = (uint8_t)kind;
	l->owed = (uint8_t)owed;
	l->shed = (uint32_t)shed;
	return lasting_numbers(l, number, what) && lasting_is_sound(l);
}

/* How many are in rows (LASTING_MAX), and how many are not; or -errno. */
static int lasting_read_rows(struct spool_db *db, struct lasting *rows, unsigned *refused)
{
	const struct spool_value most = SPOOL_N(LASTING_MAX + 1);
	int count = 0, got = spool_db_find(db, SPOOL_LASTING_NEXT, &most, 1);

	*refused = 0;
	while (got > 0) {
		if (count < LASTING_MAX && lasting_of_row(db->statement[SPOOL_LASTING_NEXT], &rows[count]))
			count++;
		else
			(*refused)++;
		got = spool_db_next(db, SPOOL_LASTING_NEXT);
	}
	return got < 0 ? got : count;
}

static int lasting_read_of(struct spool_db *db, struct lasting_of *of)
{
	int got = spool_db_find(db, SPOOL_LEDGER, NULL, 0);

	memset(of, 0, sizeof(*of));
	if (got <= 0)
		return got;
	if (!lasting_number(db->statement[SPOOL_LEDGER], 0, INT64_MAX, &of->life) ||
	    !lasting_text(db->statement[SPOOL_LEDGER], 1, of->boot_id, sizeof(of->boot_id)))
		memset(of, 0, sizeof(*of));
	spool_db_reset(db, SPOOL_LEDGER);
	return 0;
}

static void lasting_say_refused(const struct spool_db *db, const struct plugin_host *host, unsigned refused)
{
	char said[TEXT_BYTES];
	struct buffer b;

	if (refused == 0)
		return;
	BUFFER_OVER(&b, said);
	buffer_addf(&b, "%s: %u %s of what was known of units and open alerts cannot be understood; passed over", db->path,
		    refused, refused == 1 ? "row" : "rows");
	host->log(LOG_WARNING, said);
}

int spool_lasting_read(struct spool_db *db, const struct plugin_host *host)
{
	struct lasting *rows = calloc(LASTING_MAX, sizeof(*rows));
	struct lasting_of of;
	unsigned refused;
	int count = rows != NULL ? lasting_read_rows(db, rows, &refused) : -ENOMEM;
	int error = count < 0 ? count : lasting_read_of(db, &of);

	if (rows == NULL) {
		struct buffer why;

		BUFFER_OVER(&why, db->why);
		buffer_add(&why, "no memory");
	}
	if (error == 0) {
		lasting_say_refused(db, host, refused);
		host->lasted(&of, rows, (size_t)count);
	}
	free(rows);
	return error;
}

/* --- to be written --- */

static int lasting_add(struct spool_db *db, const struct lasting *l)
{
	char rules[MARK_RULES_MAX * LASTING_HASH_DIGITS + 1] = "";
	uint64_t number = l->kind == LASTING_UNIT ? l->peak_mib : l->thread;
	uint64_t what = l->kind == LASTING_MARK	  ? (uint64_t)l->target << 8 | l->mark
			: l->kind == LASTING_UNIT ? l->vain
						  : l->severity;
	int changed;

	for (uint32_t i = 0; i < l->rules && i < MARK_RULES_MAX; i++)
		(void)snprintf(rules + (size_t)i * LASTING_HASH_DIGITS, LASTING_HASH_DIGITS + 1, "%016llx",
			       (unsigned long long)l->rule_hash[i]);
	changed = spool_db_run(db, SPOOL_LASTING_ADD,
			       SPOOL_VALUES(SPOOL_N(l->kind), SPOOL_T(l->unit), SPOOL_T(l->rule), SPOOL_N(l->at),
					    SPOOL_N(number), SPOOL_N(what), SPOOL_N(l->owed), SPOOL_N(l->shed),
					    SPOOL_T(rules)));
	return changed < 0 ? changed : 0;
}

int spool_lasting_write(struct spool_db *db, const struct lasting_of *of, const struct lasting *rows, size_t count)
{
	int changed = spool_db_run(db, SPOOL_LASTING_CLEAR, NULL, 0);

	for (size_t i = 0; i < count && changed >= 0; i++)
		changed = lasting_add(db, &rows[i]);
	if (changed >= 0)
		changed = spool_db_run(db, SPOOL_LEDGER_PUT, SPOOL_VALUES(SPOOL_N(of->life), SPOOL_T(of->boot_id)));
	return changed < 0 ? changed : 0;
}
