#include "do/worker.h"

#include <errno.h>

#include "share/message.h"

int worker_ask(struct worker *worker, uint64_t id)
{
	struct message message;

	if (worker->fd < 0)
		return -ENOTCONN;
	message_make(&message, MESSAGE_ASK, id, 0, "");
	return message_send(worker->fd, &message, -1);
}
