/* SPDX-License-Identifier: ISC */
/* stage_priv - what the files of the stage share. stage.c: files; stage_special.c: what has no content. */
#ifndef SL_TREE_STAGE_PRIV_H
#define SL_TREE_STAGE_PRIV_H

#include "tree/stage.h"

enum { SL_STAGE_TRIES_MAX = 100 };   /* 36^8 names: a second try is next to impossible */

enum sl_code sl_stage_check_name(const struct sl_entry *e, struct sl_error *err);
/* Renames what is no directory where there is nothing of the new name; -1 and errno, EEXIST if there is. */
int sl_stage_rename_new(int from_fd, const char *from, int to_fd, const char *to);
/* temp becomes name, or is removed. */
enum sl_code sl_stage_give_name(int dirfd, const char *temp, const char *name, uint32_t flags, struct sl_error *err);
/* The name is on the disk, too. A directory that may not be read can't be synced. */
enum sl_code sl_stage_sync_dir(const struct sl_stage *s, struct sl_error *err);
/* Whether the mode can be given when the file is created: not before its owner is right, for until then the content is
 * nobody else's to read. owners may be NULL. */
bool sl_stage_born_with_mode(const struct sl_entry *e, uint32_t meta, struct sl_owners *owners);
/* The mode that it is created with. */
mode_t sl_stage_first_mode(const struct sl_entry *e, uint32_t meta, bool born);

#endif
