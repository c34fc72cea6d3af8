/* SPDX-License-Identifier: ISC */
/* options_table - the one table of options: makes the parser, --help and the list that the manual is checked against. */
#ifndef SL_CLIENT_OPTIONS_TABLE_H
#define SL_CLIENT_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum sl_option_kind {
    SL_OPT_ON,           /* a bool becomes true; --no-NAME and --no-LETTER make it false */
    SL_OPT_OFF,          /* a bool becomes false */
    SL_OPT_COUNT,        /* an int is counted up; --no-NAME makes it 0 */
    SL_OPT_TEXT,         /* a string is kept */
    SL_OPT_NUMBER,       /* an int, from 0 */
    SL_OPT_CALL,         /* has its own function (options.c), by `id` */
    SL_OPT_ALREADY,      /* rsync's, and what it asks for is so already */
    SL_OPT_LACKING       /* rsync's, refused; help: what to do instead, or NULL */
};

enum sl_option_id {
    SL_ID_NONE, SL_ID_ICONV, SL_ID_BWLIMIT, SL_ID_SKIP_COMPRESS, SL_ID_CHECKSUM_CHOICE, SL_ID_COMPRESS_CHOICE, SL_ID_WHOLE, SL_ID_NO_WHOLE, SL_ID_PARTIAL_DIR, SL_ID_ARCHIVE, SL_ID_D, SL_ID_P, SL_ID_EXCLUDE, SL_ID_INCLUDE, SL_ID_EXCLUDE_FROM, SL_ID_INCLUDE_FROM,
    SL_ID_MAX_DELETE, SL_ID_SUFFIX, SL_ID_STOP_AFTER, SL_ID_STOP_AT, SL_ID_COMPRESS, SL_ID_COMPRESS_LEVEL, SL_ID_INFO, SL_ID_IPV4, SL_ID_IPV6, SL_ID_CONFINEMENT, SL_ID_TRANSPORT, SL_ID_LANES, SL_ID_HELP, SL_ID_VERSION,
    SL_ID_FILTER, SL_ID_FILTER_FILES, SL_ID_CVS, SL_ID_MAX_SIZE, SL_ID_MIN_SIZE, SL_ID_NEWER, SL_ID_OLDER, SL_ID_MAX_DEPTH,
    SL_ID_DEBUG, SL_ID_OUTBUF, SL_ID_STDERR, SL_ID_MSGS2STDERR, SL_ID_NO_MSGS2STDERR, SL_ID_OUT_FORMAT, SL_ID_LOG_FORMAT, SL_ID_COMPLETION_TABLE,
    SL_ID_COMPARE_DEST, SL_ID_COPY_DEST, SL_ID_LINK_DEST,
    SL_ID_CHMOD, SL_ID_CHOWN, SL_ID_USERMAP, SL_ID_GROUPMAP, SL_ID_MODIFY_WINDOW, SL_ID_SUPER, SL_ID_FAKE_SUPER, SL_ID_GITIGNORE, SL_ID_REMOTE_OPTION
};

struct sl_option_row {
    char letter;         /* 0: none */
    const char *name;
    const char *arg;     /* NULL: takes none */
    enum sl_option_kind kind;
    enum sl_option_id id;
    size_t offset;       /* in struct sl_options */
    const char *help;    /* NULL: not shown */
};

extern const struct sl_option_row sl_option_rows[];
extern const size_t sl_option_count;

/* Whether --no-NAME is known. */
bool sl_option_negatable(const struct sl_option_row *row);
/* Whether only the letter is documented. */
bool sl_option_letter_only(const struct sl_option_row *row);

#endif
