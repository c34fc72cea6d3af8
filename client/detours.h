/* SPDX-License-Identifier: ISC */
/* detours - directories of the destination that are links there and were kept (-K): where they really are. */
#ifndef SL_CLIENT_DETOURS_H
#define SL_CLIENT_DETOURS_H

#include <stddef.h>

struct sl_detours { /* in the order of listings; {0} is empty */
    struct sl_detour {
        char *path, *real; /* owned */
    } * at;
    size_t len, cap;
};

/* path: of the transfer, behind all that are there; real: below the destination's root. */
void sl_detours_add(struct sl_detours *d, const char *path, const char *real);
void sl_detours_clear(struct sl_detours *d);
/* Where path[0..len) itself leads to, or NULL. */
const char *sl_detours_find(const struct sl_detours *d, const char *path, size_t len);
/* Where it really is, if it, or a directory on the way to it, is a detour: fresh memory; else NULL. */
char *sl_detours_real(const struct sl_detours *d, const char *path, size_t len);

#endif
