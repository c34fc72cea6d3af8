/* SPDX-License-Identifier: ISC */
/* plan_priv - what the files of the planner share. plan.c: the merge; decide.c and decide_same.c: its decisions; level.c: where it stands;
 * fuzzy.c: --fuzzy; extra.c: what only the destination has. */
#ifndef SL_CLIENT_PLAN_PRIV_H
#define SL_CLIENT_PLAN_PRIV_H

#include "client/plan.h"
#include "proto/msg.h"

/* ---- level.c ---- */
/* Puts the entry's name behind the first dir_len bytes of plan->path; returns the new length. */
size_t sl_plan_path_put(struct sl_plan *p, size_t dir_len, const struct sl_entry *e);
/* Length of the directory part of path[0..n). */
size_t sl_path_dir_len(const char *path, size_t n);
/* The open directory. The pointer is good until the next sl_plan_enter. */
struct sl_level *sl_plan_level(struct sl_plan *p);
struct sl_level *sl_plan_enter(struct sl_plan *p, size_t path_len);
void sl_plan_level_entry(struct sl_level *l, const struct sl_entry *s, struct sl_origin *origin);
void sl_plan_level_there(struct sl_level *l, const struct sl_entry *d);
/* Whether the mode of a directory d, which is to be like s, counts before something in it changes: it is ours and not writable, or what is made in
 * it is to get its group. */
bool sl_plan_level_early(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d);
/* An action on a directory that is open: in its parent, by its name; the root by the name "". */
struct sl_action *sl_plan_push_dir(struct sl_plan *p, enum sl_action_kind kind, const struct sl_level *l);
/* Something in the open directory is about to change: a directory of ours that can't be written is opened up first. */
void sl_plan_touch(struct sl_plan *p);
/* An action on an entry of the open directory. The pointer is good until the next action is queued. */
struct sl_action *sl_plan_push(struct sl_plan *p, enum sl_action_kind kind, const struct sl_entry *e, struct sl_origin *origin);
enum sl_update sl_plan_direction(const struct sl_plan *p);
/* Whether entries of this type are copied at all; says so when they are not. */
bool sl_plan_type_wanted(const struct sl_plan *p, const struct sl_entry *s);
bool sl_plan_wanted(struct sl_plan *p, const struct sl_entry *s);
/* Whether an entry with these changes leaves a line anywhere: most entries of most runs don't, and cost no action. */
bool sl_plan_told(const struct sl_plan *p, uint32_t changes);

/* ---- decide.c ---- */
/* Decides on the source's entry s, which is peeked and taken then, as d is. SL_AGAIN: something is not known yet, and nothing was taken. */
enum sl_code sl_decide_new(struct sl_plan *p, const struct sl_entry *s, struct sl_origin *origin);
/* The same where the destination has d of that name. */
enum sl_code sl_decide_both(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin);
/* What the source has in a directory that has no place: told, and dropped. */
enum sl_code sl_decide_nowhere(struct sl_plan *p, const struct sl_entry *s);

/* What an action that makes s, no directory, is to do; pick: what the alternates have for it. */
void sl_decide_shape_new(struct sl_plan *p, struct sl_action *a, const struct sl_entry *s, struct sl_pick *pick);

/* ---- decide_same.c ---- */
/* Both are files; both are of one other type, or of a kind, and no directories. Queues what is to be done; nothing is taken. SL_AGAIN as above. */
enum sl_code sl_decide_files(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin);
enum sl_code sl_decide_special(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin);
/* Whether both are devices, or both a fifo or socket: as with rsync one that replaces the other is no new thing. */
bool sl_decide_of_a_kind(const struct sl_entry *s, const struct sl_entry *d);
/* Without -p a device, fifo or socket that replaces d has the mode of that, as with rsync; of a link, which has none, it has its own. */
void sl_decide_keep_mode(const struct sl_plan *p, struct sl_action *a, const struct sl_entry *d);

/* ---- fuzzy.c ---- */
/* Whether a new file is compared with what is like it. */
bool sl_plan_looks_for_similar(const struct sl_plan *p);
/* The destination has d in the open directory. */
void sl_plan_note_similar(struct sl_plan *p, const struct sl_entry *d);
/* -yy: alternate trees' files are noted as well. */
void sl_plan_similar_alternates(struct sl_plan *p);
/* Whether something that a new file is like may yet come up in the open directory. */
bool sl_plan_waits_for_similar(struct sl_plan *p);
/* The files that waited for this directory's listing wait no longer: it is over, or the queue is full. */
void sl_plan_choose_similar(struct sl_plan *p, struct sl_level *l);
/* The same of all directories that are open. */
void sl_plan_choose_now(struct sl_plan *p);

/* ---- choose.c ---- */
/* What the alternates have for the source's entry s, that they stand at. SL_AGAIN: an owner is not known yet. */
enum sl_code sl_pick(struct sl_plan *p, const struct sl_entry *s, struct sl_pick *pick);
/* The same for a file that is there as d: only what may take its place. */
enum sl_code sl_pick_existing(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_pick *pick);
/* And for the root of the transfer (NULL: it has none), which they do not stand at. */
enum sl_code sl_pick_root(struct sl_plan *p, const struct sl_entry *root, struct sl_pick *pick);
void sl_pick_clear(struct sl_pick *pick);
/* Whether it may be that nothing is to be of that name at the destination. */
bool sl_pick_leaves_out(const struct sl_plan *p, const struct sl_pick *pick);
/* Makes an action on a file wait for the hashes of candidates; takes them over. */
void sl_pick_ask(struct sl_action *a, struct sl_pick *pick);
/* Makes of an action that makes an entry anew what the pick says; nothing of SL_MATCH_NONE. */
void sl_pick_shape(const struct sl_plan *p, struct sl_action *a, const struct sl_pick *pick);
/* And of one on a file that is there: an alternate's, which is the same, takes its place. */
void sl_pick_replace(const struct sl_plan *p, struct sl_action *a, const struct sl_pick *pick);
bool sl_candidate_same(const struct sl_candidate *c, const struct sl_action *a);
/* The candidates of an action are answered. True: it has become what follows from that; else what is there decides. */
bool sl_pick_settle(struct sl_plan *p, struct sl_action *a);
/* Whether what was settled is not to be at the destination, because an alternate has it (--compare-dest). */
bool sl_pick_left_out(const struct sl_plan *p, const struct sl_action *a);

/* ---- dirlinks.c ---- */
/* The source has a directory, s, and the destination a link, which is peeked: it stays, and becomes the directory that it leads to if it leads
 * to one. SL_AGAIN; SL_EOF: it can't be, which is told, and both are dropped. */
enum sl_code sl_plan_keep_dirlink(struct sl_plan *p, const struct sl_entry *s);

/* ---- delete_first.c ---- */
/* The open directory is there: what it is told to keep when something in it goes. */
void sl_delete_first_level(struct sl_level *l, const struct sl_entry *there);

/* Whether a directory of the open one, in the way of s, is there only because this is a dry run. Once of each. */
bool sl_delete_first_gone(struct sl_plan *p, const struct sl_entry *s);

/* ---- extra.c ---- */
/* Whether it is not writable, or is not when its metadata is given: opened up before something in it is deleted. */
bool sl_extra_closed(const struct sl_plan *p, const struct sl_level *l);
/* Spools a directory's metadata in front of the deletions in it (kind 'm': to be set when they are done; 'o': opened up before). */
void sl_extra_meta(struct sl_plan *p, char kind, struct sl_level *l, uint32_t mode);
/* The same as 'm', of an open directory, once. */
void sl_extra_noted(struct sl_plan *p, struct sl_level *l);
/* The source lacks what an argument named: the destination's goes. */
void sl_extra_missing(struct sl_plan *p, const char *name);
void sl_extra_missing_clear(struct sl_level *l);
/* Takes what has no name here, of the open directory: it stays, and is told unless rules protect it. */
void sl_extra_unnamed(struct sl_plan *p, const struct sl_event *d);
/* Takes an entry of the open directory that the source lacks. */
void sl_extra_entry(struct sl_plan *p, const struct sl_entry *d);
/* Goes on inside a directory that goes, or that is in the way. */
enum sl_code sl_extra_step(struct sl_plan *p, struct sl_error *err);
/* A directory stands where the source has something else: that waits until the directory is gone. SL_AGAIN: it is not known yet whether there
 * is anything in it. */
enum sl_code sl_extra_in_the_way(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin,
                         struct sl_pick *pick);

/* ---- in_the_way.c ---- */
/* Whether the destination's listing goes into a directory that is in the way of something. */
bool sl_in_the_way_listed(const struct sl_plan *p);
/* Else: whether there is nothing in d, of the open directory. SL_AGAIN. */
enum sl_code sl_in_the_way_look(struct sl_plan *p, const struct sl_entry *d, bool *empty);
void sl_in_the_way_clear(struct sl_plan *p);

#endif
