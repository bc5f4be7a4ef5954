/* spool.db, the database of alerts that wait, and of what else outlives a restart of the host: written by the scribe
 * (plugins/spool.c), read by watchdogctl. Depends on no library. */
#ifndef WD_SHARE_SPOOL_H
#define WD_SHARE_SPOOL_H

#define SPOOL_FILE "spool.db"      /* in the state directory */
#define SPOOL_SCHEMA_VERSION 1     /* its user_version */

enum {
	SPOOL_ALERTS_MAX = 1000,               /* that wait; beyond it the least severe and oldest give way */
	SPOOL_BYTES_MAX = 8 * 1024 * 1024,     /* of all pages in use; likewise */
	SPOOL_DEAD_MAX = 200,                  /* dead letters; beyond it the oldest go */
};

/* alerts: whole, as struct delivery_alert; owed: enum ledger_with of the deliverers that have not said DONE. One
 * that nobody owes stays for its dead letters alone.
 * rows: struct delivery_row; at: when that was reported. early: rows of an alert that is not here yet.
 * finished: who has said DONE of an alert that is not here yet; WITH_SPOOL: it was here and has left.
 * lost: alerts that gave way, not told to that deliverer yet. Instants are ms since 1970. */
#define SPOOL_SCHEMA                                                                                                  \
	"CREATE TABLE alerts(id INTEGER PRIMARY KEY, thread INTEGER NOT NULL, at INTEGER NOT NULL,"                   \
	" told INTEGER NOT NULL, severity INTEGER NOT NULL, rule TEXT NOT NULL, unit TEXT NOT NULL,"                  \
	" event TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, owed INTEGER NOT NULL);"                      \
	"CREATE TABLE rows(alert INTEGER NOT NULL REFERENCES alerts(id) ON DELETE CASCADE, channel TEXT NOT NULL,"    \
	" deliverer INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL,"   \
	" why TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(alert, channel)) WITHOUT ROWID;"                        \
	"CREATE INDEX rows_dead ON rows(at) WHERE state = 2;"                                                         \
	"CREATE TABLE early(alert INTEGER NOT NULL, channel TEXT NOT NULL, deliverer INTEGER NOT NULL,"               \
	" state INTEGER NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER NOT NULL, why TEXT NOT NULL,"            \
	" at INTEGER NOT NULL, PRIMARY KEY(alert, channel)) WITHOUT ROWID;"                                           \
	"CREATE TABLE finished(alert INTEGER PRIMARY KEY, deliverers INTEGER NOT NULL, at INTEGER NOT NULL);"         \
	"CREATE TABLE lost(deliverer INTEGER PRIMARY KEY, count INTEGER NOT NULL);"

/* lasting: struct lasting; number: its thread or peak_mib, what: its mark, vain or severity, rules: its rule_hash, each
 * in 16 hexadecimal digits. ledger: of which one that was. Made where they are missing: a file of before them is as good, and
 * who does not know them passes over them. */
#define SPOOL_SCHEMA_LASTING                                                                                          \
	"CREATE TABLE IF NOT EXISTS lasting(kind INTEGER NOT NULL, unit TEXT NOT NULL, rule TEXT NOT NULL,"           \
	" at INTEGER NOT NULL, number INTEGER NOT NULL, what INTEGER NOT NULL, owed INTEGER NOT NULL,"                \
	" shed INTEGER NOT NULL, rules TEXT NOT NULL, PRIMARY KEY(kind, unit, rule)) WITHOUT ROWID;"                                         \
	"CREATE TABLE IF NOT EXISTS ledger(one INTEGER PRIMARY KEY CHECK(one = 1), life INTEGER NOT NULL,"            \
	" boot_id TEXT NOT NULL);"

#endif
