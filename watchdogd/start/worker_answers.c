#include "start/worker_answers.h"

#include <errno.h>
#include <stddef.h>

#include "base/diag.h"

static void worker_answer_send(struct worker_answer *answer, int link)
{
	int error = link >= 0 ? message_send(link, &answer->message, -1) : 0;

	answer->waits = error == -EAGAIN || error == -ENOBUFS;
	if (error < 0 && !answer->waits)
		diag_warning("cannot answer entry %llu: %s", (unsigned long long)answer->message.id,
			     diag_errno(error));
}

void worker_answers_add(struct worker_answers *answers, int link, enum message_type type,
			uint64_t id, int result, const char *text)
{
	struct worker_answer *answer = &answers->answer[answers->next++ % WORKER_ANSWERS_MAX];

	message_make(&answer->message, type, id, result, text);
	worker_answer_send(answer, link);
	diag_debug("entry %llu: %s: %s", (unsigned long long)id, message_name(type), text);
}

bool worker_answers_wait(const struct worker_answers *answers)
{
	for (size_t i = 0; i < WORKER_ANSWERS_MAX; i++)
		if (answers->answer[i].waits)
			return true;
	return false;
}

void worker_answers_send(struct worker_answers *answers, int link)
{
	for (unsigned i = 0; i < WORKER_ANSWERS_MAX; i++) {
		struct worker_answer *answer =
			&answers->answer[(answers->next + i) %
					 WORKER_ANSWERS_MAX]; /* oldest first */

		if (answer->waits)
			worker_answer_send(answer, link);
		if (answer->waits)
			return;
	}
}

bool worker_answers_repeat(struct worker_answers *answers, int link, uint64_t id)
{
	for (size_t i = 0; i < WORKER_ANSWERS_MAX; i++) {
		const struct message *m = &answers->answer[i].message;

		if (m->id != id || (m->type != MESSAGE_DONE && m->type != MESSAGE_FAILED))
			continue;
		worker_answer_send(&answers->answer[i], link);
		return true;
	}
	return false;
}
