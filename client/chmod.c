/* SPDX-License-Identifier: ISC */
/*
 * chmod - see chmod.h. An item is a mask, bits to be set, and conditions; one that copies from a class finds its bits
 * when it is applied. Special bits follow rsync 3.5, not chmod(1): "u=rwx" leaves setuid, "u=s" and "u=g" do not.
 */
#include "config.h"
#include "client/chmod.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { ALL = 07777, EACH = 0111, SETUID = 04000, SETGID = 02000, STICKY = 01000 };

struct sl_chmod_item {
    uint32_t keep, set;
    char op;               /* '+', '-', '=', or '0' for an octal number */
    char from;             /* a class that is copied from, or 0 */
    uint32_t where, masks; /* copying: one bit for each class that it goes to, and what may be set of it */
    bool dirs_only, files_only;
    bool x_kept; /* X: execution only where something may be executed already */
};

/* What has been read of an item. */
struct reading {
    uint32_t where, what, classes /* setuid and setgid of those named */, special;
    uint32_t copied; /* special bits that a copy clears */
    char op, from;
    bool dirs, files, x_kept, letters;
};

static bool take_class(struct reading *r, char c)
{
    static const struct {
        char letter;
        uint32_t where, classes, copied;
    } rows[] = { { 'u', 0100, SETUID, SETUID },
                 { 'g', 0010, SETGID, SETGID },
                 { 'o', 0001, 0, STICKY },
                 { 'a', EACH, SETUID | SETGID, SETUID | SETGID | STICKY } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].letter == c) {
            r->where |= rows[i].where;
            r->classes |= rows[i].classes;
            r->copied |= rows[i].copied;
            return true;
        }
    return false;
}

static bool take_who(struct reading *r, char c)
{
    if (c == 'D' || c == 'F') {
        r->dirs |= c == 'D';
        r->files |= c == 'F';
        return !(r->dirs && r->files);
    }
    return take_class(r, c);
}

static bool take_what(struct reading *r, char c)
{
    if (c == 'u' || c == 'g' || c == 'o') {
        bool first = !r->from && !r->letters;
        r->from = c;
        return first;
    }
    r->letters = true;
    switch (c) {
    case 'r':
        r->what |= 4;
        break;
    case 'w':
        r->what |= 2;
        break;
    case 'X':
        r->x_kept = true;
        r->what |= 1;
        break;
    case 'x':
        r->what |= 1;
        break;
    case 's':
        r->special = r->classes ? r->special | r->classes : SETUID; /* as with rsync, a 't' in front of it goes then */
        break;
    case 't':
        r->special |= STICKY;
        break;
    default:
        return false;
    }
    return !r->from;
}

static bool take_octal(struct reading *r, const char *p, const char *end)
{
    r->op = '0';
    for (; p < end; p++) {
        if (*p < '0' || *p > '7' || (r->what = r->what * 8 + (uint32_t)(*p - '0')) > ALL)
            return false;
    }
    return !r->where;
}

static bool read_item(struct reading *r, const char *p, const char *end)
{
    while (p < end && !strchr("+-=01234567", *p))
        if (!take_who(r, *p++))
            return false;
    if (p == end)
        return false;
    if (*p >= '0' && *p <= '7')
        return take_octal(r, p, end);
    r->op = *p++;
    while (p < end)
        if (!take_what(r, *p++))
            return false;
    return true;
}

/* An item that names nobody is for all, as far as the umask lets it. */
static struct sl_chmod_item item_of(const struct reading *r, uint32_t umask)
{
    uint32_t where = r->where ? r->where : EACH, masks = r->where ? ALL : ALL & ~umask;
    uint32_t bits = (where * r->what) & masks;
    struct sl_chmod_item i = { .keep = ALL,
                               .op = r->op,
                               .from = r->from,
                               .where = where,
                               .masks = masks,
                               .dirs_only = r->dirs,
                               .files_only = r->files,
                               .x_kept = r->x_kept };
    switch (r->op) {
    case '+':
        i.set = bits | r->special;
        break;
    case '-':
        i.keep = ALL & ~(bits | r->special);
        break;
    case '=':
        i.set = bits | r->special;
        i.keep = ALL & ~(where * 7);
        if (r->from)
            i.keep &= ~(r->where ? r->copied : (uint32_t)(SETUID | SETGID | STICKY));
        else if (r->special)
            i.keep &= ~(r->classes ? r->classes : r->special);
        break;
    default:
        i.keep = 0;
        i.set = r->what;
        break;
    }
    return i;
}

enum sl_code sl_chmod_add(struct sl_chmod *c, const char *list, uint32_t umask, struct sl_error *err)
{
    size_t was = c->len;
    for (const char *p = list;; p++) {
        const char *end = p + strcspn(p, ",");
        struct reading r = { 0 };
        if (!read_item(&r, p, end)) {
            c->len = was;
            return sl_fail(err, SL_E_CONFIG, "--chmod: '%.*s' in '%s' is not a mode like u=rwX, Dg+s, o=g or F644",
                           (int)(end - p), p, list);
        }
        c->at = sl_realloc(c->at, (c->len + 1) * sizeof *c->at);
        c->at[c->len++] = item_of(&r, umask);
        p = end;
        if (!*p)
            return SL_OK;
    }
}

void sl_chmod_clear(struct sl_chmod *c)
{
    free(c->at);
    *c = (struct sl_chmod){ 0 };
}

static uint32_t copied(const struct sl_chmod_item *i, uint32_t mode)
{
    unsigned shift = i->from == 'u' ? 6 : i->from == 'g' ? 3 : 0;
    return i->where * (mode >> shift & 7) & i->masks;
}

static uint32_t apply_item(const struct sl_chmod_item *i, uint32_t mode, bool dir, bool executable)
{
    uint32_t set = i->set;
    if (i->from && i->op == '-')
        return mode & ~copied(i, mode);
    if (i->from)
        set |= copied(i, mode);
    if (i->x_kept && !executable && !dir)
        set &= ~(uint32_t)EACH;
    return (mode & i->keep) | set;
}

uint32_t sl_chmod_apply(const struct sl_chmod *c, uint32_t mode, bool dir)
{
    bool executable = mode & EACH;
    for (size_t n = 0; n < c->len; n++) {
        const struct sl_chmod_item *i = &c->at[n];
        if (dir ? !i->files_only : !i->dirs_only)
            mode = apply_item(i, mode, dir, executable);
    }
    return mode;
}

uint32_t sl_chmod_gives(const struct sl_chmod *c)
{
    return sl_chmod_apply(c, 0, false) & (SETUID | SETGID | STICKY);
}
