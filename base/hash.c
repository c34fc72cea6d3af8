/* SPDX-License-Identifier: ISC */
/* hash - XXH3 and SHA-256 behind a few functions, so that no other file knows the libraries. */
#include "config.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#ifdef HAVE_LIBCRYPTO
#include <openssl/crypto.h>
#include <openssl/evp.h>
#endif

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
    enum sl_hash_kind kind;
    XXH3_state_t *state;
    void *sha256;                /* EVP_MD_CTX; NULL until it is chosen */
    /* by blocks */
    bool by_blocks, open;        /* open: some of a block is in keyed */
    const uint8_t *secret;       /* borrowed */
    struct sl_keyed *keyed;      /* owned; NULL until needed */
    uint64_t size, pos, hole;    /* of a block; in the file; how long the hole in front of pos is */
};

/* ---- SHA-256 ---- */

#ifdef HAVE_LIBCRYPTO
static void must(int ok)
{
    if (ok != 1)
        abort();                 /* no memory, or a library without SHA-256 */
}

/* The library's configuration is not read: this may run confined, where its file is out of reach. */
static void sha256_begin(void **state)
{
    if (!*state) {
        must(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL));
        *state = EVP_MD_CTX_new();
        must(*state != NULL);
    }
    must(EVP_DigestInit_ex(*state, EVP_sha256(), NULL));
}

static void sha256_data(void *state, const void *data, size_t n)
{
    must(EVP_DigestUpdate(state, data, n));
}

static void sha256_end(void *state, uint8_t *out)
{
    must(EVP_DigestFinal_ex(state, out, NULL));
}

static void sha256_free(void *state)
{
    EVP_MD_CTX_free(state);
}
#else
static void sha256_begin(void **state)
{
    (void)state;
    abort();                     /* sl_hash_has says no */
}

static void sha256_data(void *state, const void *data, size_t n)
{
    (void)state, (void)data, (void)n;
}

static void sha256_end(void *state, uint8_t *out)
{
    (void)state, (void)out;
}

static void sha256_free(void *state)
{
    (void)state;
}
#endif

size_t sl_hash_size(enum sl_hash_kind kind)
{
    return kind == SL_HASH_SHA256 ? SL_HASH_MOST : SL_HASH_BYTES;
}

bool sl_hash_has(enum sl_hash_kind kind)
{
#ifdef HAVE_LIBCRYPTO
    return kind == SL_HASH_XXH128 || kind == SL_HASH_SHA256;
#else
    return kind == SL_HASH_XXH128;
#endif
}

/* ---- either ---- */

struct sl_hash *sl_hash_new(void)
{
    struct sl_hash *h = sl_calloc(1, sizeof *h);
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
    sha256_free(h->sha256);
    sl_keyed_free(h->keyed);
    free(h);
}

void sl_hash_reset(struct sl_hash *h)
{
    h->by_blocks = false;
    if (h->kind == SL_HASH_SHA256)
        sha256_begin(&h->sha256);
    else
        XXH3_128bits_reset(h->state);
}

void sl_hash_choose(struct sl_hash *h, enum sl_hash_kind kind)
{
    h->kind = kind;
    sl_hash_reset(h);
}

static void take(struct sl_hash *h, const void *data, size_t n)
{
    if (h->kind == SL_HASH_SHA256)
        sha256_data(h->sha256, data, n);
    else
        FASTEST(XXH3_128bits_update)(h->state, data, n);
}

static void put_be(uint8_t be[8], uint64_t n)
{
    for (int i = 0; i < 8; i++)
        be[i] = (uint8_t)(n >> (56 - 8 * i));
}

/* ---- by blocks ---- */

enum { TAG_BLOCK = 0, TAG_HOLE = 1 };

static void take_tagged(struct sl_hash *h, uint8_t tag, uint64_t n)
{
    uint8_t said[9] = { tag };
    put_be(said + 1, n);
    take(h, said, sizeof said);
}

static void end_block(struct sl_hash *h)
{
    if (h->open)
        take_tagged(h, TAG_BLOCK, sl_keyed_end(h->keyed));
    h->open = false;
}

static void end_hole(struct sl_hash *h)
{
    if (h->hole)
        take_tagged(h, TAG_HOLE, h->hole);
    h->hole = 0;
}

void sl_hash_by_blocks(struct sl_hash *h, const uint8_t *secret, unsigned grain)
{
    sl_hash_choose(h, SL_HASH_XXH128);
    sl_keyed_free(h->keyed);
    h->keyed = secret ? sl_keyed_new(secret) : NULL;
    h->secret = secret;
    h->by_blocks = true;
    h->open = false;
    h->size = UINT64_C(1) << grain;
    h->pos = h->hole = 0;
}

void sl_hash_block(struct sl_hash *h, uint64_t hash)
{
    end_hole(h);
    take_tagged(h, TAG_BLOCK, hash);
}

static void take_in_blocks(struct sl_hash *h, const uint8_t *data, size_t n)
{
    if (n)
        end_hole(h);
    for (size_t k; n; data += k, n -= k, h->pos += k) {
        uint64_t left = h->size - (h->pos & (h->size - 1));
        k = n < left ? n : (size_t)left;
        if (k == left && !h->open) {
            take_tagged(h, TAG_BLOCK, sl_keyed_once(h->secret, data, k));
            continue;
        }
        if (!h->open)
            sl_keyed_reset(h->keyed);
        h->open = true;
        sl_keyed_data(h->keyed, data, k);
        if (k == left)
            end_block(h);
    }
}

/* ---- either ---- */

void sl_hash_data(struct sl_hash *h, const void *data, size_t n)
{
    if (h->by_blocks)
        take_in_blocks(h, data, n);
    else
        take(h, data, n);
}

void sl_hash_hole(struct sl_hash *h, uint64_t n)
{
    uint8_t be[8];
    put_be(be, n);
    if (h->by_blocks) {
        end_block(h);
        h->hole += n;
        h->pos += n;
    } else {
        take(h, be, sizeof be);
    }
}

void sl_hash_zeros(struct sl_hash *h, uint64_t n)
{
    static const uint8_t zeros[16384];
    for (; n > sizeof zeros; n -= sizeof zeros)
        sl_hash_data(h, zeros, sizeof zeros);
    sl_hash_data(h, zeros, (size_t)n);
}

static void canonical(XXH128_hash_t v, uint8_t out[SL_HASH_BYTES])
{
    XXH128_canonical_t c;
    XXH128_canonicalFromHash(&c, v);
    memcpy(out, c.digest, SL_HASH_BYTES);
}

void sl_hash_end(struct sl_hash *h, uint8_t *out)
{
    if (h->by_blocks) {
        end_block(h);
        end_hole(h);
    }
    if (h->kind == SL_HASH_SHA256)
        sha256_end(h->sha256, out);
    else
        canonical(XXH3_128bits_digest(h->state), out);
}

void sl_hash_once(const void *data, size_t n, uint8_t out[SL_HASH_BYTES])
{
    canonical(FASTEST(XXH3_128bits)(data, n), out);
}

void sl_hash_once_as(enum sl_hash_kind kind, const void *data, size_t n, uint8_t *out)
{
    void *state = NULL;
    if (kind == SL_HASH_XXH128) {
        sl_hash_once(data, n, out);
        return;
    }
    sha256_begin(&state);
    sha256_data(state, data, n);
    sha256_end(state, out);
    sha256_free(state);
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
