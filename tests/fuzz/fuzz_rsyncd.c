/* SPDX-License-Identifier: ISC */
/* fuzz_rsyncd - any rsyncd.conf: what it becomes is taken by our own parser. */
#include "config.h"
#include "subsystem/rsyncd.h"
#include "subsystem/configuration.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sl_error err = { 0 };
    struct sl_config c;
    char *out = NULL;
    if (sl_rsyncd_convert("f", (const char *)data, size, &out, &err) != SL_OK)
        return 0;
    sl_config_init(&c);
    if (sl_config_parse(&c, "out", out, strlen(out), &err) != SL_OK)
        abort();
    sl_config_clear(&c);
    free(out);
    return 0;
}
