/* SPDX-License-Identifier: ISC */
/* carry - the hash of a file that is read portion by portion, opened anew for each: what the portions before left. */
#ifndef SL_TREE_CARRY_H
#define SL_TREE_CARRY_H

#include "tree/reader.h"

struct sl_carry {
    struct sl_hash *hash;    /* of all before `at`, but for a hole there; owned. NULL: nothing is carried */
    uint64_t hole;           /* how long that is */
    uint64_t at, version;    /* of the file, as sl_reader_version */
};
void sl_carry_clear(struct sl_carry *c);

/* What the portion at r's position goes on with: at the file's beginning a new hash of that kind. out->hash is the caller's then.
 * SL_E_CHANGED unless it is what the last portion of this very file, unchanged, left there. What is carried is given away by that, or dropped; the beginning of another file leaves it. */
enum sl_code sl_carry_take(struct sl_carry *c, const struct sl_reader *r, enum sl_hash_kind kind, struct sl_carry *out, struct sl_error *err);

/* The portion was read: its hash, which is taken over, is for the next. */
void sl_carry_put(struct sl_carry *c, const struct sl_reader *r, struct sl_hash *hash, uint64_t hole);

#endif
