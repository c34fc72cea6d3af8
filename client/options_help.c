/* SPDX-License-Identifier: ISC */
/* options_help - the text of --help, from the table. */
#include "config.h"
#include "client/options.h"
#include "client/options_table.h"
#include "base/buf.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static void add_text(struct sl_buf *b, const char *text)
{
    sl_buf_add(b, text, strlen(text));
}

/* Two letters of rsync's have no long name of rsync's. */
bool sl_option_letter_only(const struct sl_option_row *row)
{
    return row->id == SL_ID_D || row->id == SL_ID_P;
}

static void add_row(struct sl_buf *b, const struct sl_option_row *row)
{
    char left[80], line[200];
    bool letter_only = sl_option_letter_only(row);
    char letter[8] = "    ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c%s", row->letter, letter_only ? "" : ", ");
    snprintf(left, sizeof left, "%s%s%s%s%s", letter, letter_only ? "" : "--", letter_only ? "" : row->name, row->arg ? "=" : "",
             row->arg ? row->arg : "");
    snprintf(line, sizeof line, "  %-30s %s\n", left, row->help);
    add_text(b, line);
}

void sl_options_help(char **out)
{
    struct sl_buf b = { 0 };
    add_text(&b, "superlifter " PACKAGE_VERSION " makes one directory tree like another\n\n"
                 "Usage: superlifter [OPTION]... SRC... DST\n"
                 "       superlifter [OPTION]... SRC              lists it\n"
                 "       superlifter [OPTION]... --doctor HOST    says what works there\n"
                 "       superlifter --filter-test RULES PATH...  says what rules make of paths\n\n"
                 "SRC and DST are\n"
                 "  PATH                                         local\n"
                 "  [USER@]HOST:PATH                             SSH, relative to the login directory\n"
                 "  ssh://[USER@]HOST[:PORT]/PATH                SSH, absolute (/~/PATH: login directory)\n"
                 "  superlifter://HOST[:PORT]/MODULE/PATH        TCP\n"
                 "  superlifter+ssh://[USER@]HOST[:PORT]/MODULE/PATH\n"
                 "A slash behind SRC means what is in it, as with rsync.\n\n"
                 "Options\n");
    for (size_t i = 0; i < sl_option_count; i++)
        if (sl_option_rows[i].help && sl_option_rows[i].kind != SL_OPT_LACKING)
            add_row(&b, &sl_option_rows[i]);
    add_text(&b, "\nMost can be turned off by --no-OPTION, as in -a --no-owner. Exit statuses are rsync's. See superlifter(1).\n");
    *out = sl_memdup0(sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
}
