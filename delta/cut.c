/* SPDX-License-Identifier: ISC */
/* cut - the gear hash and its three stretches: no end before the least length, a rare one up to the wanted length, a likely one behind it. */
#include "config.h"
#include "delta/cut.h"

enum { NORMAL = 2 };             /* bits more before the wanted length, and fewer behind it: "NC level 2" of the paper */

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void sl_seed_init(struct sl_seed *s, uint64_t seed)
{
    for (size_t i = 0; i < 256; i++)
        s->gear[i] = splitmix(&seed);
    for (size_t i = 0; i < sizeof s->secret; i += 8) {
        uint64_t v = splitmix(&seed);
        for (size_t b = 0; b < 8; b++)
            s->secret[i + b] = (uint8_t)(v >> (8 * b));
    }
}

void sl_cut_init(struct sl_cut *c, const struct sl_seed *seed, unsigned grain)
{
    *c = (struct sl_cut){ .seed = seed, .grain = grain };
}

/* Rolls over at most n bytes; stops behind the first at which the bits of `mask` are all zero. */
static size_t roll(struct sl_cut *c, const uint8_t *p, size_t n, uint64_t mask, bool *end)
{
    const uint64_t *gear = c->seed->gear;
    uint64_t h = c->gear;
    size_t i = 0;
    for (; i < n; i++) {
        h = (h << 1) + gear[p[i]];
        if (!(h & mask)) {
            *end = true;
            i++;
            break;
        }
    }
    c->gear = h;
    return i;
}

static size_t stretch(const struct sl_cut *c, uint64_t until, size_t n)
{
    return until <= c->len ? 0 : until - c->len < n ? (size_t)(until - c->len) : n;
}

size_t sl_cut_next(struct sl_cut *c, const uint8_t *data, size_t n, bool *end)
{
    const uint64_t rare = ~UINT64_C(0) << (64 - (c->grain + NORMAL)), likely = ~UINT64_C(0) << (64 - (c->grain - NORMAL));
    size_t done = stretch(c, sl_grain_least(c->grain), n);
    *end = false;
    c->len += done;
    size_t k = roll(c, data + done, stretch(c, (uint64_t)1 << c->grain, n - done), rare, end);
    c->len += k;
    done += k;
    if (!*end) {
        k = roll(c, data + done, stretch(c, sl_grain_most(c->grain), n - done), likely, end);
        c->len += k;
        done += k;
    }
    *end = *end || c->len == sl_grain_most(c->grain);
    if (*end)
        sl_cut_restart(c);
    return done;
}
