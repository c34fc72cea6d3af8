/* SPDX-License-Identifier: ISC */
/* ring - see ring.h. */
#include "config.h"
#include "base/ring.h"
#include "base/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *sl_ring_room(void *at, size_t each, size_t *head, size_t *cap, size_t first)
{
    size_t room = *cap ? *cap * 2 : first, behind = *cap - *head;
    assert(room > *cap && room < SIZE_MAX / each);
    char *fresh = sl_malloc(room * each);
    if (*cap) {
        memcpy(fresh, (char *)at + *head * each, behind * each);
        memcpy(fresh + behind * each, at, *head * each);
    }
    free(at);
    *head = 0;
    *cap = room;
    return fresh;
}
