/* SPDX-License-Identifier: ISC */
/* write_devices - see write_devices.h. */
#include "config.h"
#include "client/write_devices.h"
#include "client/plan_priv.h"
#include "proto/msg.h"

enum sl_code sl_write_devices_check(const struct sl_options *o, struct sl_error *err)
{
    const struct { bool given; const char *why; } never[] = {
        { o->backup, "--backup: a device has no second name" },
        { o->hard_links, "-H: a device would get the names of a file" },
        { o->alternates.len, "--link-dest, --copy-dest and --compare-dest" },
        { o->fake_super, "--fake-super" },
    };
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (never[i].given)
            return sl_fail(err, SL_E_CONFIG, "--write-devices doesn't go with %s", never[i].why);
    return SL_OK;
}

static bool is_device(const struct sl_entry *e)
{
    return e->type == SL_TYPE_BLOCK || e->type == SL_TYPE_CHAR;
}

bool sl_device_is_written(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d)
{
    return p->o->write_devices && s->type == SL_TYPE_FILE && is_device(d);
}

bool sl_device_refused(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d)
{
    struct sl_error err = { 0 };
    size_t keep = sl_plan_level(p)->path_len;
    if (d->type != SL_TYPE_BLOCK || s->size <= d->size)
        return false;
    sl_fail(&err, SL_E_TOO_BIG, "device '%s' holds %llu bytes, and the file has %llu: nothing is written", s->name, (unsigned long long)d->size,
            (unsigned long long)s->size);
    err.side = p->dest->side;
    sl_plan_path_put(p, keep, s);
    sl_plan_entry_failed(p, &err, p->path);
    p->path[keep] = '\0';
    return true;
}

bool sl_device_compares(const struct sl_plan *p, const struct sl_endpoint *source)
{
    const uint32_t needed = SL_RIGHT_READ | SL_RIGHT_HASH;
    return (source->rights & needed) == needed && (p->dest->rights & needed) == needed && !p->o->ignore_times;
}

void sl_device_action(struct sl_action *a, const struct sl_entry *s, const struct sl_entry *d)
{
    a->device = d->type;
    a->basis_size = d->type != SL_TYPE_BLOCK ? 0 : s->size < d->size ? s->size : d->size;
}
