#include "share/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "share/state.h"

#define LEDGER_EPOCH_MS 1577836800000u /* 2020-01-01 */

enum {
	LEDGER_IDS_BITS = 10,   /* ids of one ms */
	LEDGER_BOOT_BITS = 28,  /* of a boot's hash, ... */
	LEDGER_BOOT_SHIFT = 20, /* ... and so many ids of each */
};

static uint64_t ledger_hash_more(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash;
}

uint64_t ledger_hash(const char *name)
{
	uint64_t hash = ledger_hash_more(0xcbf29ce484222325u, name);

	return hash != 0 ? hash : 1;
}

uint64_t ledger_key(const char *rule, const char *unit)
{
	uint64_t hash = ledger_hash_more(ledger_hash_more(ledger_hash(rule), "/"), unit);

	return hash != 0 ? hash : 1;
}

/* Where the ids of a ledger begin that knows of none before it: spools and mailboxes remember older ones.
 * By the clock, 1024 for each ms, which nobody uses up; it lasts until 2290 within 2^53. A clock that was
 * never set knows no order: then the boot's own id is as good as chance. */
static uint64_t ledger_first_id(const char *boot_id)
{
	wall_ms now = clock_wall();

	if (now > LEDGER_EPOCH_MS)
		return (now - LEDGER_EPOCH_MS) << LEDGER_IDS_BITS;
	return ((ledger_hash(boot_id) & ((1u << LEDGER_BOOT_BITS) - 1)) + 1) << LEDGER_BOOT_SHIFT;
}

/* Of which boot it is, and when in it that began: no other has that, whatever the clock says. Fits a number of SQLite's,
 * and is never 0. */
static uint64_t ledger_new_life(const char *boot_id)
{
	uint64_t began = clock_mono() * 0x9e3779b97f4a7c15u;

	return (ledger_hash(boot_id) ^ began) >> 1 | 1;
}

/* What was not delivered before the reboot is to be delivered still; no worker of now has it. */
static void ledger_keep_alerts(struct ledger *ledger)
{
	for (int i = 0; i < ENTRIES_MAX; i++) {
		struct ledger_entry *e = &ledger->entries[i];

		if (e->state != LEDGER_OPEN || e->kind != LEDGER_ALERT) {
			memset(e, 0, sizeof(*e));
			continue;
		}
		e->at_mono = clock_mono();
		e->has = 0;
		e->taken = 0;
	}
}

/* What a unit needs is the same on every boot, and a start that is owed stays so; when things were is not. */
static void ledger_keep_units(struct ledger *ledger)
{
	for (int i = 0; i < UNITS_MAX; i++) {
		const struct ledger_unit *u = &ledger->units[i];

		ledger->units[i] = (struct ledger_unit){.hash = u->hash,
							.flags = u->flags & LEDGER_UNIT_OWED,
							.peak_mib = u->peak_mib,
							.vain = u->vain};
	}
}

static void ledger_begin_boot(struct ledger *ledger, const char *boot_id)
{
	struct buffer b;

	memset(ledger->ladders, 0, sizeof(ledger->ladders));
	ledger_keep_alerts(ledger);
	ledger_keep_units(ledger);
	memset(ledger->refusals, 0, sizeof(ledger->refusals));
	memset(&ledger->telling, 0, sizeof(ledger->telling));
	for (int i = 0; i < MARKS_MAX; i++) {
		ledger->marks[i].cap_bytes = 0;
		if (ledger->marks[i].kind != STATE_MARK_STOPPED)
			memset(&ledger->marks[i], 0, sizeof(ledger->marks[i]));
	}
	BUFFER_OVER(&b, ledger->boot_id);
	buffer_add(&b, boot_id);
}

static struct ledger *ledger_map_file(int fd)
{
	struct ledger *ledger = mmap(NULL, LEDGER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return ledger == MAP_FAILED ? NULL : ledger;
}

static bool ledger_is_ours(const struct ledger *ledger)
{
	return ledger->magic == LEDGER_MAGIC && ledger->version == LEDGER_VERSION && ledger->size == LEDGER_BYTES;
}

/* Text fields of an old file end somewhere, whatever happened to it. */
static void ledger_end_texts(struct ledger *ledger)
{
	ledger->boot_id[sizeof(ledger->boot_id) - 1] = '\0';
	ledger->kmsg_boot_id[sizeof(ledger->kmsg_boot_id) - 1] = '\0';
	for (int i = 0; i < MARKS_MAX; i++)
		ledger->marks[i].unit[NAME_BYTES - 1] = '\0';
	for (int i = 0; i < ENTRIES_MAX; i++) {
		struct ledger_entry *e = &ledger->entries[i];

		e->plugin[NAME_BYTES - 1] = e->rule[NAME_BYTES - 1] = e->unit[NAME_BYTES - 1] = '\0';
		e->target[sizeof(e->target) - 1] = e->text[sizeof(e->text) - 1] = '\0';
		e->event[sizeof(e->event) - 1] = '\0';
	}
}

struct ledger *ledger_open(int fd, const char *boot_id, bool *fresh)
{
	struct ledger *ledger;
	struct stat st;

	/* One that an earlier version made larger: workers map it by its size. */
	if (fstat(fd, &st) == 0 && st.st_size > LEDGER_BYTES && ftruncate(fd, LEDGER_BYTES) < 0)
		return NULL;
	/* posix_fallocate: the pages are there now, so that no later write can find the disk full. */
	errno = posix_fallocate(fd, 0, LEDGER_BYTES);
	if (errno != 0)
		return NULL;
	ledger = ledger_map_file(fd);
	if (ledger == NULL)
		return NULL;
	*fresh = !ledger_is_ours(ledger);
	if (*fresh) {
		memset(ledger, 0, LEDGER_BYTES);
		ledger->next_id = ledger_first_id(boot_id);
		ledger->next_firing = 1;
		ledger->size = LEDGER_BYTES;
		ledger->version = LEDGER_VERSION;
		ledger->life = ledger_new_life(boot_id);
		ledger_begin_boot(ledger, boot_id);
		ledger->magic = LEDGER_MAGIC;
	}
	ledger_end_texts(ledger);
	if (strcmp(ledger->boot_id, boot_id) != 0) {
		ledger->lasting_next = LEDGER_LASTING_ALL;
		ledger_begin_boot(ledger, boot_id);
	}
	return ledger;
}

void ledger_close(struct ledger *ledger)
{
	(void)munmap(ledger, LEDGER_BYTES);
}

/* Who has given up root got a descriptor to read alone. */
static struct ledger *ledger_map_worker(int fd)
{
	struct ledger *ledger = ledger_map_file(fd);
	void *map;

	if (ledger != NULL || errno != EACCES)
		return ledger;
	map = mmap(NULL, LEDGER_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	return map == MAP_FAILED ? NULL : map;
}

struct ledger *ledger_map(int fd)
{
	struct stat st;
	struct ledger *ledger;

	if (fstat(fd, &st) < 0)
		return NULL;
	ledger = st.st_size == LEDGER_BYTES ? ledger_map_worker(fd) : NULL;
	if (ledger != NULL && ledger_is_ours(ledger))
		return ledger;
	if (ledger != NULL)
		(void)munmap(ledger, LEDGER_BYTES);
	errno = EPROTO;
	return NULL;
}

/* Whoever delivers it has it in memory: only a crash could still lose it. */
static bool ledger_is_held(const struct ledger_entry *entry)
{
	unsigned deliver = entry->wants & (WITH_ACTOR | WITH_MESSENGER);

	return deliver != 0 && (deliver & ~(unsigned)(entry->has | entry->done)) == 0;
}

static bool ledger_is_less(const struct ledger_entry *a, const struct ledger_entry *b)
{
	bool held = ledger_is_held(a);

	if (held != ledger_is_held(b))
		return held;
	return a->severity < b->severity || (a->severity == b->severity && a->id < b->id);
}

/* The alert that matters least: one that is held, then least severe, then oldest. */
static struct ledger_entry *ledger_least_alert(struct ledger *ledger)
{
	struct ledger_entry *least = NULL;

	for (int i = 0; i < ENTRIES_MAX; i++) {
		struct ledger_entry *e = &ledger->entries[i];

		if (e->kind == LEDGER_ALERT && e->state == LEDGER_OPEN && (least == NULL || ledger_is_less(e, least)))
			least = e;
	}
	return least;
}

bool ledger_has_room(struct ledger *ledger, uint32_t severity)
{
	const struct ledger_entry *least;

	for (int i = 0; i < ENTRIES_MAX; i++)
		if (ledger->entries[i].state == LEDGER_FREE)
			return true;
	least = ledger_least_alert(ledger);
	return least != NULL && (ledger_is_held(least) || least->severity <= severity);
}

uint64_t ledger_take_id(struct ledger *ledger)
{
	return ledger->next_id++;
}

struct ledger_entry *ledger_add(struct ledger *ledger, enum ledger_kind kind)
{
	struct ledger_entry *entry = NULL;

	for (int i = 0; i < ENTRIES_MAX && entry == NULL; i++)
		if (ledger->entries[i].state == LEDGER_FREE)
			entry = &ledger->entries[i];
	if (entry == NULL) {
		entry = ledger_least_alert(ledger);
		if (entry == NULL)
			return NULL;
		ledger->merged_alerts++;
		ledger_free(entry);
	}
	atomic_thread_fence(memory_order_release); /* a worker that copies it sees first that it was free */
	memset(entry, 0, sizeof(*entry));
	entry->kind = kind;
	entry->uid = UINT32_MAX;
	entry->id = ledger_take_id(ledger);
	return entry;
}

void ledger_commit(struct ledger_entry *entry)
{
	entry->at = clock_wall();
	entry->at_mono = clock_mono();
	atomic_store_explicit(&entry->state, LEDGER_OPEN, memory_order_release);
}

void ledger_free(struct ledger_entry *entry)
{
	atomic_store_explicit(&entry->state, LEDGER_FREE, memory_order_release);
}

struct ledger_entry *ledger_find(struct ledger *ledger, uint64_t id)
{
	for (int i = 0; i < ENTRIES_MAX; i++)
		if (ledger->entries[i].state == LEDGER_OPEN && ledger->entries[i].id == id)
			return &ledger->entries[i];
	return NULL;
}

static uint32_t ledger_unit_hash(const char *name)
{
	uint32_t hash = (uint32_t)ledger_hash(name);

	return hash != 0 ? hash : 1;
}

const struct ledger_unit *ledger_unit_find(const struct ledger *ledger, const char *name)
{
	uint32_t hash = ledger_unit_hash(name);

	for (int i = 0; i < UNITS_MAX; i++)
		if (ledger->units[i].hash == hash)
			return &ledger->units[i];
	return NULL;
}

struct ledger_unit *ledger_unit(struct ledger *ledger, const char *name)
{
	uint32_t hash = ledger_unit_hash(name), now_s = (uint32_t)(clock_mono() / 1000) + 1;
	struct ledger_unit *row = NULL;

	for (int i = 0; i < UNITS_MAX && (row == NULL || row->hash != hash); i++) {
		struct ledger_unit *at = &ledger->units[i];

		if (row == NULL || at->hash == hash || (row->hash != 0 && (at->hash == 0 || at->seen_s < row->seen_s)))
			row = at;
	}
	if (row->hash != hash)
		*row = (struct ledger_unit){.hash = hash};
	row->seen_s = now_s;
	return row;
}

struct ledger_refusal *ledger_refusal(struct ledger *ledger, const char *channel)
{
	uint64_t hash = ledger_hash(channel);
	struct ledger_refusal *row = &ledger->refusals[0];

	for (int i = 0; i < CHANNELS_MAX && row->channel != hash; i++) {
		struct ledger_refusal *at = &ledger->refusals[i];

		if (at->channel == hash || at->told_s < row->told_s)
			row = at;
	}
	if (row->channel != hash)
		*row = (struct ledger_refusal){.channel = hash};
	return row;
}

struct ledger_ladder *ledger_ladder_find(struct ledger *ledger, uint64_t key)
{
	for (int i = 0; i < LADDERS_MAX; i++)
		if (ledger->ladders[i].key == key)
			return &ledger->ladders[i];
	return NULL;
}

struct ledger_ladder *ledger_ladder(struct ledger *ledger, uint64_t key)
{
	struct ledger_ladder *ladder = ledger_ladder_find(ledger, key);

	if (ladder != NULL)
		return ladder;
	for (int i = 0; i < LADDERS_MAX; i++) {
		struct ledger_ladder *l = &ledger->ladders[i];

		if (l->key == 0) {
			ladder = l;
			break;
		}
		if (l->firing == 0 && (ladder == NULL || l->since < ladder->since))
			ladder = l;
	}
	if (ladder == NULL)
		return NULL;
	memset(ladder, 0, sizeof(*ladder));
	ladder->key = key;
	return ladder;
}
