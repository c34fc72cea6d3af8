/* SPDX-License-Identifier: ISC */
/* permit - see permit.h. One table says what is told; another, in needs(), what each kind of action takes. */
#include "config.h"
#include "client/permit.h"
#include "client/plan_priv.h"
#include "proto/msg.h"

#include <stdio.h>
#include <string.h>

/* ---- before the run ---- */

struct shortfall { uint32_t right; bool matters; const char *text; };

/* ", " before each but the first. */
static void add(char *text, size_t size, const char *part)
{
    size_t n = strlen(text);
    snprintf(text + n, size - n, "%s%s", n ? "; " : "", part);
}

static void tell(struct sl_report *report, const struct sl_endpoint *e, const struct shortfall *rows, size_t count)
{
    struct sl_error err = { .code = SL_E_RIGHTS, .side = e->side };
    char text[400] = "";
    for (size_t i = 0; i < count; i++)
        if (rows[i].matters && !(e->rights & rows[i].right))
            add(text, sizeof text, rows[i].text);
    if (!*text)
        return;
    snprintf(err.text, sizeof err.text, "the rights there do not cover all of this run: %s", text);
    sl_report_warning(report, &err, NULL);
}

void sl_permit_tell(const struct sl_options *o, struct sl_report *report, const struct sl_endpoint *source,
                    const struct sl_endpoint *dest)
{
    const struct shortfall at_source[] = {
        { SL_RIGHT_LIST, true, "nothing can be listed" },
        { SL_RIGHT_READ, o->dest && !o->list_only, "no content can be read" },
        { SL_RIGHT_HASH, o->checksum, "content can't be compared by its hash" },
    };
    const struct shortfall at_dest[] = {
        { SL_RIGHT_LIST, true, "what is there can't be listed, so everything is taken for new" },
        { SL_RIGHT_CREATE, !o->existing, "nothing new is made" },
        { SL_RIGHT_OVERWRITE, o->inplace, "no file is written in place" },
        { SL_RIGHT_OVERWRITE, !o->ignore_existing && !o->inplace, "nothing that exists is replaced" },
        { SL_RIGHT_DELETE, *o->partial_dir, "interrupted files are kept beside their place, not in --partial-dir" },
        { SL_RIGHT_RENAME, *o->partial_dir && o->delay_updates, "files wait beside their place, not in --partial-dir" },
        { SL_RIGHT_READ, o->backup, "no backups can be made, so nothing is replaced or deleted" },
        { SL_RIGHT_META, o->perms || o->executability || o->times || o->owner || o->group, "metadata of what exists is left, owners and groups are not kept" },
        { SL_RIGHT_SPECIAL, (o->devices || o->specials) && !(dest && dest->fake), "no special files are made" },
        { SL_RIGHT_READ, o->hard_links, "no hard links are made, each name gets a copy" },
        { SL_RIGHT_META, o->xattrs || o->acls || o->atimes, "attributes, ACLs and times of access are not set" },
        { SL_RIGHT_SPECIAL, o->xattrs && dest && !dest->fake && dest->uid == 0 && dest->rights & SL_RIGHT_META, "of extended attributes only those of users (\"user.\") are set" },
        { SL_RIGHT_DELETE, o->del || o->force, "nothing is deleted" },
        { SL_RIGHT_HASH, o->checksum, "content can't be compared by its hash" },
    };
    if (source)
        tell(report, source, at_source, sizeof at_source / sizeof at_source[0]);
    if (dest && dest->remote)
        tell(report, dest, at_dest, sizeof at_dest / sizeof at_dest[0]);
}

/* ---- each action ---- */

static uint32_t needs(const struct sl_plan *p, const struct sl_action *a)
{
    bool fresh = a->changes & SL_CHANGE_NEW || a->fresh;
    bool written_over = !fresh || p->o->inplace;
    uint32_t backed_up = a->backs_up ? SL_RIGHT_CREATE | SL_RIGHT_READ : 0;
    uint32_t special = a->entry.type >= SL_TYPE_CHAR && !p->dest->fake ? SL_RIGHT_SPECIAL : 0;
    switch (a->kind) {
    case SL_ACT_FILE:
        return SL_RIGHT_CREATE | (written_over ? (uint32_t)SL_RIGHT_OVERWRITE : 0) | backed_up;
    case SL_ACT_MAKE:
        return SL_RIGHT_CREATE | special | (fresh ? 0 : (uint32_t)SL_RIGHT_OVERWRITE) | backed_up;
    case SL_ACT_TAKE:
        return SL_RIGHT_CREATE | (fresh ? 0 : (uint32_t)SL_RIGHT_OVERWRITE) | backed_up;
    case SL_ACT_LINK:
        return SL_RIGHT_CREATE | SL_RIGHT_READ | (fresh ? 0 : (uint32_t)SL_RIGHT_OVERWRITE);
    case SL_ACT_RELEASE:
        return SL_RIGHT_CREATE | SL_RIGHT_OVERWRITE | backed_up;
    case SL_ACT_META:
        return a->own_dir ? SL_RIGHT_CREATE : SL_RIGHT_META;
    case SL_ACT_REMOVE:
        return SL_RIGHT_DELETE | backed_up;
    case SL_ACT_COMPARE:
    case SL_ACT_PART:
    case SL_ACT_JOIN:
    case SL_ACT_DROP:
    case SL_ACT_NOTHING:
        break;
    }
    return 0;
}

static const char *what_for(uint32_t missing)
{
    static const struct { uint32_t right; const char *text; } table[] = {
        { SL_RIGHT_CREATE, "create" }, { SL_RIGHT_OVERWRITE, "overwrite" }, { SL_RIGHT_DELETE, "delete" },
        { SL_RIGHT_META, "set metadata" }, { SL_RIGHT_SPECIAL, "create special files" }, { SL_RIGHT_READ, "read" } };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (missing & table[i].right)
            return table[i].text;
    return "do that";
}

/* A directory that is there is told of when it is entered and changed when it is left: what will be left then is no change. */
static void tell_no_change(const struct sl_plan *p, struct sl_action *a)
{
    if (a->kind != SL_ACT_NOTHING || a->entry.type != SL_TYPE_DIR || a->changes & SL_CHANGE_NEW || a->fresh || p->dest->rights & SL_RIGHT_META)
        return;
    a->changes = 0;
    a->quiet = a->quiet || !sl_plan_told(p, 0);
}

void sl_permit_action(struct sl_plan *p, struct sl_action *a)
{
    tell_no_change(p, a);
    struct sl_error err = { .code = SL_E_RIGHTS, .side = p->dest->side };
    uint32_t missing = needs(p, a) & ~p->dest->rights;
    if (!missing && a->kind == SL_ACT_FILE && !a->copied && !(a->origin->e->rights & SL_RIGHT_READ)) {
        missing = SL_RIGHT_READ;
        err.side = a->origin->e->side;
    }
    if (!missing)
        return;
    bool passed_over = a->kind == SL_ACT_META && a->entry.type == SL_TYPE_DIR && a->quiet && a->meta == SL_META_MTIME;
    bool dir = a->kind == SL_ACT_MAKE && a->entry.type == SL_TYPE_DIR;
    if (a->kind == SL_ACT_FILE)
        p->progress.bytes_total -= a->entry.size;
    a->kind = SL_ACT_NOTHING;
    a->role.lost = true;
    a->takes_source = false;
    if (passed_over || (a->path && sl_plan_below_failed(p, a->path))) {
        p->failed |= !passed_over;
        a->quiet = true;
        return;
    }
    const char *path = a->path && *a->path ? a->path : ".";
    snprintf(err.text, sizeof err.text, "'%s': not allowed there: the right to %s is missing", path, what_for(missing));
    sl_plan_entry_failed(p, &err, path);
    if (dir)
        sl_plan_failed_dir(p, a->path);
    a->quiet = true;
}
