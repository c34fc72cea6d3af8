/* SPDX-License-Identifier: ISC */
/* ring - room for one more in a queue that is a ring in one array. Its owner holds the array, where it begins, how long it is, and its room. */
#ifndef SL_BASE_RING_H
#define SL_BASE_RING_H

#include <stddef.h>

/* Makes room where all *cap elements of `each` bytes are taken (len == *cap): twice as much, `first` at first. The ring then begins at 0.
 * Returns the array, in place of `at`, which is freed. */
void *sl_ring_room(void *at, size_t each, size_t *head, size_t *cap, size_t first);

#endif
