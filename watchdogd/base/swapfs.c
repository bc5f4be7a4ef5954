#include "base/swapfs.h"

#include "base/bounds.h"
#include "base/buffer.h"

/* f_type as statfs(2) and the file systems' own headers have it. Below the first three are those that people have,
 * to be named when they are refused. */
static const struct {
	unsigned long type;
	struct swapfs is;
} swapfs_known[] = {
	{0xef53, {"ext4", SWAPFS_RESERVE}}, /* ext2 and ext3 have the same number, and no fallocate(2) */
	{0x58465342, {"XFS", SWAPFS_WRITE}}, /* before 4.18 what was only reserved was refused */
	{0x9123683e, {"btrfs", SWAPFS_NOCOW}}, /* since 5.0 */
	{0x01021994, {"tmpfs", SWAPFS_NONE}},
	{0x858458f6, {"ramfs", SWAPFS_NONE}},
	{0x794c7630, {"overlayfs", SWAPFS_NONE}},
	{0x6969, {"NFS", SWAPFS_NONE}},
	{0x65735546, {"FUSE", SWAPFS_NONE}},
	{0x2fc12fc1, {"ZFS", SWAPFS_NONE}},
	{0xca451a4e, {"bcachefs", SWAPFS_NONE}},
	{0xf2f52010, {"F2FS", SWAPFS_NONE}},
	{0x73717368, {"squashfs", SWAPFS_NONE}},
	{0xff534d42, {"CIFS", SWAPFS_NONE}},
	{0xfe534d42, {"SMB", SWAPFS_NONE}},
	{0x01021997, {"9p", SWAPFS_NONE}},
	{0x4d44, {"FAT", SWAPFS_NONE}},
	{0x2011bab0, {"exFAT", SWAPFS_NONE}},
	{0x7366746e, {"NTFS", SWAPFS_NONE}},
};

const struct swapfs *swapfs_find(unsigned long type)
{
	static const struct swapfs unknown = {"", SWAPFS_NONE};

	for (size_t i = 0; i < ARRAY_LEN(swapfs_known); i++)
		if (swapfs_known[i].type == (type & 0xffffffff)) /* a signed 32 bits wide where long is wider */
			return &swapfs_known[i].is;
	return &unknown;
}

void swapfs_say_why(unsigned long type, char *why, size_t size)
{
	const struct swapfs *fs = swapfs_find(type);
	struct buffer b;

	buffer_init(&b, why, size);
	if (fs->name[0] != '\0')
		buffer_addf(&b, "%s cannot hold a swap file", fs->name);
	else
		buffer_addf(&b, "its file system (type 0x%lx) is not known to hold swap files", type & 0xffffffff);
	buffer_add(&b, "; ext4, XFS and btrfs can");
}
