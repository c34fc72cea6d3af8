/* SPDX-License-Identifier: ISC */
/* exec_priv - what the files of the executor share. */
#ifndef SL_CLIENT_EXEC_PRIV_H
#define SL_CLIENT_EXEC_PRIV_H

#include "client/plan.h"
#include "proto/msg.h"

enum { SL_HEAD_ROOM = SL_ENTRY_BYTES_MAX + 64 };   /* payload of a request with an entry, at most */

/* ---- exec.c ---- */
/* The directory of an action at its source, for a cursor of that side. */
enum sl_code sl_exec_move_to(struct sl_cursor *c, const struct sl_action *a, uint32_t *id);
const char *sl_exec_source_name(const struct sl_action *a);
void sl_exec_report(struct sl_plan *p, const struct sl_action *a, uint64_t bytes);
void sl_exec_count_sent(struct sl_plan *p, const struct sl_action *a);
/* The first action is under way, or leaves without having been. */
void sl_exec_finish(struct sl_plan *p);
void sl_exec_skip(struct sl_plan *p);
/* The source changed while it was read: once more, whole, behind everything else; false when that was so already. */
bool sl_exec_again(struct sl_plan *p, const struct sl_action *a);
/* Queues an action again, behind everything else, and with it what its directory gets when all in it is written. Takes copy over. */
void sl_exec_once_more(struct sl_plan *p, struct sl_action *copy);
void sl_exec_still_changing(struct sl_plan *p, const struct sl_action *a);
/* Starts the first action's write unless it is started. */
enum sl_code sl_exec_begin(struct sl_plan *p, struct sl_action *a, uint32_t dir);
/* The source could not give the first action's content. */
enum sl_code sl_exec_piece_failed(struct sl_plan *p, struct sl_action *a, const struct sl_piece *c);

/* ---- exec_delta.c ---- */
/* Whether it is, or is to be, found out what of this file has to be sent. */
bool sl_exec_delta_wanted(const struct sl_plan *p, const struct sl_action *a);
/* Moves on the jobs of the first actions that are not issued yet. */
void sl_exec_delta_prepare(struct sl_plan *p);
/* Work of local trees for them; SL_AGAIN: there was none. */
enum sl_code sl_exec_delta_work(struct sl_plan *p);
/* The job is done: the action keeps it, or is sent whole, or has failed. */
void sl_exec_delta_decide(struct sl_plan *p, struct sl_action *a);
/* Asks for the content that has to be sent; SL_AGAIN: no room now. */
enum sl_code sl_exec_delta_ask(struct sl_plan *p, struct sl_action *a);
/* Goes on writing the first action, which has a delta. */
enum sl_code sl_exec_delta_step(struct sl_plan *p, struct sl_action *a, struct sl_error *err);
/* Whether a failure of the write that is open is one that sending the file whole may mend. */
bool sl_exec_delta_faulty(const struct sl_plan *p, uint64_t ticket, enum sl_code code);
/* An action, without its delta, to be done once more if that was wrong. */
struct sl_action *sl_exec_delta_copy(const struct sl_action *a);
/* Whether a failed action is queued again, whole. */
bool sl_exec_delta_again(struct sl_plan *p, struct sl_pending *n, enum sl_code code);
/* The same of the one being committed: a local tree says at once that its content is wrong. */
bool sl_exec_delta_current_again(struct sl_plan *p, uint64_t ticket, enum sl_code code);

#endif
