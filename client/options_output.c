/* SPDX-License-Identifier: ISC */
/* options_output - see options_output.h. */
#include "config.h"
#include "client/options_output.h"
#include "client/format.h"
#include "client/info.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The word that value is, or the beginning of, in any case: its place, or -1. */
static int word_of(const char *value, const char *const *words, size_t count)
{
    size_t n = strlen(value);
    for (size_t i = 0; n && i < count; i++)
        if (n <= strlen(words[i]) && strncasecmp(value, words[i], n) == 0)
            return (int)i;
    return -1;
}

static enum sl_code take_outbuf(struct sl_options *o, const char *value, struct sl_error *err)
{
    static const char *const words[] = { "none", "unbuffered", "line", "block", "full" };
    int at = word_of(value, words, sizeof words / sizeof words[0]);
    if (at < 0)
        return sl_fail(err, SL_E_CONFIG, "--outbuf: '%s' is not one of None, Line, Block", value);
    o->outbuf = "NNLBB"[at];
    return SL_OK;
}

/* Whether messages of the other side are told by it or by this one is no question here: all are this program's. */
static enum sl_code take_stderr(struct sl_options *o, const char *value, struct sl_error *err)
{
    static const char *const words[] = { "errors", "all", "client" };
    int at = word_of(value, words, sizeof words / sizeof words[0]);
    if (at < 0)
        return sl_fail(err, SL_E_CONFIG, "--stderr: '%s' is not one of errors, all, client", value);
    o->all_to_stderr = at == 1;
    return SL_OK;
}

static enum sl_code take_format(const char *option, const char *value, const char **to, struct sl_error *err)
{
    if (sl_format_has(value, 'C'))
        return sl_fail(err, SL_E_CONFIG,
                       "--%s: there is no %%C here: the hash by which a file is verified counts its holes, so it is "
                       "not that of the content alone",
                       option);
    if (sl_format_has(value, 'c'))
        return sl_fail(err, SL_E_CONFIG, "--%s: there is no %%c here: no block checksums are sent", option);
    *to = value;
    return SL_OK;
}

/* Asked for help, it is the text that is shown instead of a run. */
static enum sl_code take_flags(struct sl_options *o, enum sl_option_id id, const char *flags, struct sl_error *err)
{
    bool debug = id == SL_ID_DEBUG;
    if (!sl_info_asks_help(flags))
        return debug ? sl_debug_take(flags, err) : sl_info_take(o, flags, err);
    free(o->show);
    o->show = debug ? sl_debug_help() : sl_info_help();
    return SL_OK;
}

enum sl_code sl_output_take(struct sl_options *o, const struct sl_option_row *row, const char *value, struct sl_error *err)
{
    switch (row->id) {
    case SL_ID_INFO:
    case SL_ID_DEBUG:
        return take_flags(o, row->id, value, err);
    case SL_ID_OUTBUF:
        return take_outbuf(o, value, err);
    case SL_ID_STDERR:
        return take_stderr(o, value, err);
    case SL_ID_MSGS2STDERR:
    case SL_ID_NO_MSGS2STDERR:
        o->all_to_stderr = row->id == SL_ID_MSGS2STDERR;
        return SL_OK;
    case SL_ID_OUT_FORMAT:
        return take_format(row->name, value, &o->out_format, err);
    case SL_ID_LOG_FORMAT:
        return take_format(row->name, value, &o->log_format, err);
    default:
        return SL_EOF;
    }
}
