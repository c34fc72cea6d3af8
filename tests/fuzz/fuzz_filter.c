/* SPDX-License-Identifier: ISC */
/* fuzz_filter - the input's lines are filter rules, but for the last, which is the path that they are held against. */
#include "config.h"
#include "base/mem.h"
#include "base/filter.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = sl_memdup0(data, size < 8192 ? size : 8192), *line = text;
    struct sl_filter *f = sl_filter_new();
    for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        sl_filter_add(f, line, SL_FILTER_EXCLUDE, NULL);
    }
    bool file = sl_filter_excludes(f, line, false), dir = sl_filter_excludes(f, line, true);
    if (sl_filter_empty(f) && (file || dir))
        abort();
    sl_filter_free(f);
    free(text);
    return 0;
}
