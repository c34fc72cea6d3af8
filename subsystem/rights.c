/* SPDX-License-Identifier: ISC */
/* rights - see rights.h. One table serves both ways, so what is printed can always be read. */
#include "config.h"
#include "subsystem/rights.h"
#include "base/mem.h"
#include "proto/msg.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { READ_ONLY = SL_RIGHT_LIST | SL_RIGHT_READ | SL_RIGHT_HASH };

/* Sets come first: a text that names one of them is shorter. */
static const struct { const char *name; uint32_t rights; } names[] = {
    { "full", SL_RIGHT_ALL },
    { "read-only", READ_ONLY },
    { "append-only", READ_ONLY | SL_RIGHT_CREATE | SL_RIGHT_SPECIAL },
    { "drop-box", SL_RIGHT_CREATE },
    { "none", 0 },
    { "write", SL_RIGHT_CREATE | SL_RIGHT_RENAME },
    { "list", SL_RIGHT_LIST },
    { "read", SL_RIGHT_READ },
    { "hash", SL_RIGHT_HASH },
    { "create", SL_RIGHT_CREATE },
    { "overwrite", SL_RIGHT_OVERWRITE },
    { "delete", SL_RIGHT_DELETE },
    { "rename", SL_RIGHT_RENAME },
    { "meta", SL_RIGHT_META },
    { "special", SL_RIGHT_SPECIAL },
    { "publish", SL_RIGHT_PUBLISH },
    { "device", SL_RIGHT_DEVICE },
};
enum { NAMES = sizeof names / sizeof names[0], SETS = 6 };

static bool right_of(const char *text, size_t len, uint32_t *rights)
{
    for (size_t i = 0; i < NAMES; i++)
        if (strlen(names[i].name) == len && memcmp(names[i].name, text, len) == 0) {
            *rights |= names[i].rights;
            return true;
        }
    return false;
}

enum sl_code sl_rights_parse(const char *text, uint32_t *rights, struct sl_error *err)
{
    static const char blanks[] = " \t,";
    uint32_t all = 0;
    text += strspn(text, blanks);
    if (!*text)
        return sl_fail(err, SL_E_CONFIG, "no right is named; use for example read-only");
    while (*text) {
        size_t len = strcspn(text, blanks);
        if (!right_of(text, len, &all))
            return sl_fail(err, SL_E_CONFIG, "'%.*s' is not a right; there are: list read hash write create overwrite delete "
                           "rename meta special publish device, read-only append-only drop-box full none",
                           (int)(len < 100 ? len : 100), text);
        text += len;
        text += strspn(text, blanks);
    }
    if (all & SL_RIGHT_DEVICE && all & SL_RIGHT_SPECIAL)
        return sl_fail(err, SL_E_CONFIG, "device doesn't go with special: who may make devices, too, has every disk of this machine");
    *rights = all;
    return SL_OK;
}

char *sl_rights_text(uint32_t rights)
{
    char *out = NULL;
    for (size_t i = 0; i < SETS; i++)
        if (names[i].rights == rights && i != SETS - 1)
            return sl_strdup(names[i].name);
    for (size_t i = SETS; i < NAMES; i++) {
        if (!(names[i].rights & rights))
            continue;
        char *longer = out ? sl_asprintf("%s,%s", out, names[i].name) : sl_strdup(names[i].name);
        free(out);
        out = longer;
    }
    return out ? out : sl_strdup("");
}
