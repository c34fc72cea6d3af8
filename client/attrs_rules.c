/* SPDX-License-Identifier: ISC */
/* attrs_rules - see attrs_rules.h. The first rule that matches decides, as for files; a name of an attribute is one component. */
#include "config.h"
#include "client/attrs_rules.h"

#include <string.h>

bool sl_attrs_ruled(const struct sl_filters *f)
{
    for (size_t i = 0; i < f->rules.len; i++)
        if (f->rules.at[i].flags & SL_RULE_XATTR && f->rules.at[i].point < 0)
            return true;
    return false;
}

bool sl_attrs_excluded(const struct sl_filters *f, const char *name, size_t len, uint32_t side)
{
    char path[SL_ATTR_NAME_MAX + 2] = "/";
    struct sl_subject s = { .path = path, .name = 1, .len = len + 1 };
    if (sl_attr_is_acl(name, len))
        return false;
    memcpy(path + 1, name, len);
    path[len + 1] = '\0';
    for (size_t i = 0; i < f->rules.len; i++) {
        struct sl_rules_entry *e = &f->rules.at[i];
        bool of_side = !(e->flags & SL_RULE_SIDES) || e->flags & side;
        if (!(e->flags & SL_RULE_XATTR) || e->point >= 0 || !of_side)
            continue;
        if (sl_pattern_match(&e->pattern, &s, 0) != ((e->flags & SL_RULE_NEGATED) != 0))
            return !(e->flags & SL_RULE_INCLUDE);
    }
    return false;
}

void sl_attrs_without(const struct sl_filters *f, const uint8_t *set, size_t len, uint32_t side, struct sl_buf *out)
{
    struct sl_attrs_rd r;
    struct sl_attr a;
    sl_attrs_open(&r, set, len);
    while (sl_attrs_next(&r, &a))
        if (!sl_attrs_excluded(f, a.name, a.name_len, side))
            sl_attrs_add(out, &a);
}

void sl_attrs_joined(const struct sl_filters *f, const struct sl_attr_sets *sets, struct sl_buf *out)
{
    struct sl_attrs_rd there, here;
    struct sl_attr s, d;
    sl_attrs_open(&there, sets->there, sets->there_len);
    sl_attrs_open(&here, sets->here, sets->here_len);
    bool more_s = sl_attrs_next(&there, &s), more_d = sl_attrs_next(&here, &d);
    while (more_s || more_d) {
        int n = !more_s ? 1 : !more_d ? -1 : sl_attr_order(&s, &d);
        const struct sl_attr *a = n <= 0 ? &s : &d;
        bool stays = n >= 0 && sl_attrs_excluded(f, d.name, d.name_len, SL_RULE_RECEIVER);
        bool comes = n <= 0 && !sl_attrs_excluded(f, a->name, a->name_len, SL_RULE_SENDER) &&
                     !sl_attrs_excluded(f, a->name, a->name_len, SL_RULE_RECEIVER);
        if (stays || comes)
            sl_attrs_add(out, stays ? &d : &s);
        more_s = n <= 0 ? sl_attrs_next(&there, &s) : more_s;
        more_d = n >= 0 ? sl_attrs_next(&here, &d) : more_d;
    }
}
