/* SPDX-License-Identifier: ISC */
/* statfs - STATFS: the file system of a directory, and the clock. How much room there is concerns those who may fill it. */
#include "config.h"
#include "subsystem/session_priv.h"
#include "tree/statfs.h"

#include <string.h>
#include <time.h>

enum sl_code sl_run_statfs(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    struct sl_msg_statfs_is m = { .request = ch->requests };
    struct sl_statfs fs;
    struct timespec now = { 0 };
    struct sl_buf b = { 0 };
    int fd = -1;
    enum sl_code rc = sl_dirs_fd(ch->dirs, q->statfs.id, &fd, err);
    if (rc == SL_OK)
        rc = sl_statfs(fd, &fs, err);
    if (rc != SL_OK)
        return rc;
    clock_gettime(CLOCK_REALTIME, &now);
    m.time_s = now.tv_sec;
    m.time_ns = (uint32_t)now.tv_nsec;
    if (ch->rights & SL_RIGHT_CREATE) {
        m.total = fs.total;
        m.free = fs.free;
        m.files_free = fs.files_free;
    }
    m.name_max = fs.name_max;
    m.read_only = fs.read_only;
    m.type = fs.type;
    m.type_len = strlen(fs.type);
    sl_statfs_is_encode(&b, &m);
    sl_channel_answer(ch, SL_MSG_STATFS_IS, &b);
    sl_buf_clear(&b);
    return SL_OK;
}
