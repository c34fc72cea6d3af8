/* SPDX-License-Identifier: ISC */
/* staging - see staging.h. */
#include "config.h"
#include "client/staging.h"
#include "client/exec_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum sl_code sl_staging_check(const struct sl_options *o, const struct sl_endpoint *dest, struct sl_error *err)
{
    if (o->temp_dir && !dest->stages_in)
        sl_fail(err, SL_E_CONFIG, "--temp-dir: the server at the destination is too old for it, so nothing is copied");
    else if (o->preallocate && !dest->reserves)
        sl_fail(err, SL_E_CONFIG, "--preallocate: the server at the destination is too old for it, so nothing is copied");
    else
        return SL_OK;
    err->side = dest->side;
    return SL_E_CONFIG;
}

/* ---- --temp-dir ---- */

static char *joined(const char *a, const char *b)
{
    return *a && *b ? sl_asprintf("%s%s%s", a, a[strlen(a) - 1] == '/' ? "" : "/", b) : sl_strdup(*a ? a : b);
}

enum sl_code sl_staging_find(struct sl_plan *p, const char *from, struct sl_error *err)
{
    const char *dir = p->o->temp_dir;
    char *path = *dir == '/' ? sl_strdup(dir) : joined(*from ? from : ".", dir);
    struct sl_place at = { 0 };
    struct sl_error why = { 0 };
    enum sl_code rc = p->dest->ops->place(p->dest, path, true, &at, &why);
    bool gone = rc == SL_E_NOT_FOUND || (rc == SL_OK && !at.exists);
    if (gone)
        rc = sl_fail(err, SL_E_NOT_FOUND, "--temp-dir: there is no directory '%s' at the destination", dir);
    else if (rc == SL_OK && at.entry.type != SL_TYPE_DIR)
        rc = sl_fail(err, SL_E_NOT_DIR, "--temp-dir: '%s' is not a directory", dir);
    else if (rc != SL_OK) {
        *err = why;
        sl_error_context(err, "--temp-dir");
    } else {
        p->staging = sl_calloc(1, sizeof *p->staging);
        *p->staging = (struct sl_staging){ at.root, at.name[0] ? joined(at.base, at.name) : sl_strdup(at.base) };
    }
    sl_place_clear(&at);
    free(path);
    return rc;
}

void sl_staging_clear(struct sl_plan *p)
{
    if (!p->staging)
        return;
    free(p->staging->base);
    free(p->staging);
    p->staging = NULL;
}

enum sl_code sl_staging_begin(struct sl_lane *l)
{
    const struct sl_staging *s = l->plan->staging;
    uint32_t id = 0;
    if (!s || l->staged_in || l->plan->o->dry_run)
        return SL_OK;
    if (!l->staging_at.e)
        sl_cursor_init(&l->staging_at, l->dest, SL_JOB_WORK, s->root, s->base);
    enum sl_code rc = sl_cursor_goto(&l->staging_at, "", 0, &id);
    if (rc != SL_OK || l->dest->ops->room(l->dest, SL_JOB_WORK) < 64)
        return SL_AGAIN;
    l->dest->ops->stage_in(l->dest, id);
    l->staged_in = true;
    return SL_OK;
}

/* ---- --preallocate ---- */

void sl_staging_reserve(struct sl_lane *l, const struct sl_action *a)
{
    bool first = a->kind == SL_ACT_FILE || (a->kind == SL_ACT_PART && a->flags & SL_PUT_FIRST);
    bool longer = !a->device && (!l->plan->o->inplace || a->entry.size > a->basis_size);
    if (!l->plan->o->preallocate || !first || !longer || !a->entry.size)
        return;
    l->reserve_ticket = l->dest->issued[SL_JOB_WORK] + 1;
    l->dest->ops->reserve(l->dest, a->entry.size);
}

bool sl_staging_unreserved(struct sl_lane *l, const struct sl_pending *n, uint64_t ticket, const struct sl_error *why)
{
    struct sl_plan *p = l->plan;
    if (why->code != SL_E_UNSUPPORTED || !ticket || ticket != (n ? n->reserve_ticket : l->reserve_ticket))
        return false;
    struct sl_error err = *why;
    sl_error_context(&err, "--preallocate has no effect there");
    if (!p->unreserved)
        sl_report_warning(p->report, &err, NULL);
    p->unreserved = true;
    return true;
}
