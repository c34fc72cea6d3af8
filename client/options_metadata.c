/* SPDX-License-Identifier: ISC */
/* options_metadata - see options_metadata.h. */
#include "config.h"
#include "client/options_metadata.h"
#include "base/mem.h"
#include "base/num.h"
#include "client/chmod.h"
#include "client/fake_super.h"
#include "client/mapping.h"
#include "tree/meta.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static enum sl_code take_chmod(struct sl_options *o, const char *value, struct sl_error *err)
{
    if (!o->chmod)
        o->chmod = sl_calloc(1, sizeof *o->chmod);
    return sl_chmod_add(o->chmod, value, sl_meta_umask(), err);
}

/* As with rsync, each once, and not beside --chown for the same half of it. */
static enum sl_code take_map(struct sl_options *o, bool group, const char *value, struct sl_error *err)
{
    const char *option = group ? "groupmap" : "usermap";
    struct sl_mapping **at = group ? &o->groupmap : &o->usermap;
    if (*at && (group ? o->chowns_group : o->chowns_user))
        return sl_fail(err, SL_E_CONFIG, "--%s doesn't go with --chown, which maps all %s", option, group ? "groups" : "users");
    if (*at)
        return sl_fail(err, SL_E_CONFIG, "--%s is possible only once: put all pairs into one, with commas between them", option);
    *(group ? &o->group : &o->owner) = true;
    return sl_mapping_parse(at, option, value, err);
}

static enum sl_code chown_half(struct sl_options *o, bool group, const char *to, struct sl_error *err)
{
    struct sl_mapping **at = group ? &o->groupmap : &o->usermap;
    bool *by_chown = group ? &o->chowns_group : &o->chowns_user;
    if (*at && !*by_chown)
        return sl_fail(err, SL_E_CONFIG, "--chown doesn't go with --%s", group ? "groupmap" : "usermap");
    if (*at)
        return sl_fail(err, SL_E_CONFIG, "--chown names a %s twice", group ? "group" : "user");
    if (strlen(to) > SL_OWNER_NAME_MAX)
        return sl_fail(err, SL_E_CONFIG, "--chown: '%s' is too long", to);
    *by_chown = true;
    *(group ? &o->group : &o->owner) = true;
    *at = sl_mapping_all("chown", to);
    return SL_OK;
}

static enum sl_code take_chown(struct sl_options *o, const char *value, struct sl_error *err)
{
    const char *colon = strchr(value, ':');
    char *user = sl_memdup0(value, colon ? (size_t)(colon - value) : strlen(value));
    enum sl_code rc = *user ? chown_half(o, false, user, err) : SL_OK;
    if (rc == SL_OK && colon && colon[1])
        rc = chown_half(o, true, colon + 1, err);
    free(user);
    return rc;
}

static enum sl_code take_window(struct sl_options *o, const char *value, struct sl_error *err)
{
    if (sl_num_int(value, INT_MIN, INT_MAX, &o->modify_window) != SL_OK)
        return sl_fail(err, SL_E_CONFIG, "--modify-window: '%s' is not a number of seconds, or -1", value);
    o->modify_window_given = true;
    return SL_OK;
}

enum sl_code sl_metadata_take(struct sl_options *o, enum sl_option_id id, const char *value, struct sl_error *err)
{
    switch ((int)id) {
    case SL_ID_CHMOD:
        return take_chmod(o, value, err);
    case SL_ID_CHOWN:
        return take_chown(o, value, err);
    case SL_ID_USERMAP:
    case SL_ID_GROUPMAP:
        return take_map(o, id == SL_ID_GROUPMAP, value, err);
    case SL_ID_MODIFY_WINDOW:
        return take_window(o, value, err);
    case SL_ID_SUPER:
        o->super = 1;
        o->fake_super = false;
        return SL_OK;
    case SL_ID_FAKE_SUPER:
        o->fake_super = true;
        o->super = 0;
        return SL_OK;
    case SL_ID_REMOTE_OPTION:
        return sl_fake_super_remote(o, value, err);
    default:
        return SL_EOF;
    }
}

void sl_metadata_clear(struct sl_options *o)
{
    if (o->chmod)
        sl_chmod_clear(o->chmod);
    free(o->chmod);
    sl_mapping_free(o->usermap);
    sl_mapping_free(o->groupmap);
    o->chmod = NULL;
    o->usermap = o->groupmap = NULL;
}
