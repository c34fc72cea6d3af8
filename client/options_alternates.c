/* SPDX-License-Identifier: ISC */
/* options_alternates - see options_alternates.h. */
#include "config.h"
#include "client/options_alternates.h"

const char *sl_alternates_option(enum sl_alternate_kind kind)
{
    switch (kind) {
    case SL_ALTERNATE_NONE:
        break;
    case SL_ALTERNATE_COMPARE:
        return "compare-dest";
    case SL_ALTERNATE_COPY:
        return "copy-dest";
    case SL_ALTERNATE_LINK:
        return "link-dest";
    }
    return "";
}

static enum sl_alternate_kind kind_of(enum sl_option_id id)
{
    return id == SL_ID_COMPARE_DEST ? SL_ALTERNATE_COMPARE
           : id == SL_ID_COPY_DEST  ? SL_ALTERNATE_COPY
           : id == SL_ID_LINK_DEST  ? SL_ALTERNATE_LINK
                                    : SL_ALTERNATE_NONE;
}

enum sl_code sl_alternates_take(struct sl_options *o, enum sl_option_id id, const char *value, struct sl_error *err)
{
    struct sl_alternate_dirs *a = &o->alternates;
    enum sl_alternate_kind kind = kind_of(id);
    const char *name = sl_alternates_option(kind);
    if (kind == SL_ALTERNATE_NONE)
        return SL_EOF;
    if (!*value)
        return sl_fail(err, SL_E_CONFIG, "--%s needs a value", name);
    if (a->len && a->kind != kind)
        return sl_fail(err, SL_E_CONFIG, "--%s doesn't go with --%s", name, sl_alternates_option(a->kind));
    if (a->len == SL_ALTERNATES_MAX)
        return sl_fail(err, SL_E_CONFIG, "--%s can be given %d times at most", name, SL_ALTERNATES_MAX);
    a->kind = kind;
    a->at[a->len++] = value;
    return SL_OK;
}
