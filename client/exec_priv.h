/* SPDX-License-Identifier: ISC */
/* exec_priv - what the files of the executor share. exec.c: carrying out; exec_ask.c: asking ahead; exec_pending.c: until it is confirmed;
 * exec_delta.c: files of which the destination has something; exec_part.c: parts of files. */
#ifndef SL_CLIENT_EXEC_PRIV_H
#define SL_CLIENT_EXEC_PRIV_H

#include "client/plan.h"
#include "proto/msg.h"

enum { SL_HEAD_ROOM = SL_ENTRY_BYTES_MAX + 64 };   /* payload of a request with an entry, at most */

/* ---- exec.c ---- */
void sl_exec_report(struct sl_plan *p, const struct sl_action *a, uint64_t bytes);
void sl_exec_count_sent(struct sl_plan *p, const struct sl_action *a);
void sl_exec_still_changing(struct sl_plan *p, struct sl_action *a);
/* Starts the first action's write unless it is started. */
enum sl_code sl_exec_begin(struct sl_lane *l, struct sl_action *a, uint32_t dir);
/* The source could not give the first action's content. */
enum sl_code sl_exec_piece_failed(struct sl_lane *l, struct sl_action *a, const struct sl_piece *c);

/* ---- exec_ask.c ---- */
/* The directory of an action at its source, for a cursor of that side. */
enum sl_code sl_exec_move_to(struct sl_lane *l, struct sl_cursor *c, const struct sl_action *a, uint32_t *id);
const char *sl_exec_source_name(const struct sl_action *a);
/* Asks for the content of one file, or part of one; SL_AGAIN: no room now. */
enum sl_code sl_exec_ask_one(struct sl_lane *l, struct sl_action *a);
/* Moves `issued` of the lane's queue on as far as it goes. Whether there is more to do now, without waiting for anybody. */
bool sl_exec_issue(struct sl_lane *l);

/* ---- exec_attrs.c ---- */
/* Asks ahead for sets of attributes that listings did not have. */
void sl_exec_attrs_ask(struct sl_lane *l);
/* Whether what the first action needs of them is known: then its changes are what they are. SL_AGAIN: not yet. */
enum sl_code sl_exec_attrs_ready(struct sl_lane *l, struct sl_action *a);
/* Sends what its next request is to give. SL_AGAIN: not all of it yet; nothing else may be sent for this action before. */
enum sl_code sl_exec_attrs_send(struct sl_lane *l, struct sl_action *a);

/* ---- exec_pending.c ---- */
struct sl_pending *sl_pending_push(struct sl_lane *l);
static inline struct sl_pending *sl_pending_at(const struct sl_lane *l, size_t i)
{
    return &l->pending[(l->pending_head + i) % l->pending_cap];
}
void sl_pending_clear(struct sl_pending *n);
/* The backup that was asked for ahead of it is its own from now on. */
void sl_pending_take_backup(struct sl_pending *n, struct sl_lane *l);
/* Failures from now on are this action's, the first of the queue. */
void sl_exec_current(struct sl_lane *l, const struct sl_action *a);
/* The first action is under way, or leaves without having been. */
void sl_exec_finish(struct sl_lane *l);
void sl_exec_skip(struct sl_lane *l);
/* An action, with its number, without what was asked for it. */
struct sl_action *sl_exec_copy(const struct sl_action *a);
/* Queues an action again, behind everything else. Takes copy over. */
void sl_exec_once_more(struct sl_lane *l, struct sl_action *copy);
/* The source changed while it was read: once more, whole, behind everything else; false when that was so already. */
bool sl_exec_again(struct sl_lane *l, struct sl_action *a);

/* ---- exec_alternate.c ---- */
/* The directory of an action in its alternate tree number `number`, for a cursor of the destination. */
enum sl_code sl_exec_alternate_dir(struct sl_lane *l, struct sl_cursor *c, const struct sl_action *a, size_t number, uint32_t *id);
/* Makes a hard link to what the alternate has; it is told when it is confirmed. */
enum sl_code sl_exec_link(struct sl_lane *l, struct sl_action *a);
/* Whether a failure is that of a link, which is then made in another way. n: NULL: of the one under way. */
bool sl_exec_link_failed(struct sl_lane *l, struct sl_pending *n, enum sl_code code);
/* Asks for the hashes of the candidates of an action, or takes what is there of them; SL_AGAIN: not all. */
enum sl_code sl_exec_candidates_ask(struct sl_lane *l, struct sl_action *a);
enum sl_code sl_exec_candidates_take(struct sl_lane *l, struct sl_action *a);

/* ---- exec_delta.c ---- */
/* Whether it is, or is to be, found out what of this file has to be sent. */
bool sl_exec_delta_wanted(const struct sl_plan *p, const struct sl_action *a);
/* Moves on the jobs of the first actions that are not issued yet. */
void sl_exec_delta_prepare(struct sl_lane *l);
/* Work of local trees for them; SL_AGAIN: there was none. */
enum sl_code sl_exec_delta_work(struct sl_lane *l);
/* The job is done: the action keeps it, or is sent whole, or has failed. */
void sl_exec_delta_decide(struct sl_plan *p, struct sl_action *a);
/* exec_early.c: asks for what seems to be new. */
void sl_exec_early(struct sl_lane *l, struct sl_action *a);
/* The same: how many ranges of content to ask for now, 0: none yet. Some may become two. */
size_t sl_exec_ranges_now(struct sl_delta_job *j, struct sl_endpoint *e);
/* Asks for the content that has to be sent; SL_AGAIN: no room now. */
enum sl_code sl_exec_delta_ask(struct sl_lane *l, struct sl_action *a);
/* Goes on writing the first action, which has a delta. */
enum sl_code sl_exec_delta_step(struct sl_lane *l, struct sl_action *a, struct sl_error *err);
/* Opens the first action's write with what it copies from, unless it is open. */
enum sl_code sl_exec_delta_start(struct sl_lane *l, struct sl_action *a, uint32_t dir);
/* Goes on with a span that needs nothing from the source. */
enum sl_code sl_exec_delta_put(struct sl_lane *l, const struct sl_action *a, const struct sl_span *s);
/* Writes content that came for a span; SL_AGAIN: not all of it yet. */
enum sl_code sl_exec_delta_data(struct sl_lane *l, const struct sl_piece *c);
/* Whether a failure of the write that is open is one that sending the file whole may mend. */
bool sl_exec_delta_faulty(const struct sl_lane *l, uint64_t ticket, enum sl_code code);
/* An action, without its delta, to be done once more if that was wrong. */
struct sl_action *sl_exec_delta_copy(const struct sl_action *a);
/* Whether a failed action is queued again, whole. */
bool sl_exec_delta_again(struct sl_lane *l, struct sl_pending *n, enum sl_code code);
/* The same of the one being committed: a local tree says at once that its content is wrong. */
bool sl_exec_delta_current_again(struct sl_lane *l, uint64_t ticket, enum sl_code code);

/* ---- exec_part.c ---- */
/* The same as sl_exec_delta_ask and sl_exec_delta_step of a part that has a delta. */
enum sl_code sl_exec_part_ask(struct sl_lane *l, struct sl_action *a);
enum sl_code sl_exec_part_step(struct sl_lane *l, struct sl_action *a, struct sl_error *err);
/* All that was asked for the first action, a part, has come; or the source could not give it. */
enum sl_code sl_exec_part_end(struct sl_lane *l, struct sl_action *a, const struct sl_piece *c);
enum sl_code sl_exec_part_failed(struct sl_lane *l, struct sl_action *a, const struct sl_error *why);

#endif
