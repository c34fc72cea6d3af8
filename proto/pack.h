/* SPDX-License-Identifier: ISC */
/* pack - a way to compress a stream in pieces. States are the library's, made and freed here; no memory means the process ends. */
#ifndef SL_PROTO_PACK_H
#define SL_PROTO_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SL_LEVEL_DEFAULT 0               /* of compression: whatever is usual for the method */

struct sl_packing {
    const char *feature;                 /* its name in HELLO */
    uint8_t wanted;                      /* its bit in HELLO's `wants` */
    uint8_t control;                     /* type of its frames */
    size_t patience;                     /* bytes in a row that don't get smaller before some are sent as they are: many where trying costs little */
    void *(*pack_new)(int level);        /* SL_LEVEL_DEFAULT, or 1..; beyond the highest of the method it is that */
    void (*pack_free)(void *state);
    /* Takes in[*used..n) and flushes; returns the bytes put to `to`. *more: call again with the same input. */
    size_t (*pack)(void *state, const uint8_t *in, size_t n, size_t *used, uint8_t *to, size_t cap, bool *more);
    void *(*unpack_new)(void);
    void (*unpack_free)(void *state);
    /* Takes from in[*used..n) what yields at most cap bytes; false for what is no such stream. */
    bool (*unpack)(void *state, const uint8_t *in, size_t n, size_t *used, uint8_t *to, size_t cap, size_t *made);
};

extern const struct sl_packing sl_packing_zlib, sl_packing_zstd;

#endif
