/* SPDX-License-Identifier: ISC */
#include "config.h"
#include "client/options_output.h"
#include "client/format.h"

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

enum sl_code sl_take_outbuf(struct sl_options *o, const char *value, struct sl_error *err)
{
    static const char *const words[] = { "none", "unbuffered", "line", "block", "full" };
    int at = word_of(value, words, sizeof words / sizeof words[0]);
    if (at < 0)
        return sl_fail(err, SL_E_CONFIG, "--outbuf: '%s' is not one of None, Line, Block", value);
    o->outbuf = "NNLBB"[at];
    return SL_OK;
}

/* Whether messages of the other side are told by it or by this one is no question here: all are this program's. */
enum sl_code sl_take_stderr(struct sl_options *o, const char *value, struct sl_error *err)
{
    static const char *const words[] = { "errors", "all", "client" };
    int at = word_of(value, words, sizeof words / sizeof words[0]);
    if (at < 0)
        return sl_fail(err, SL_E_CONFIG, "--stderr: '%s' is not one of errors, all, client", value);
    o->all_to_stderr = at == 1;
    return SL_OK;
}

enum sl_code sl_take_format(const char *option, const char *value, const char **to, struct sl_error *err)
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
