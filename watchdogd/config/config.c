#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

uint32_t config_find_unit(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->units.count; i++)
		if (strcmp(config_unit_at(config, i)->name, name) == 0)
			return i;
	return CONFIG_NONE;
}

uint32_t config_find_same_unit(const struct config *config, const struct config *old, uint32_t unit)
{
	const struct config_unit *was = config_unit_at(old, unit), *is;
	uint32_t found = config_find_unit(config, was->name);

	if (found == CONFIG_NONE)
		return CONFIG_NONE;
	is = config_unit_at(config, found);
	return is->kind == was->kind && strcmp(config_string(config, is->target), config_string(old, was->target)) == 0 &&
			       strcmp(config_string(config, is->user), config_string(old, was->user)) == 0
		       ? found
		       : CONFIG_NONE;
}

const struct config *config_map(int fd)
{
	struct stat st;
	const struct config *config;

	if (fstat(fd, &st) < 0)
		return NULL;
	if ((size_t)st.st_size < sizeof(*config)) {
		errno = EPROTO;
		return NULL;
	}
	config = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (config == MAP_FAILED)
		return NULL;
	if (config->magic != CONFIG_MAGIC || config->version != CONFIG_VERSION ||
	    config->size != (uint64_t)st.st_size) {
		(void)munmap((void *)(uintptr_t)config, (size_t)st.st_size);
		errno = EPROTO;
		return NULL;
	}
	return config;
}

void config_unmap(const struct config *config)
{
	(void)munmap((void *)(uintptr_t)config, config->size);
}

int config_seal(const struct config *config)
{
	int fd = memfd_create("watchdogd-config", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	const char *p = (const char *)config;

	if (fd < 0)
		return -errno;
	for (uint32_t done = 0; done < config->size;) {
		ssize_t n = write(fd, p + done, config->size - done);

		if (n < 0 && errno != EINTR)
			goto fail;
		done += n > 0 ? (uint32_t)n : 0;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		goto fail;
	return fd;
fail:;
	int error = -errno;

	(void)close(fd);
	return error;
}
