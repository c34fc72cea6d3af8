/* SPDX-License-Identifier: ISC */
/*
 * window - a stretch of a file in memory as the system has it (mmap), so that what is only hashed need not be copied before. Where the file becomes
 * shorter meanwhile, or cannot be read, the window has zeros from there on and is broken: what was made of it is not to be used.
 *
 * Windows belong to one thread: SIGBUS, by which the system says so, is taken from the first one on.
 */
#ifndef SL_TREE_WINDOW_H
#define SL_TREE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SL_WINDOW_BYTES = 4 * 1024 * 1024 };   /* a good length: with a quarter of it 1 GiB takes a third longer */

struct sl_window {
    uint8_t *data;               /* NULL: closed */
    size_t len;
    uint64_t at;                 /* in the file */
    volatile bool broken;
    struct sl_window *volatile next;   /* of those that are open */
};

/* Opens w, which is closed and stays where it is until it is closed again, on up to len > 0 bytes at `at`, all of them in the file. False: they can't be had so; read them. */
bool sl_window_open(struct sl_window *w, int fd, uint64_t at, size_t len);
/* The byte at `at` of the file, which is in the window. */
static inline const uint8_t *sl_window_byte(const struct sl_window *w, uint64_t at) { return w->data + (at - w->at); }
/* Whether it has the byte at `at`. */
static inline bool sl_window_has(const struct sl_window *w, uint64_t at) { return w->data && at >= w->at && at - w->at < w->len; }
/* It may be closed already. `broken` stays. */
void sl_window_close(struct sl_window *w);

#endif
