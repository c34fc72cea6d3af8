/* SPDX-License-Identifier: ISC */
/* config_grant - the value of `grant`: rights, the word "to", and who gets them. */
#include "config.h"
#include "subsystem/config_priv.h"
#include "base/mem.h"
#include "subsystem/principals.h"
#include "subsystem/rights.h"
#include "subsystem/sshkeys.h"

#include <stdlib.h>
#include <string.h>

static const enum sl_principal_kind kinds[] = { SL_BY_USER, SL_BY_GROUP, SL_BY_KEY, SL_BY_AS, SL_BY_ADDR };
enum { KINDS = sizeof kinds / sizeof kinds[0], FINGERPRINT_LEN = 7 + 43 };

/* A shorter or padded one would never match, and somebody would wonder. */
static bool fingerprint_ok(const char *text)
{
    return strncmp(text, "SHA256:", 7) == 0 && strlen(text) == FINGERPRINT_LEN &&
           text[7 + strspn(text + 7, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")] == '\0';
}

static enum sl_code check(struct sl_config_parser *p, struct sl_principal *one)
{
    if (!*one->name)
        return sl_config_wrong(p, "'%s' has nothing behind the colon", sl_principal_prefix(one->kind));
    if (one->kind == SL_BY_ADDR)
        return sl_config_told(p, sl_net_parse(one->name, &one->net, p->err));
    if (one->kind != SL_BY_KEY)
        return SL_OK;
    if (!fingerprint_ok(one->name))
        return sl_config_wrong(p, "'key:%s' is no fingerprint as ssh-keygen -l prints it: key:SHA256: and 43 characters", one->name);
    if (!sl_fingerprints_there())
        return sl_config_wrong(p, "'key:%s': this build has no libcrypto and knows no keys", one->name);
    return SL_OK;
}

static enum sl_code add_principal(struct sl_config_parser *p, struct sl_grant *g, const char *word)
{
    for (size_t i = 0; i < KINDS; i++) {
        const char *prefix = sl_principal_prefix(kinds[i]);
        if (strncmp(word, prefix, strlen(prefix)) != 0)
            continue;
        struct sl_principal one = { .kind = kinds[i], .name = sl_strdup(word + strlen(prefix)) };
        g->who = sl_realloc(g->who, (g->who_count + 1) * sizeof *g->who);
        g->who[g->who_count++] = one;
        return check(p, &g->who[g->who_count - 1]);
    }
    return sl_config_wrong(p, "'%s' is nobody: it is written user:NAME, group:NAME, key:SHA256:..., as:NAME or addr:NETWORK", word);
}

static void clear(struct sl_grant *g)
{
    for (size_t i = 0; i < g->who_count; i++)
        free(g->who[i].name);
    free(g->who);
    *g = (struct sl_grant){ 0 };
}

/* The word "to", with blanks around it. */
static char *find_to(char *text)
{
    for (char *at = text; (at = strstr(at, "to")) != NULL; at += 2)
        if (at > text && strchr(" \t", at[-1]) && at[2] && strchr(" \t", at[2]))
            return at;
    return NULL;
}

enum sl_code sl_config_grant(struct sl_config_parser *p, const char *value)
{
    struct sl_module *m = p->m;
    struct sl_grant g = { .line = p->line };
    char *copy = sl_strdup(value), *to = find_to(copy), *save = NULL;
    enum sl_code rc = SL_OK;
    if (!to)
        rc = sl_config_wrong(p, "it is written RIGHTS to WHO..., as: full to user:bob key:SHA256:...");
    if (rc == SL_OK) {
        *to = '\0';
        rc = sl_config_told(p, sl_rights_parse(copy, &g.rights, p->err));
    }
    for (char *word = to ? strtok_r(to + 2, " \t,", &save) : NULL; rc == SL_OK && word; word = strtok_r(NULL, " \t,", &save))
        rc = add_principal(p, &g, word);
    if (rc == SL_OK && !g.who_count)
        rc = sl_config_wrong(p, "nobody is named behind `to`");
    free(copy);
    if (rc != SL_OK) {
        clear(&g);
        return rc;
    }
    m->grants = sl_realloc(m->grants, (m->grant_count + 1) * sizeof *m->grants);
    m->grants[m->grant_count++] = g;
    return SL_OK;
}

void sl_config_grants_clear(struct sl_module *m)
{
    for (size_t i = 0; i < m->grant_count; i++)
        clear(&m->grants[i]);
    free(m->grants);
}
