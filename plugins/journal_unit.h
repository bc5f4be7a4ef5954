/* The units whose journal is followed, and which entries are theirs. */
#ifndef WD_JOURNAL_UNIT_H
#define WD_JOURNAL_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-journal.h>

#include "base/clock.h"
#include "share/plugin.h"

enum { JOURNAL_FIELD_BYTES = 256 + 32 }; /* "_SYSTEMD_USER_UNIT=" and a unit's name, of 255 bytes at most */

struct journal_unit {
	uint64_t id;
	char *systemd;
	bool of_user;
	uint32_t uid;
	wall_ms since; /* earlier entries are old */
};

/* Who wrote an entry: its trusted fields. */
struct journal_writer {
	char unit[JOURNAL_FIELD_BYTES], user_unit[JOURNAL_FIELD_BYTES], uid[16];
};

/* Those of the config that have a journal, *n of them; NULL: no memory. The caller's (journal_unit_free). */
struct journal_unit *journal_unit_copy(const struct plugin_unit *units, size_t count, size_t *n);
void journal_unit_free(struct journal_unit *units, size_t count);

bool journal_unit_is_same(const struct journal_unit *units, size_t count, const struct journal_unit *last,
			  size_t last_count);

/* What was followed already keeps its `since`. */
void journal_unit_keep_since(struct journal_unit *units, size_t count, const struct journal_unit *last,
			     size_t last_count);
wall_ms journal_unit_oldest(const struct journal_unit *units, size_t count);

/* Let the reader look for its entries too. 0 or -errno. */
int journal_unit_match(sd_journal *journal, const struct journal_unit *unit);
bool journal_unit_wrote(const struct journal_unit *unit, const struct journal_writer *writer);

#endif
