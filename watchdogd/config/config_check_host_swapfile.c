/* What of this host is not there as [swapfile] names it. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "config/config_check_host.h"
#include "base/swapfs.h"

/* What is left of a disk changes; one that has not room now may have it when the file is made. */
static void config_check_host_swap_room(struct config_host *host, const char *path, const struct statfs *fs)
{
	const struct config_swapfile *swapfile = &host->config->swapfile;
	struct config_place place = {swapfile->line, "swapfile", NULL, "size"};
	uint64_t left = (uint64_t)fs->f_bavail * (uint64_t)fs->f_frsize;
	char has[32], wants[32];
	struct buffer b;

	if (access(path, F_OK) == 0 || left >= swapfile->size_bytes + swapfile->free_bytes)
		return;
	BUFFER_OVER(&b, has);
	bytes_format(&b, (int64_t)left);
	BUFFER_OVER(&b, wants);
	bytes_format(&b, (int64_t)(swapfile->size_bytes + swapfile->free_bytes));
	config_check_host_warn(host, &place, "with what \"free\" leaves to others it takes %s, and its file system has %s "
			       "left; the file is made when it has", wants, has);
}

/* Whose directory it is, he could put another file in its place. */
static void config_check_host_swap_dir(struct config_host *host, const struct config_place *place, const char *dir,
				       const char *path)
{
	struct statfs fs;
	char why[TEXT_BYTES];
	struct stat st;

	if (stat(dir, &st) < 0 || statfs(dir, &fs) < 0) {
		config_check_host_warn(host, place, "cannot look at the directory \"%s\": %s; the file is made when it "
				       "comes", dir, strerror(errno));
		return;
	}
	if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		config_check_host_warn(host, place, "others than root may write the directory \"%s\"; no swap file is made "
				       "there", dir);
	if (swapfs_find((unsigned long)fs.f_type)->way != SWAPFS_NONE) {
		config_check_host_swap_room(host, path, &fs);
		return;
	}
	swapfs_say_why((unsigned long)fs.f_type, why, sizeof(why));
	config_check_host_warn(host, place, "%s", why);
}

void config_check_host_swapfile(struct config_host *host)
{
	const struct config_swapfile *swapfile = &host->config->swapfile;
	struct config_place place = {swapfile->line, "swapfile", NULL, "path"};
	const char *path = config_string(host->config, swapfile->path), *end = strrchr(path, '/');
	char dir[PATH_BYTES];
	struct buffer b;

	if (end == NULL)
		return;
	BUFFER_OVER(&b, dir);
	buffer_add_bytes(&b, path, end > path ? (size_t)(end - path) : 1);
	config_check_host_swap_dir(host, &place, dir, path);
	config_check_host_plugin(host, &place, "swapfile");
	if (access("/sbin/mkswap", X_OK) < 0 && access("/usr/sbin/mkswap", X_OK) < 0)
		config_check_host_warn(host, &place, "there is no mkswap (of util-linux) in /sbin or /usr/sbin; no swap file "
				       "is made");
}
