/* SPDX-License-Identifier: ISC */
/* entry - the one rule of what a name is. */
#include "config.h"
#include "base/entry.h"

#include <string.h>

bool sl_name_ok(const char *name, size_t len)
{
#ifdef SL_TEST_ANY_NAME                  /* tests/check_anyname.c: as if the rule had been forgotten */
    return name && len <= SL_NAME_MAX;
#endif
    if (len == 0 || len > SL_NAME_MAX)
        return false;
    if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
        return false;
    return !memchr(name, '/', len) && !memchr(name, '\0', len);
}

bool sl_module_name_ok(const char *name, size_t len)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (len == 0 || len > SL_MODULE_NAME_MAX || name[0] == '.' || name[0] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!memchr(good, name[i], sizeof good - 1))
            return false;
    return true;
}

bool sl_token_ok(const char *token)
{
#ifdef SL_TEST_ANY_NAME
    return token != NULL;
#endif
    for (size_t i = 0; i < SL_TOKEN_LEN; i++)
        if (!(token[i] >= '0' && token[i] <= '9') && !(i && token[i] >= 'a' && token[i] <= 'z'))
            return false;
    return true;
}

int sl_entry_order(const struct sl_entry *a, const struct sl_entry *b)
{
    size_t n = a->name_len < b->name_len ? a->name_len : b->name_len;
    int c = memcmp(a->name, b->name, n);
    return c ? c : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}
