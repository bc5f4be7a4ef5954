#include "journal_unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void journal_unit_free(struct journal_unit *units, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(units[i].systemd);
	free(units);
}

struct journal_unit *journal_unit_copy(const struct plugin_unit *units, size_t count, size_t *n)
{
	struct journal_unit *copy = calloc(count + 1, sizeof(copy[0]));

	*n = 0;
	for (size_t i = 0; copy != NULL && i < count; i++) {
		struct journal_unit *unit = &copy[*n];

		if (!units[i].journal || units[i].systemd[0] == '\0')
			continue;
		*unit = (struct journal_unit){.id = units[i].id, .systemd = strdup(units[i].systemd),
					      .of_user = units[i].user[0] != '\0', .uid = units[i].uid,
					      .since = clock_wall()};
		if (unit->systemd == NULL) {
			journal_unit_free(copy, *n);
			return NULL;
		}
		(*n)++;
	}
	return copy;
}

static bool journal_unit_equals(const struct journal_unit *a, const struct journal_unit *b)
{
	return a->id == b->id && a->of_user == b->of_user && a->uid == b->uid && strcmp(a->systemd, b->systemd) == 0;
}

bool journal_unit_is_same(const struct journal_unit *units, size_t count, const struct journal_unit *last,
			  size_t last_count)
{
	if (count != last_count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!journal_unit_equals(&units[i], &last[i]))
			return false;
	return true;
}

void journal_unit_keep_since(struct journal_unit *units, size_t count, const struct journal_unit *last,
			     size_t last_count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < last_count; k++)
			if (journal_unit_equals(&units[i], &last[k]))
				units[i].since = last[k].since;
}

wall_ms journal_unit_oldest(const struct journal_unit *units, size_t count)
{
	wall_ms oldest = UINT64_MAX / 1000; /* as microseconds it still is a number */

	for (size_t i = 0; i < count; i++)
		if (units[i].since < oldest)
			oldest = units[i].since;
	return oldest;
}

/* FIELD=value and ... or ... */
int journal_unit_match(sd_journal *journal, const struct journal_unit *unit)
{
	char field[JOURNAL_FIELD_BYTES];
	int error;

	(void)snprintf(field, sizeof(field), "%s=%s", unit->of_user ? "_SYSTEMD_USER_UNIT" : "_SYSTEMD_UNIT",
		       unit->systemd);
	error = sd_journal_add_match(journal, field, 0);
	if (error >= 0 && unit->of_user) {
		(void)snprintf(field, sizeof(field), "_UID=%u", unit->uid);
		error = sd_journal_add_match(journal, field, 0);
	}
	return error < 0 ? error : sd_journal_add_disjunction(journal);
}

bool journal_unit_wrote(const struct journal_unit *unit, const struct journal_writer *writer)
{
	char uid[16];

	(void)snprintf(uid, sizeof(uid), "%u", unit->uid);
	return unit->of_user ? strcmp(writer->user_unit, unit->systemd) == 0 && strcmp(writer->uid, uid) == 0
			     : strcmp(writer->unit, unit->systemd) == 0;
}
