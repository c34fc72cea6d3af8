/* SPDX-License-Identifier: ISC */
/* json_text - see json_text.h. */
#include "config.h"
#include "client/json_text.h"
#include "base/buf.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/* The bytes of a control character at p that jansson leaves as it is; 0: it is none. */
static size_t control_at(const unsigned char *p)
{
    if (p[0] == 0x7f)
        return 1;
    return p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0 ? 2 : 0;
}

char *sl_json_text(const json_t *o)
{
    struct sl_buf b = { 0 };
    char *text = json_dumps(o, JSON_COMPACT), escape[8];
    if (!text)
        return NULL;
    /* Such bytes are only found within strings. */
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        size_t n = control_at(p);
        if (n)
            snprintf(escape, sizeof escape, "\\u%04x", p[n - 1]);
        sl_buf_add(&b, n ? (const void *)escape : p, n ? 6 : 1);
        p += n ? n : 1;
    }
    free(text);
    text = sl_memdup0(sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
    return text;
}
