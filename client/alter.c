/* SPDX-License-Identifier: ISC */
/* alter - see alter.h. The users and groups that ACLs name are alter_acls.c's. */
#include "config.h"
#include "client/alter.h"
#include "client/alter_acls.h"
#include "client/chmod.h"
#include "client/mapping.h"
#include "client/remote.h"
#include "proto/msg.h"

bool sl_alter_wanted(const struct sl_options *o)
{
    return o->chmod || o->usermap || o->groupmap;
}

void sl_alter_entry(const struct sl_options *o, struct sl_entry *e)
{
    if (o->chmod && e->type != SL_TYPE_LINK)
        e->mode = sl_chmod_apply(o->chmod, e->mode, e->type == SL_TYPE_DIR);
    if (o->usermap && sl_mapping_find(o->usermap, e->uid, e->user, &e->uid))
        e->user = NULL;
    if (o->groupmap && sl_mapping_find(o->groupmap, e->gid, e->group, &e->gid))
        e->group = NULL;
    if (sl_alter_acls_wanted(o))
        sl_alter_acls_brief(o, &e->attrs);
}

static enum sl_code resolve(struct sl_mapping *m, struct sl_endpoint *dest, bool group, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    while (m && (rc = sl_mapping_resolve(m, dest, group, err)) == SL_AGAIN)
        if ((rc = sl_remote_pump(dest, NULL, true, err)) != SL_OK)
            break;
    return rc;
}

enum sl_code sl_alter_prepare(const struct sl_options *o, struct sl_endpoint *dest, struct sl_error *err)
{
    if ((o->usermap || o->groupmap) && !(dest->rights & SL_RIGHT_LIST)) {
        err->side = dest->side;
        return sl_fail(err, SL_E_CONFIG, "owners can't be mapped: there is no right to ask for them at the destination");
    }
    enum sl_code rc = resolve(o->usermap, dest, false, err);
    return rc == SL_OK ? resolve(o->groupmap, dest, true, err) : rc;
}
