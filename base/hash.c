/* SPDX-License-Identifier: ISC */
/* hash - XXH3-128 behind a few functions, so that no other file knows the library. */
#include "config.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* The same functions as fast as the processor at hand can: the shared library of some systems has them, the static one has not. */
#ifdef HAVE_XXH_X86DISPATCH
__attribute__((weak)) XXH128_hash_t XXH3_128bits_dispatch(const void *data, size_t n);
__attribute__((weak)) XXH_errorcode XXH3_128bits_update_dispatch(XXH3_state_t *state, const void *data, size_t n);
__attribute__((weak)) XXH64_hash_t XXH3_64bits_withSecret_dispatch(const void *data, size_t n, const void *secret, size_t secret_n);
__attribute__((weak)) XXH_errorcode XXH3_64bits_update_dispatch(XXH3_state_t *state, const void *data, size_t n);
#define FASTEST(name) (name##_dispatch ? name##_dispatch : name)
#else
#define FASTEST(name) name
#endif

struct sl_hash {
    XXH3_state_t *state;
};

struct sl_hash *sl_hash_new(void)
{
    struct sl_hash *h = sl_malloc(sizeof *h);
    h->state = XXH3_createState();
    if (!h->state)
        abort();
    sl_hash_reset(h);
    return h;
}

void sl_hash_free(struct sl_hash *h)
{
    if (!h)
        return;
    XXH3_freeState(h->state);
    free(h);
}

void sl_hash_reset(struct sl_hash *h)
{
    XXH3_128bits_reset(h->state);
}

void sl_hash_data(struct sl_hash *h, const void *data, size_t n)
{
    FASTEST(XXH3_128bits_update)(h->state, data, n);
}

void sl_hash_hole(struct sl_hash *h, uint64_t n)
{
    uint8_t be[8];
    for (int i = 0; i < 8; i++)
        be[i] = (uint8_t)(n >> (56 - 8 * i));
    FASTEST(XXH3_128bits_update)(h->state, be, sizeof be);
}

void sl_hash_zeros(struct sl_hash *h, uint64_t n)
{
    static const uint8_t zeros[16384];
    for (; n > sizeof zeros; n -= sizeof zeros)
        FASTEST(XXH3_128bits_update)(h->state, zeros, sizeof zeros);
    FASTEST(XXH3_128bits_update)(h->state, zeros, (size_t)n);
}

static void canonical(XXH128_hash_t v, uint8_t out[SL_HASH_BYTES])
{
    XXH128_canonical_t c;
    XXH128_canonicalFromHash(&c, v);
    memcpy(out, c.digest, SL_HASH_BYTES);
}

void sl_hash_end(const struct sl_hash *h, uint8_t out[SL_HASH_BYTES])
{
    canonical(XXH3_128bits_digest(h->state), out);
}

void sl_hash_once(const void *data, size_t n, uint8_t out[SL_HASH_BYTES])
{
    canonical(FASTEST(XXH3_128bits)(data, n), out);
}

/* ---- chunks ---- */

struct sl_keyed {
    XXH3_state_t *state;
    const uint8_t *secret;
};

uint64_t sl_keyed_once(const uint8_t secret[SL_SECRET_BYTES], const void *data, size_t n)
{
    return FASTEST(XXH3_64bits_withSecret)(data, n, secret, SL_SECRET_BYTES);
}

struct sl_keyed *sl_keyed_new(const uint8_t secret[SL_SECRET_BYTES])
{
    struct sl_keyed *k = sl_malloc(sizeof *k);
    k->secret = secret;
    k->state = XXH3_createState();
    if (!k->state)
        abort();
    sl_keyed_reset(k);
    return k;
}

void sl_keyed_free(struct sl_keyed *k)
{
    if (!k)
        return;
    XXH3_freeState(k->state);
    free(k);
}

void sl_keyed_reset(struct sl_keyed *k)
{
    XXH3_64bits_reset_withSecret(k->state, k->secret, SL_SECRET_BYTES);
}

void sl_keyed_data(struct sl_keyed *k, const void *data, size_t n)
{
    FASTEST(XXH3_64bits_update)(k->state, data, n);
}

uint64_t sl_keyed_end(const struct sl_keyed *k)
{
    return XXH3_64bits_digest(k->state);
}
