/* SPDX-License-Identifier: ISC */
/* policy - see policy.h. Nothing here looks at the environment: over SSH a peer may have set it. */
#include "config.h"
#include "subsystem/policy.h"
#include "base/buf.h"
#include "base/mem.h"

#include <pwd.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static enum sl_code add(struct sl_buf *b, char letter, const char *text, struct sl_error *err)
{
    const struct passwd *pw = letter == 'u' || letter == 'h' ? getpwuid(geteuid()) : NULL;
    if (letter == '%') {
        sl_buf_add(b, "%", 1);
        return SL_OK;
    }
    if (letter != 'u' && letter != 'h')
        return sl_fail(err, SL_E_CONFIG, "'%s': only %%u, %%h and %%%% are known", text);
    if (!pw)
        return sl_fail(err, SL_E_CONFIG, "'%s': user %lu is not in the user database", text, (unsigned long)geteuid());
    const char *value = letter == 'u' ? pw->pw_name : pw->pw_dir;
    if (letter == 'u' && (strchr(value, '/') || value[0] == '.'))
        return sl_fail(err, SL_E_CONFIG, "'%s': the user name '%s' can't be a part of a path", text, value);
    sl_buf_add(b, value, strlen(value));
    return SL_OK;
}

enum sl_code sl_policy_expand(const char *text, char **out, struct sl_error *err)
{
    struct sl_buf b = { 0 };
    enum sl_code rc = SL_OK;
    for (const char *p = text; rc == SL_OK && *p; p++) {
        if (*p == '%')
            rc = add(&b, *++p, text, err);
        else
            sl_buf_add(&b, p, 1);
        if (!*p)
            break;
    }
    if (rc == SL_OK && (!sl_buf_len(&b) || *sl_buf_ptr(&b) != '/'))
        rc = sl_fail(err, SL_E_CONFIG, "'%s' is not an absolute path", text);
    if (rc == SL_OK)
        *out = sl_memdup0(sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
    return rc;
}
