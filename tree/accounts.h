/* SPDX-License-Identifier: ISC */
/* accounts - one question to the system's name service: what a user or group is called, or which number a name has. */
#ifndef SL_TREE_ACCOUNTS_H
#define SL_TREE_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/entry.h"
#include "base/helper.h"

/* name[0] set: its number into *number; else the name of *number into name. name has room for SL_OWNER_NAME_MAX and NUL; a
 * longer one counts as none. False where there is no answer. */
typedef bool sl_account_ask(void *ctx, bool group, char *name, uint32_t *number);

/* Asks the system, which may be a question to a network. ctx is not used. */
sl_account_ask sl_account_ask_system;

/* The same through a helper process: ctx is a struct sl_helper whose serve function passes SL_ACCOUNT_* kinds on to
 * sl_account_serve. */
sl_account_ask sl_account_ask_helper;
enum { SL_ACCOUNT_USER = 1, SL_ACCOUNT_GROUP = 2 };
bool sl_account_serve(struct sl_helper_message *m);

#endif
