/* SPDX-License-Identifier: ISC */
/*
 * device - a device that is written as if it were a file: what is on it is replaced as far as the content goes, the rest stays. It is a stage in
 * place (tree/inplace.h) whose size can't be set. Reading one: tree/reader.h.
 */
#ifndef SL_TREE_DEVICE_H
#define SL_TREE_DEVICE_H

#include <sys/stat.h>

#include "tree/stage.h"

/* A block or character device. */
bool sl_is_device(const struct stat *st);

/* Opens the device that has the stage's name, and that st was told of: SL_E_TYPE when it is another thing by now. A block device that is in use
 * (mounted, a member of an array) is refused. Fills s->fd, s->device, and s->old_size with how much a block device can hold. */
enum sl_code sl_device_open(struct sl_stage *s, const struct stat *st, struct sl_error *err);

/* Whether size bytes fit; how much a device of characters takes is not known. */
enum sl_code sl_device_fits(const struct sl_stage *s, uint64_t size, struct sl_error *err);

/* What was written is on the block device when this returns. */
enum sl_code sl_device_sync(const struct sl_stage *s, struct sl_error *err);

#endif
