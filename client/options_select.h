/* SPDX-License-Identifier: ISC */
/* options_select - options that say what is copied at all: filter rules, sizes, times. For options.c. */
#ifndef SL_CLIENT_OPTIONS_SELECT_H
#define SL_CLIENT_OPTIONS_SELECT_H

#include "client/options.h"
#include "client/options_table.h"

/* Options of rules, in their order: they are carried out when all the others are known, of which some say how they are
 * read. */
struct sl_select_args {
    struct sl_select_arg {
        enum sl_option_id id;
        const char *value;
    } * at; /* owned; values are argv's */
    size_t len;
    unsigned filter_files; /* count of -F */
    bool cvs;              /* -C */
};
void sl_select_args_clear(struct sl_select_args *a);

/* Takes an option that is one of these; SL_EOF: it is none. SL_E_CONFIG: option and value. */
enum sl_code sl_select_take(struct sl_options *o, struct sl_select_args *a, enum sl_option_id id, const char *value,
                            struct sl_error *err);

/* Makes o->filters of them. */
enum sl_code sl_select_settle(struct sl_options *o, const struct sl_select_args *a, struct sl_error *err);

/* Whether an option goes with --filter-test: what makes rules does. */
bool sl_select_goes_with_test(const char *name);

/* A time: "YYYY-MM-DD[ HH:MM[:SS]]" (local), "@SECONDS", or how long ago, like "7d" (s, m, h, d, w). now_s: the
 * present. SL_E_INVALID. */
enum sl_code sl_select_time(const char *text, int64_t now_s, int64_t *out);

/* --max-delete. */
enum sl_code sl_take_max_delete(struct sl_options *o, const char *value, struct sl_error *err);
/* What --backup, --backup-dir and --suffix come to, and the rules that keep backups from being deleted. */
enum sl_code sl_backup_settle(struct sl_options *o, struct sl_error *err);

#endif
