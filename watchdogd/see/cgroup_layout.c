#include "see/cgroup_layout.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/root.h"

#define CGROUP_LAYOUT_MOUNT "/sys/fs/cgroup"

/* The directory at path, if it has that file; or -1. */
static int cgroup_layout_dir(const char *path, const char *file)
{
	int dir = root_open(path, O_RDONLY | O_DIRECTORY);

	if (dir >= 0 && faccessat(dir, file, F_OK, 0) < 0)
		dir = file_close(dir);
	return dir >= 0 ? dir : -1;
}

void cgroup_layout_open(struct cgroup_layout *layout)
{
	*layout = (struct cgroup_layout){.kind = CGROUP_V2, .unified = -1, .freezer = -1};
	layout->root = cgroup_layout_dir(CGROUP_LAYOUT_MOUNT, "cgroup.controllers");
	if (layout->root >= 0)
		return;
	layout->root = cgroup_layout_dir(CGROUP_LAYOUT_MOUNT "/memory", "memory.usage_in_bytes");
	layout->kind = layout->root >= 0 ? CGROUP_V1 : CGROUP_NONE;
	layout->unified = cgroup_layout_dir(CGROUP_LAYOUT_MOUNT "/unified", "cgroup.controllers");
	layout->freezer = cgroup_layout_dir(CGROUP_LAYOUT_MOUNT "/freezer", "cgroup.procs");
}

const char *cgroup_layout_name(const struct cgroup_layout *layout)
{
	if (layout->kind == CGROUP_V2)
		return "cgroup v2";
	if (layout->kind == CGROUP_NONE)
		return "no memory cgroups";
	return layout->unified >= 0 ? "memory v1 with cgroup v2 beside it" : "memory v1";
}
