/* SPDX-License-Identifier: ISC */
/* options_priv - what the files of the command line share. options.c: option by option; options_settle.c: all together. */
#ifndef SL_CLIENT_OPTIONS_PRIV_H
#define SL_CLIENT_OPTIONS_PRIV_H

#include "client/options.h"
#include "client/options_select.h"

enum { SL_ARCHIVE_LETTERS = 6 };         /* -rlptgo */

/* What the command line has said so far, beside the options themselves. */
struct sl_parse {
    struct sl_options *o;
    bool archive_part;           /* one of -rlptgoD was given */
    bool negated[SL_ARCHIVE_LETTERS];    /* --no-r ... : in that order */
    bool no_devices, no_specials;
    bool recurse_given, no_relative, no_dirs;
    bool help, version;
    struct sl_select_args select;
    const char *foreign;         /* the last option that has nothing to do with --doctor */
    const char *no_rule;         /* and with --filter-test */
    struct sl_error *err;
};

/* What -a stands for. */
void sl_options_set_archive(struct sl_options *o);
/* All options and arguments are known: applies what they imply, and what the environment says. SL_E_CONFIG: they don't go together. */
enum sl_code sl_options_settle(struct sl_parse *p, const char *configured_rsh);

#endif
