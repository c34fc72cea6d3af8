/* SPDX-License-Identifier: ISC */
/* statfs - see statfs.h. The numbers are those of statfs(2) and linux/magic.h. */
#include "config.h"
#include "tree/statfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>

#ifndef ST_RDONLY
#define ST_RDONLY 1
#endif

static const struct { uint32_t magic; const char *name; } types[] = {
    { 0xef53, "ext4" },       { 0x58465342, "xfs" },      { 0x9123683e, "btrfs" },   { 0x01021994, "tmpfs" },     { 0x2fc12fc1, "zfs" },
    { 0x6969, "nfs" },        { 0xff534d42, "cifs" },     { 0xfe534d42, "smb2" },    { 0x794c7630, "overlayfs" }, { 0xf2f52010, "f2fs" },
    { 0x65735546, "fuse" },   { 0x4d44, "vfat" },         { 0x2011bab0, "exfat" },   { 0x73717368, "squashfs" },  { 0x9660, "iso9660" },
    { 0x00c36400, "ceph" },   { 0x5346544e, "ntfs" },     { 0xca451a4e, "bcachefs" }, { 0x52654973, "reiserfs" }, { 0x01021997, "9p" },
};

enum sl_code sl_statfs(int dirfd, struct sl_statfs *out, struct sl_error *err)
{
    struct statfs st;
    if (fstatfs(dirfd, &st) != 0)
        return sl_fail_errno(err, errno, "cannot look at the file system");
    uint64_t unit = st.f_frsize ? (uint64_t)st.f_frsize : (uint64_t)st.f_bsize;
    *out = (struct sl_statfs){ .total = st.f_blocks * unit, .free = st.f_bavail * unit, .files_free = st.f_ffree, .name_max = (uint32_t)st.f_namelen,
                               .read_only = st.f_flags & ST_RDONLY };
    snprintf(out->type, sizeof out->type, "0x%x", (unsigned)(uint32_t)st.f_type);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].magic == (uint32_t)st.f_type)
            snprintf(out->type, sizeof out->type, "%s", types[i].name);
    return SL_OK;
}
