/* SPDX-License-Identifier: ISC */
/*
 * inplace - a stage that is none: the file of that name is written where it is, so that it keeps its inode, its other names and the blocks it
 * has. What a failure or a crash leaves is neither the old file nor the new one; whoever asks for this knows. A name that is taken by anything
 * but a regular file is never written through: then the stage is an ordinary one.
 */
#ifndef SL_TREE_INPLACE_H
#define SL_TREE_INPLACE_H

#include "tree/stage.h"

/* Opens the file, or makes it where there is none; with neither SL_STAGE_REPLACE nor a free name SL_E_EXISTS. mode: of a new one. Needs s->dirfd
 * and s->name; fills s->fd, s->inplace, *made. With SL_STAGE_DEVICE a device is a file that is there. SL_E_TYPE: something else has that name, and
 * nothing is open. */
enum sl_code sl_inplace_open(struct sl_stage *s, mode_t mode, uint32_t flags, bool *made, struct sl_error *err);

/* Whether fd is the file that is being written. */
bool sl_inplace_is(const struct sl_stage *s, int fd);

/* Whether the file that is being written still has its name; else SL_E_CHANGED: what was written is nowhere, or elsewhere. */
enum sl_code sl_inplace_named(const struct sl_stage *s, struct sl_error *err);

/* Makes n bytes from s->pos on a hole, or zeros where the file system has none; what is behind the old end needs nothing. The caller moves on.
 * For parts too. */
enum sl_code sl_inplace_hole(struct sl_stage *s, uint64_t n, struct sl_error *err);

/* Whether the file is exactly that long now, or longer by what was written under another of its names: else SL_E_CHANGED. */
enum sl_code sl_inplace_length(const struct sl_stage *s, uint64_t n, struct sl_error *err);

#endif
