/* SPDX-License-Identifier: ISC */
/* fake_super - see fake_super.h. */
#include "config.h"
#include "client/fake_super.h"
#include "client/address.h"
#include "tree/fake.h"

#include <string.h>

enum sl_code sl_fake_super_remote(struct sl_options *o, const char *value, struct sl_error *err)
{
    bool fake = strcmp(value, "--fake-super") == 0;
    if (!fake && strcmp(value, "--super") != 0)
        return sl_fail(err, SL_E_CONFIG,
                       "--remote-option (-M): the server takes no options from the client, but for --fake-super and "
                       "--super: not '%s'",
                       value);
    o->remote_fake_super = fake;
    o->remote_super = !fake;
    return SL_OK;
}

static bool is_remote(const char *text)
{
    struct sl_address a = { 0 };
    bool remote = sl_address_parse(&a, text, NULL) == SL_OK && a.kind != SL_ADDR_LOCAL;
    sl_address_clear(&a);
    return remote;
}

/* A server that keeps things so for its own reasons is no matter of these options. */
static enum sl_code sides(struct sl_options *o, bool source_remote, bool dest_remote, struct sl_error *err)
{
    bool both = o->dest && source_remote == dest_remote, said = o->remote_fake_super || o->remote_super;
    if (o->fake_super && !o->dest && source_remote)
        return sl_fail(err, SL_E_CONFIG,
                       "--fake-super is of the local side, and there is none; -M--fake-super is of the other one");
    if (said && !o->dest && !source_remote)
        return sl_fail(err, SL_E_CONFIG, "--remote-option (-M) is of the other side, and there is none");
    o->fake_source = source_remote && !both ? o->remote_fake_super : o->fake_super;
    o->fake_dest = both && !source_remote ? (said ? o->remote_fake_super : o->fake_super)
                   : dest_remote          ? o->remote_fake_super
                                          : o->fake_super;
    return SL_OK;
}

enum sl_code sl_fake_super_settle(struct sl_options *o, struct sl_error *err)
{
    if (!o->fake_super && !o->remote_fake_super && !o->remote_super)
        return SL_OK;
    if (!o->source_count)
        return SL_OK; /* that is told elsewhere */
    enum sl_code rc = sides(o, is_remote(o->sources[0]), o->dest && is_remote(o->dest), err);
    if (rc == SL_OK && o->xattrs > 1 && (o->fake_source || o->fake_dest))
        return sl_fail(
            err, SL_E_CONFIG,
            "--fake-super makes attributes of its own (user.rsync.%%...): -XX, which copies them, doesn't go with it");
    bool dest_is_other = o->dest && (is_remote(o->dest) || !is_remote(o->sources[0]));
    if (rc == SL_OK && o->remote_super && dest_is_other)
        o->super = 1;
    return rc;
}

void sl_fake_super_side(const struct sl_options *o, struct sl_endpoint *e)
{
    bool dest = e->side == SL_SIDE_DEST;
    if (!(dest ? o->fake_dest : o->fake_source))
        return;
    e->fake = SL_FAKE | (dest ? SL_FAKE_ONLY : 0);
    e->can_chown = true;
}
