/* SPDX-License-Identifier: ISC */
/* completion - see completion.h. */
#include "config.h"
#include "client/completion.h"
#include "base/buf.h"
#include "base/mem.h"
#include "client/options.h"
#include "client/options_table.h"

#include <stdlib.h>
#include <string.h>

/* Values that are one of a few words; the same as their parsers take (tests/check_options.c holds them to it). */
static const struct {
    const char *name, *values;
} words[] = {
    { "transport", "=auto libssh ssh" },
    { "confinement", "=available required off" },
    { "checksum-choice", "=auto xxh128 sha256" },
    { "cc", "=auto xxh128 sha256" },
    { "compress-choice", "=auto zstd zlib none" },
    { "zc", "=auto zstd zlib none" },
    { "info", "=help all none del flist name name2 nonreg progress progress2 skip stats stats2" },
    { "debug", "=help none" },
    { "stderr", "=errors all client" },
    { "outbuf", "=None Line Block" },
    { "doctor", "host" },
};

static const char *values_of(const struct sl_option_row *row)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].name, row->name) == 0)
            return words[i].values;
    if (!row->arg)
        return "";
    return strcmp(row->arg, "FILE") == 0 ? "file" : strcmp(row->arg, "DIR") == 0 ? "dir" : "";
}

static void add_line(struct sl_buf *b, const char *letter, const char *name, const struct sl_option_row *row,
                     const char *help)
{
    char *line = sl_asprintf("%s\t%s\t%s\t%s\t%s\n", letter, name, row->arg ? row->arg : "", values_of(row), help);
    sl_buf_add(b, line, strlen(line));
    free(line);
}

static void add_negated(struct sl_buf *b, const struct sl_option_row *row)
{
    if (!sl_option_negatable(row) || strncmp(row->name, "no-", 3) == 0)
        return;
    char *line = sl_asprintf("\tno-%s\t\t\t\n", row->name);
    sl_buf_add(b, line, strlen(line));
    free(line);
}

char *sl_completion_table(void)
{
    struct sl_buf b = { 0 };
    for (size_t i = 0; i < sl_option_count; i++) {
        const struct sl_option_row *row = &sl_option_rows[i];
        char letter[2] = { row->letter, '\0' };
        if (!row->help || row->kind == SL_OPT_LACKING || row->kind == SL_OPT_ALREADY)
            continue;
        add_line(&b, letter, sl_option_letter_only(row) ? "" : row->name, row, row->help);
        add_negated(&b, row);
    }
    char *text = sl_memdup0(sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
    return text;
}
