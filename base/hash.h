/* SPDX-License-Identifier: ISC */
/*
 * hash - the content hash of a file: XXH3-128 (seed 0) in canonical big-endian form, or SHA-256 (FIPS 180-4); a hole counts as its length
 * in 8 bytes, big-endian. XXH3 is not a cryptographic hash: it finds faults of transport and disk, not forgery.
 */
#ifndef SL_BASE_HASH_H
#define SL_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SL_HASH_BYTES 16u                     /* of XXH3-128 */
#define SL_HASH_MOST 32u                      /* of the longest */

enum sl_hash_kind { SL_HASH_XXH128, SL_HASH_SHA256 };
/* Bytes of a hash; whether this build has it: all have XXH3-128. */
size_t sl_hash_size(enum sl_hash_kind kind);
bool sl_hash_has(enum sl_hash_kind kind);

struct sl_hash;                              /* heap: the XXH3 state is large and aligned */
struct sl_hash *sl_hash_new(void);
void sl_hash_free(struct sl_hash *h);
void sl_hash_reset(struct sl_hash *h);
/* Begins anew, with this kind until told another; a new one is XXH3-128. */
void sl_hash_choose(struct sl_hash *h, enum sl_hash_kind kind);
void sl_hash_data(struct sl_hash *h, const void *data, size_t n);
void sl_hash_hole(struct sl_hash *h, uint64_t n);
/* n zero bytes, for hashes of content that must not depend on how holes lie (HASH, --checksum). */
void sl_hash_zeros(struct sl_hash *h, uint64_t n);
/* As many bytes as the kind has. It is to be reset before it takes more. */
void sl_hash_end(struct sl_hash *h, uint8_t *out);
/* XXH3-128 of content in memory without holes; and by any kind. */
void sl_hash_once(const void *data, size_t n, uint8_t out[SL_HASH_BYTES]);
void sl_hash_once_as(enum sl_hash_kind kind, const void *data, size_t n, uint8_t *out);

/* ---- chunks ---- XXH3-64 with a secret of 192 bytes, which is borrowed and stays as it is until the end */
#define SL_SECRET_BYTES 192u
uint64_t sl_keyed_once(const uint8_t secret[SL_SECRET_BYTES], const void *data, size_t n);
struct sl_keyed;                             /* heap, like sl_hash */
struct sl_keyed *sl_keyed_new(const uint8_t secret[SL_SECRET_BYTES]);
void sl_keyed_free(struct sl_keyed *k);
void sl_keyed_reset(struct sl_keyed *k);
void sl_keyed_data(struct sl_keyed *k, const void *data, size_t n);
uint64_t sl_keyed_end(const struct sl_keyed *k);

/* Content by blocks, which end at multiples of 1 << grain and at holes: begins anew, and up to the next reset the hash is XXH3-128 of what a list of such blocks says,
 * each hash and each hole's length behind a byte that tells them apart; so it can be had from the list. The secret is borrowed; NULL: all is given by sl_hash_block. */
void sl_hash_by_blocks(struct sl_hash *h, const uint8_t *secret, unsigned grain);
/* The next block, by its hash (sl_keyed_once). */
void sl_hash_block(struct sl_hash *h, uint64_t hash);

#endif
