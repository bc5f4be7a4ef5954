/* Reading spool.db while the scribe writes it, or while nobody does. Nothing in the directory is changed. What is in
 * it may be hostile, and is given as bytes with a length. */
#ifndef WD_ASK_SPOOL_READ_H
#define WD_ASK_SPOOL_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sqlite3;
struct sqlite3_stmt;

struct spool_read {
	struct sqlite3 *handle;
	struct sqlite3_stmt *statement;
	char why[512]; /* what is wrong, after an error; may hold hostile text */
};

/* Open it for reading, and see what is there as of now. 0; -ENOENT: there is none; -EACCES; -EPROTO: it is of another
 * version; -EIO: what SQLite says. */
int spool_read_open(struct spool_read *read, const char *path);
void spool_read_close(struct spool_read *read);

/* Begin a query; id: its parameter. False with why. */
bool spool_read_begin(struct spool_read *read, const char *sql, uint64_t id);

/* The next row. False: that was all, or *error is -EIO. */
bool spool_read_next(struct spool_read *read, int *error);

/* Columns of the row, from 0. The text is borrowed until the next row. */
uint64_t spool_read_number(const struct spool_read *read, int column);
const char *spool_read_text(const struct spool_read *read, int column, size_t *len);

#endif
