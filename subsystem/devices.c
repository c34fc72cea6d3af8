/* SPDX-License-Identifier: ISC */
/* devices - who may read and write devices as if they were files, and how what a request reads is opened. */
#include "config.h"
#include "subsystem/session_priv.h"

/* An account that is neither in a module nor below a root, and has every right, could do it by other means; who else has it needs the right. */
static bool may(const struct sl_channel *ch)
{
    const struct sl_policy *p = ch->s->policy;
    bool free = p->account && !p->root && !ch->module && (p->rights & SL_RIGHT_ALL) == SL_RIGHT_ALL;
    return ch->rights & SL_RIGHT_DEVICE || (free && (ch->rights & SL_RIGHT_ALL) == SL_RIGHT_ALL);
}

bool sl_may_devices(const struct sl_channel *ch)
{
    return sl_conn_has(ch->s->conn, SL_FEATURE_DEVICES) && may(ch);
}

/* What only stands for devices is a file here. */
bool sl_may_write_devices(const struct sl_channel *ch)
{
    return sl_conn_has(ch->s->conn, SL_FEATURE_WRITE_DEVICES) && may(ch) && ch->rights & SL_RIGHT_OVERWRITE && !ch->fake;
}

enum sl_code sl_devices_listed(const struct sl_channel *ch, uint32_t flags, struct sl_error *err)
{
    if ((!(flags & SL_LIST_DEVICES) || sl_may_devices(ch)) && (!(flags & SL_LIST_DEVICE_SIZES) || sl_may_write_devices(ch)))
        return SL_OK;
    return sl_fail(err, SL_E_RIGHTS, "not allowed here: devices are files only for accounts that are not confined, or have the right device");
}

uint32_t sl_devices_written(const struct sl_channel *ch, uint32_t flags)
{
    return ch->devices && sl_may_write_devices(ch) && flags & SL_PUT_INPLACE ? flags | SL_PUT_DEVICE : flags;
}

enum sl_code sl_open_for_reading(const struct sl_channel *ch, struct sl_reader *r, int dirfd, const char *name, struct sl_error *err)
{
    enum sl_code rc = ch->devices ? sl_reader_open_device(r, dirfd, name, err) : sl_reader_open(r, dirfd, name, err);
    if (rc == SL_OK && ch->no_atime)
        sl_reader_no_atime(r);
    return rc;
}
