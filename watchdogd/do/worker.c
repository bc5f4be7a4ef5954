#include "do/worker.h"

#include <errno.h>

#include "share/message.h"

static int worker_send(struct worker *worker, enum message_type type, uint64_t id)
{
	struct message message;

	if (worker->fd < 0)
		return -ENOTCONN;
	message_make(&message, type, id, 0, "");
	return message_send(worker->fd, &message, -1);
}

int worker_ask(struct worker *worker, uint64_t id)
{
	return worker_send(worker, MESSAGE_ASK, id);
}

int worker_ack(struct worker *worker, uint64_t thread)
{
	return worker_send(worker, MESSAGE_ACK, thread);
}

int worker_read(struct worker *worker, uint64_t id)
{
	return worker_send(worker, MESSAGE_READ, id);
}

int worker_keep(struct worker *worker)
{
	return worker_send(worker, MESSAGE_KEEP, 0);
}

int worker_look(struct worker *worker, uint64_t id)
{
	return worker_send(worker, MESSAGE_LOOK, id);
}
