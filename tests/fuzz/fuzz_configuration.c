/* SPDX-License-Identifier: ISC */
/* fuzz_configuration - any bytes as a configuration file; what was taken must read the same when it is printed. */
#include "config.h"
#include "subsystem/configuration.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sl_error err;
    struct sl_config c, again;
    sl_config_init(&c);
    sl_config_init(&again);
    /* Names of hosts would be asked for: no file with them here. */
    if (!memmem(data, size, "listen", 6) && sl_config_parse(&c, "f", (const char *)data, size, &err) == SL_OK) {
        char *text = sl_config_text(&c);
        if (sl_config_parse(&again, "again", text, strlen(text), &err) != SL_OK || again.module_count != c.module_count)
            abort();
        free(text);
    }
    sl_config_clear(&c);
    sl_config_clear(&again);
    return 0;
}
