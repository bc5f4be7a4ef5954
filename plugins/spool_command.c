#include "spool_command.h"

#include <errno.h>
#include <string.h>

#include "base/escape.h"
#include "share/delivery.h"

int spool_command_parse(struct spool_command *command, const char *words, struct buffer *why)
{
	const char *space = strchr(words, ' '), *word = space != NULL ? space + 1 : "";
	size_t verb = space != NULL ? (size_t)(space - words) : 0;

	memset(command, 0, sizeof(*command));
	command->drop = verb == 4 && memcmp(words, "drop", 4) == 0;
	if (!command->drop && (verb != 5 || memcmp(words, "retry", 5) != 0)) {
		buffer_add(why, "the spool can retry and drop");
		return -EINVAL;
	}
	command->dead_alone = command->drop && strcmp(word, "dead") == 0;
	if (command->dead_alone || strcmp(word, "all") == 0)
		return 0;
	command->id = delivery_parse_id(word);
	if (command->id != 0)
		return 0;
	buffer_add(why, "\"");
	escape_line(why, word, strnlen(word, 64));
	buffer_addf(why, "\" is no alert's id, nor `all`%s", command->drop ? " or `dead`" : "");
	return -EINVAL;
}

/* Dead letters wait again, and their alerts are owed by who has the channel. */
static int spool_command_revive(const struct spool_command *command, struct spool_db *db, wall_ms wall)
{
	int changed = spool_db_run(db, SPOOL_DEAD_OWED, SPOOL_VALUES(SPOOL_N(command->id)));

	if (changed >= 0)
		changed = spool_db_run(db, SPOOL_DEAD_RETRY, SPOOL_VALUES(SPOOL_N(command->id), SPOOL_N(wall)));
	return changed < 0 ? changed : 0;
}

static int spool_command_drop(const struct spool_command *command, struct spool_db *db, wall_ms wall)
{
	int changed;

	if (command->dead_alone) {
		changed = spool_db_run(db, SPOOL_DEAD_DROP, NULL, 0);
		if (changed >= 0)
			changed = spool_db_run(db, SPOOL_DEAD_LEAVE, NULL, 0);
	} else {
		changed = spool_db_run(db, SPOOL_DROP_FINISH, SPOOL_VALUES(SPOOL_N(command->id), SPOOL_N(wall)));
		if (changed >= 0)
			changed = spool_db_run(db, SPOOL_DROP, SPOOL_VALUES(SPOOL_N(command->id)));
	}
	return changed < 0 ? changed : 0;
}

static int spool_command_count(struct spool_command *command, struct spool_db *db)
{
	int error = 0;

	if (!command->dead_alone)
		command->waiting = (int)spool_db_number(db, SPOOL_ALERT_COUNT, SPOOL_VALUES(SPOOL_N(command->id)), &error);
	if (error == 0)
		command->dead = (int)spool_db_number(db, SPOOL_ROW_DEAD_OF, SPOOL_VALUES(SPOOL_N(command->id)), &error);
	if (error == 0 && command->id != 0 && command->waiting == 0 && command->dead == 0)
		error = -ENOENT;
	return error;
}

int spool_command_do(struct spool_command *command, struct spool_db *db, wall_ms wall)
{
	int error = spool_db_begin(db);

	if (error == 0)
		error = spool_command_count(command, db);
	if (error == 0)
		error = command->drop ? spool_command_drop(command, db, wall) : spool_command_revive(command, db, wall);
	if (error == 0)
		error = spool_db_commit(db);
	if (error < 0)
		spool_db_rollback(db);
	return error;
}

static const char *spool_command_number(int n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

void spool_command_say(const struct spool_command *command, struct buffer *said)
{
	if (!command->dead_alone)
		buffer_addf(said, "%d %s %s, ", command->waiting,
			    spool_command_number(command->waiting, "alert that waits", "alerts that wait"),
			    spool_command_number(command->waiting, command->drop ? "is dropped" : "is tried now",
						 command->drop ? "are dropped" : "are tried now"));
	buffer_addf(said, "%d %s %s", command->dead,
		    spool_command_number(command->dead, "dead letter", "dead letters"),
		    spool_command_number(command->dead, command->drop ? "is dropped" : "waits again",
					 command->drop ? "are dropped" : "wait again"));
}
