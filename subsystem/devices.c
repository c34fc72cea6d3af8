/* SPDX-License-Identifier: ISC */
/* devices - who may read devices as if they were files, and how what a request reads is opened. */
#include "config.h"
#include "subsystem/session_priv.h"

/* Only an account that is neither in a module nor below a root, and has every right: it could read them by other means. */
bool sl_may_devices(const struct sl_channel *ch)
{
    const struct sl_policy *p = ch->s->policy;
    return sl_conn_has(ch->s->conn, SL_FEATURE_DEVICES) && p->account && !p->root && !ch->module && p->rights == SL_RIGHT_ALL &&
           ch->rights == SL_RIGHT_ALL;
}

enum sl_code sl_open_for_reading(const struct sl_channel *ch, struct sl_reader *r, int dirfd, const char *name, struct sl_error *err)
{
    enum sl_code rc = ch->devices ? sl_reader_open_device(r, dirfd, name, err) : sl_reader_open(r, dirfd, name, err);
    if (rc == SL_OK && ch->no_atime)
        sl_reader_no_atime(r);
    return rc;
}
