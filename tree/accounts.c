/* SPDX-License-Identifier: ISC */
/* accounts - see accounts.h. */
#include "config.h"
#include "tree/accounts.h"
#include "base/mem.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_START = 1024, RECORD_MAX = 1 << 22 };

/* One question in either direction. The reply points into record. */
static int ask_user(const char *name, uint32_t *number, const char **reply, char *record, size_t size)
{
    struct passwd pw, *found = NULL;
    int rc = *name ? getpwnam_r(name, &pw, record, size, &found) : getpwuid_r(*number, &pw, record, size, &found);
    if (found) {
        *number = found->pw_uid;
        *reply = found->pw_name;
    }
    return rc;
}

static int ask_group(const char *name, uint32_t *number, const char **reply, char *record, size_t size)
{
    struct group gr, *found = NULL;
    int rc = *name ? getgrnam_r(name, &gr, record, size, &found) : getgrgid_r(*number, &gr, record, size, &found);
    if (found) {
        *number = found->gr_gid;
        *reply = found->gr_name;
    }
    return rc;
}

/* A large group needs a large record, so the room grows. */
bool sl_account_ask_system(void *ctx, bool group, char *name, uint32_t *number)
{
    size_t size = RECORD_START;
    char *record = sl_malloc(size);
    const char *reply = NULL;
    int rc;
    (void)ctx;
    while ((rc = (group ? ask_group : ask_user)(name, number, &reply, record, size)) == EINTR || rc == ERANGE) {
        reply = NULL;
        if (rc == EINTR)
            continue;
        if (size >= RECORD_MAX)
            break;
        size *= 2;
        record = sl_realloc(record, size);
    }
    bool yes = rc == 0 && reply && strlen(reply) <= SL_OWNER_NAME_MAX;
    if (yes && !*name)
        memcpy(name, reply, strlen(reply) + 1);
    free(record);
    return yes;
}

bool sl_account_ask_helper(void *ctx, bool group, char *name, uint32_t *number)
{
    struct sl_helper_message m = { .kind = group ? SL_ACCOUNT_GROUP : SL_ACCOUNT_USER, .number = *number };
    memcpy(m.text, name, strlen(name) + 1);
    if (!sl_helper_ask(ctx, &m) || !m.yes || strlen(m.text) > SL_OWNER_NAME_MAX)
        return false;
    *number = m.number;
    memcpy(name, m.text, strlen(m.text) + 1);
    return true;
}

bool sl_account_serve(struct sl_helper_message *m)
{
    m->text[SL_OWNER_NAME_MAX] = '\0';
    m->yes = sl_account_ask_system(NULL, m->kind == SL_ACCOUNT_GROUP, m->text, &m->number);
    return true;
}
