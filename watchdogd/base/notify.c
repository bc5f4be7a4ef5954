#include "base/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int notify_fd = -1;

void notify_open(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path != NULL ? strlen(path) : 0;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);

	if (len < 2 || len >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* an abstract name */
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (notify_fd >= 0 && connect(notify_fd, (const struct sockaddr *)&address, size) < 0) {
		(void)close(notify_fd);
		notify_fd = -1;
	}
}

void notify_send(const char *assignments)
{
	if (notify_fd >= 0)
		(void)send(notify_fd, assignments, strlen(assignments), MSG_DONTWAIT | MSG_NOSIGNAL);
}

uint32_t notify_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	unsigned long long ms = usec != NULL ? strtoull(usec, NULL, 10) / 1000 : 0;

	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}
