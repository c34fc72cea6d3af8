/* SPDX-License-Identifier: ISC */
/* carry - see carry.h. */
#include "config.h"
#include "tree/carry.h"

void sl_carry_clear(struct sl_carry *c)
{
    sl_hash_free(c->hash);
    *c = (struct sl_carry){ 0 };
}

enum sl_code sl_carry_take(struct sl_carry *c, const struct sl_reader *r, enum sl_hash_kind kind, struct sl_carry *out, struct sl_error *err)
{
    if (r->pos == 0) {
        *out = (struct sl_carry){ .hash = sl_hash_new() };
        sl_hash_choose(out->hash, kind);
        return SL_OK;
    }
    if (!c->hash || c->at != r->pos || c->version != sl_reader_version(r)) {
        sl_carry_clear(c);
        return sl_fail(err, SL_E_CHANGED, "the file is not what it was when the portion before was read");
    }
    *out = *c;
    *c = (struct sl_carry){ 0 };
    return SL_OK;
}

void sl_carry_put(struct sl_carry *c, const struct sl_reader *r, struct sl_hash *hash, uint64_t hole)
{
    sl_carry_clear(c);
    *c = (struct sl_carry){ hash, hole, r->pos, sl_reader_version(r) };
}
