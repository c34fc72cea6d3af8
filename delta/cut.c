/* SPDX-License-Identifier: ISC */
/* cut - the gear hash and its three stretches: no end before the least length, a rare one up to the wanted length, a likely one behind it. */
#include "config.h"
#include "delta/cut.h"

enum {
    NORMAL = 2,                  /* bits more before the wanted length, and fewer behind it: "NC level 2" of the paper */
    WINDOW = 64,                 /* bytes that the state depends on: one bit each */
    LANES = 4, LANE_LEAST = 1024, LANE_MOST = 4096
};

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

void sl_cut_grid(struct sl_cut *c, uint64_t at)
{
    uint64_t block = UINT64_C(1) << c->grain;
    c->left = block - (at & (block - 1));
}

/* Rolls over at most n bytes; stops behind the first at which the bits of `mask` are all zero. */
static size_t roll_one(const uint64_t *gear, uint64_t *state, const uint8_t *p, size_t n, uint64_t mask, bool *end)
{
    uint64_t h = *state;
    size_t i = 0;
    while (i < n && !*end) {
        h = (h << 1) + gear[p[i++]];
        *end = !(h & mask);
    }
    *state = h;
    return i;
}

/* The state behind p[-WINDOW..-1]: what came before has been shifted out. */
static uint64_t state_at(const uint64_t *gear, const uint8_t *p)
{
    uint64_t h = 0;
    for (int i = -WINDOW; i < 0; i++)
        h = (h << 1) + gear[p[i]];
    return h;
}

/* Each step waits for the one before, so a processor has time for several places at once: LANES stretches behind each other roll together,
 * each but the first started from the bytes in front of it. Measured: 2.7 times as fast. When one of them ends, those before it are
 * rolled to their ends, for the first end counts. */
static size_t roll_lanes(const uint64_t *gear, uint64_t *state, const uint8_t *p, size_t lane, uint64_t mask, bool *end)
{
    uint64_t h[LANES] = { *state };
    size_t i = 0;
    for (int k = 1; k < LANES; k++)
        h[k] = state_at(gear, p + (size_t)k * lane);
    uint64_t a = h[0], b = h[1], c = h[2], d = h[3];
    const uint8_t *q = p + lane, *r = p + 2 * lane, *s = p + 3 * lane;
    for (; i < lane; i++) {
        a = (a << 1) + gear[p[i]];
        b = (b << 1) + gear[q[i]];
        c = (c << 1) + gear[r[i]];
        d = (d << 1) + gear[s[i]];
        if (!(a & mask) | !(b & mask) | !(c & mask) | !(d & mask)) {
            i++;
            break;
        }
    }
    h[0] = a, h[1] = b, h[2] = c, h[3] = d;
    *end = false;
    for (size_t k = 0; k < LANES; k++) {
        size_t done = i;
        *end = !(h[k] & mask);
        done += roll_one(gear, &h[k], p + k * lane + i, lane - i, mask, end);
        *state = h[k];
        if (*end)
            return k * lane + done;
    }
    return LANES * lane;
}

static size_t roll(struct sl_cut *c, const uint8_t *p, size_t n, uint64_t mask, bool *end)
{
    size_t done = 0;
    while (n - done >= LANES * LANE_LEAST && !*end) {
        size_t lane = (n - done) / LANES < LANE_MOST ? (n - done) / LANES : LANE_MOST;
        done += roll_lanes(c->seed->gear, &c->gear, p + done, lane, mask, end);
    }
    if (!*end)
        done += roll_one(c->seed->gear, &c->gear, p + done, n - done, mask, end);
    return done;
}

static size_t stretch(const struct sl_cut *c, uint64_t until, size_t n)
{
    return until <= c->len ? 0 : until - c->len < n ? (size_t)(until - c->len) : n;
}

static size_t next_of_grid(struct sl_cut *c, size_t n, bool *end)
{
    size_t k = n < c->left ? n : (size_t)c->left;
    c->left -= k;
    *end = !c->left;
    if (*end)
        c->left = UINT64_C(1) << c->grain;
    return k;
}

size_t sl_cut_next(struct sl_cut *c, const uint8_t *data, size_t n, bool *end)
{
    if (c->left)
        return next_of_grid(c, n, end);
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
