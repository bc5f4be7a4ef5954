#include "transfer_ca.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { TRANSFER_CA_MAX = 8 * 1024 * 1024 }; /* Debian's has 0.2 MB */

static char *transfer_ca_bytes;
static size_t transfer_ca_len;

void transfer_ca_load(void)
{
	const char *path = curl_version_info(CURLVERSION_NOW)->cainfo;
	struct stat st;
	ssize_t n = 0;
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	transfer_ca_len = 0;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= TRANSFER_CA_MAX)
		transfer_ca_bytes = malloc((size_t)st.st_size);
	while (transfer_ca_bytes != NULL && transfer_ca_len < (size_t)st.st_size &&
	       (n = read(fd, transfer_ca_bytes + transfer_ca_len, (size_t)st.st_size - transfer_ca_len)) > 0)
		transfer_ca_len += (size_t)n;
	(void)file_close(fd);
}

void transfer_ca_free(void)
{
	free(transfer_ca_bytes);
	transfer_ca_bytes = NULL;
	transfer_ca_len = 0;
}

void transfer_ca_system(struct curl_blob *ca)
{
	if (transfer_ca_len == 0)
		return;
	*ca = (struct curl_blob){.data = transfer_ca_bytes, .len = transfer_ca_len, .flags = CURL_BLOB_NOCOPY};
}
