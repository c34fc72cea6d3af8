/* SPDX-License-Identifier: ISC */
/* fuzz_entry - the records of a listing; what is an entry must survive being written and read again. */
#include "config.h"
#include "proto/msg.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sl_entry_codec *in = sl_entry_codec_new(), *out = sl_entry_codec_new(), *again = sl_entry_codec_new();
    struct sl_list_record m, n;
    struct sl_rd r, r2;
    sl_r_init(&r, data, size);
    while (sl_list_decode(in, &r, &m, NULL) == SL_OK) {
        struct sl_buf b = { 0 };
        if (m.kind != SL_LIST_ENTRY)
            continue;
        sl_list_put_entry(&b, out, &m.entry);
        sl_list_put_attrs(out, &b, &m.entry.attrs);
        sl_list_put_atime(&b, &m.entry);
        sl_r_init(&r2, sl_buf_ptr(&b), sl_buf_len(&b));
        if (sl_list_decode(again, &r2, &n, NULL) != SL_OK || !sl_r_done(&r2) || n.entry.mtime_s != m.entry.mtime_s || n.entry.names != m.entry.names ||
            n.entry.ino != m.entry.ino || n.entry.dev != m.entry.dev || n.entry.attrs.len != m.entry.attrs.len || n.entry.atime_s != m.entry.atime_s)
            abort();
        sl_buf_clear(&b);
    }
    sl_entry_codec_free(in);
    sl_entry_codec_free(out);
    sl_entry_codec_free(again);
    return 0;
}
