/* SPDX-License-Identifier: ISC */
/* dirlinks - -K: a link at the destination that stands for a directory. */
#include "config.h"
#include "client/plan_priv.h"

enum sl_code sl_plan_keep_dirlink(struct sl_plan *p, const struct sl_entry *s)
{
    struct sl_stream *dest = &p->dest_stream;
    size_t keep = sl_plan_level(p)->path_len;
    enum sl_code rc = sl_stream_follow_dir(dest);
    if (rc != SL_OK)
        return rc;
    sl_plan_path_put(p, keep, s);
    if (dest->ev.kind == SL_EVENT_ERROR) {
        sl_plan_entry_failed(p, &dest->ev.error, p->path);
        sl_merge_drop(&p->source);
        sl_stream_pop(dest);
        rc = SL_EOF;
    } else if (dest->ev.entry.type == SL_TYPE_DIR) {
        sl_detours_add(&p->detours, p->path, dest->ev.real);
    }
    p->path[keep] = '\0';
    return rc;
}
