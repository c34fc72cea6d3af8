/* SPDX-License-Identifier: ISC */
/* stage_priv - what the files of the stage share. stage.c: files are begun; stage_write.c and stage_copy.c: their content; stage_commit.c: their
 * end; stage_special.c: what has no content. */
#ifndef SL_TREE_STAGE_PRIV_H
#define SL_TREE_STAGE_PRIV_H

#include "tree/stage.h"

enum {
    SL_STAGE_TRIES_MAX = 100,            /* 36^8 names: a second try is next to impossible */
    SL_STAGE_BLOCK = 4096,               /* what file systems can leave out, and share */
    SL_STAGE_WRITE_AT_ONCE = 256 * 1024  /* the size of s->buf */
};

/* Needs s->dirfd and where it is away, which it borrows; fills the rest. owners may be NULL. */
enum sl_code sl_stage_create(struct sl_stage *s, const struct sl_entry *e, uint32_t meta, struct sl_owners *owners, struct sl_error *err);
/* Says that it is being written, as long as this process lives (tree/kept.h). Without locks nothing is lost but that. */
void sl_stage_lock(int fd);
enum sl_code sl_stage_check_name(const struct sl_entry *e, struct sl_error *err);
/* Renames what is no directory where there is nothing of the new name; -1 and errno, EEXIST if there is. */
int sl_stage_rename_new(int from_fd, const char *from, int to_fd, const char *to);
/* temp becomes name, or is removed. */
enum sl_code sl_stage_give_name(int dirfd, const char *temp, const char *name, uint32_t flags, struct sl_error *err);
/* The name is on the disk, too. A directory that may not be read can't be synced. */
enum sl_code sl_stage_sync_dir(const struct sl_stage *s, struct sl_error *err);
/* A mode that goes through the umask becomes what the default ACL of the directory leaves of it, if that has one: of what was not
 * created with it. */
void sl_stage_inherit(int dirfd, struct sl_entry *e, uint32_t *meta);
/* Gives a file that was made elsewhere the ACL that it would have if it had been made in its directory with the mode that it has. */
enum sl_code sl_stage_inherit_acl(const struct sl_stage *s, struct sl_error *err);
/* Whether the mode can be given when the file is created: not before its owner is right, for until then the content is
 * nobody else's to read. owners may be NULL. */
bool sl_stage_born_with_mode(const struct sl_entry *e, uint32_t meta, struct sl_owners *owners);
/* The mode that it is created with. */
mode_t sl_stage_first_mode(const struct sl_entry *e, uint32_t meta, bool born);

/* ---- stage_write.c: content, of which nothing is checked here; a failure leaves the file staged ---- */
enum sl_code sl_stage_put_data(struct sl_stage *s, const uint8_t *data, size_t n, struct sl_error *err);
/* Runs of whole zero blocks become holes, what is between them is written at once. */
enum sl_code sl_stage_put_sparse(struct sl_stage *s, const uint8_t *p, size_t n, struct sl_error *err);
/* How much fits s->buf before it is written; and that k bytes more are in it. */
size_t sl_stage_buf_room(const struct sl_stage *s);
enum sl_code sl_stage_took(struct sl_stage *s, size_t k, struct sl_error *err);
enum sl_code sl_stage_write_buf(struct sl_stage *s, struct sl_error *err);
/* All is there: what is held back is written, and the size is set. */
enum sl_code sl_stage_end_content(struct sl_stage *s, struct sl_error *err);
/* A part ends with its file at the latest. */
enum sl_code sl_stage_fits(const struct sl_stage *s, uint64_t n, struct sl_error *err);
enum sl_code sl_stage_write_failed(const struct sl_stage *s, struct sl_error *err);
enum sl_code sl_stage_not_begun(struct sl_error *err);

/* ---- stage_commit.c ---- */
/* Removes the staged file, unless it stays; errno and the directory's descriptor are kept. */
void sl_stage_discard(struct sl_stage *s);
/* Everything from the last byte to the name; the directory's descriptor stays open. Some attributes may be missing (SL_E_ATTRS). */
enum sl_code sl_stage_finish(struct sl_stage *s, const struct sl_entry *e, uint32_t meta, uint32_t flags, struct sl_owners *owners,
                             struct sl_error *err);

/* ---- stage_special.c ---- */
/* Puts a file that stands for it (tree/fake.h) in the place of a link, device, fifo or socket: with the `meta` parts of e, and the rest of
 * what is there. */
enum sl_code sl_stage_fake_over(int dirfd, const char *name, const struct sl_entry *e, uint32_t meta, struct sl_owners *owners,
                                struct sl_error *err);

#endif
