/* SPDX-License-Identifier: ISC */
/* guard - see guard.h. */
#include "config.h"
#include "subsystem/guard.h"
#include "base/mem.h"
#include "proto/msg.h"
#include "subsystem/log.h"
#include "subsystem/policy.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHANGING = SL_RIGHT_CREATE | SL_RIGHT_OVERWRITE | SL_RIGHT_DELETE | SL_RIGHT_RENAME | SL_RIGHT_META | SL_RIGHT_SPECIAL |
               SL_RIGHT_PUBLISH,
    DESCRIPTORS = 2048               /* of a session: 64 directories on each of 15 channels, files, roots */
};

static uint32_t access_of(uint32_t rights)
{
    static const struct { uint32_t right, access; } table[] = {
        { SL_RIGHT_LIST, SL_CONFINE_LIST },
        { SL_RIGHT_READ, SL_CONFINE_READ },
        { SL_RIGHT_HASH, SL_CONFINE_READ },
        { SL_RIGHT_CREATE, SL_CONFINE_WRITE },
        { SL_RIGHT_OVERWRITE, SL_CONFINE_WRITE },
        { SL_RIGHT_DELETE, SL_CONFINE_WRITE | SL_CONFINE_REMOVE_DIR },
        { SL_RIGHT_RENAME, SL_CONFINE_WRITE },
        { SL_RIGHT_SPECIAL, SL_CONFINE_SPECIAL },
        { SL_RIGHT_PUBLISH, SL_CONFINE_WRITE },
    };
    uint32_t access = 0;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (rights & table[i].right)
            access |= table[i].access;
    return access;
}

const char *sl_guard_lacks(const struct sl_confine_abilities *have, uint32_t rights)
{
    if (!have->seccomp)
        return "no filter of system calls (no libseccomp in this build, or no support in the kernel)";
    if (!have->landlock)
        return "no Landlock in this kernel";
    if (have->landlock < SL_LANDLOCK_MOVES && rights & CHANGING)
        return "Landlock of this kernel forbids renaming and linking between directories (ABI 2 is needed)";
    return NULL;
}

static bool serve(struct sl_helper_message *m)
{
    return m->kind >= SL_LOG_KIND ? sl_log_serve(m) : sl_account_serve(m);
}

static bool named(const struct sl_policy *p, const char *name)
{
    for (size_t i = 0; p->only && p->only[i]; i++)
        if (strcmp(p->only[i], name) == 0)
            return true;
    return !p->only;
}

/* Every module that this peer may attach, with the rights that it would have. */
static enum sl_code add_modules(struct sl_confine *trees, const struct sl_policy *p, uint32_t *rights, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    for (size_t i = 0; rc == SL_OK && p->config && i < p->config->module_count; i++) {
        const struct sl_module *m = &p->config->modules[i];
        struct sl_decision d;
        struct sl_error unexpanded = { 0 };
        char *path = NULL;
        if (!named(p, m->name))
            continue;
        sl_decide(m, p->who, &d);
        if (!d.admitted || sl_policy_expand(m->path, &path, &unexpanded) != SL_OK)
            continue;
        *rights |= d.rights & p->rights;
        rc = sl_confine_path(trees, path, access_of(d.rights & p->rights), err);
        free(path);
    }
    return rc;
}

static enum sl_code add_trees(struct sl_guard *g, struct sl_confine *trees, const struct sl_policy *p, uint32_t *rights,
                              struct sl_error *err)
{
    enum sl_code rc = add_modules(trees, p, rights, err);
    if (rc != SL_OK || !p->account)
        return rc;
    *rights |= p->rights;
    g->whole = !p->root;
    return p->root ? sl_confine_path(trees, p->root, access_of(p->rights), err) : SL_OK;
}

enum sl_code sl_guard_enter(struct sl_guard *g, struct sl_policy *policy, const struct sl_config *config, struct sl_error *err)
{
    struct sl_confine_limits limits = { 0 };
    struct sl_confine_abilities have = sl_confine_abilities();
    uint32_t rights = 0;
    *g = (struct sl_guard){ 0 };
    if (config->confinement == SL_CONFINEMENT_OFF)
        return SL_OK;
    if (policy->enforced)
        limits = (struct sl_confine_limits){ config->session_memory, DESCRIPTORS, config->session_cpu_s, NULL };
    limits.pinned = policy->pinned;
    struct sl_confine *trees = sl_confine_new();
    enum sl_code rc = sl_confine_begin(err);
    if (rc == SL_OK)
        rc = sl_helper_start(&g->helper, serve, err);
    if (rc == SL_OK)
        rc = add_trees(g, trees, policy, &rights, err);
    const char *lacks = sl_guard_lacks(&have, rights);
    if (rc == SL_OK && lacks && config->confinement == SL_CONFINEMENT_REQUIRED)
        rc = sl_fail(err, SL_E_CONFIG, "confinement is required, and there is %s", lacks);
    if (rc == SL_OK) {
        policy->ask = sl_account_ask_helper;
        policy->ask_ctx = g->helper;
        sl_log_through(g->helper);
        rc = sl_confine_enter(g->whole ? NULL : trees, rights & CHANGING ? SL_CONFINE_WRITER : SL_CONFINE_READER, &limits, &g->now, err);
    }
    /* As many layers of Landlock as the kernel has were there before. */
    if (rc == SL_OK && !g->whole && !g->now.landlock && have.landlock && config->confinement == SL_CONFINEMENT_REQUIRED)
        rc = sl_fail(err, SL_E_CONFIG, "confinement is required, and the kernel takes no further layer of Landlock");
    sl_confine_free(trees);
    return rc;
}

void sl_guard_leave(struct sl_guard *g)
{
    sl_log_through(NULL);
    sl_helper_stop(g->helper);
    g->helper = NULL;
}

char *sl_guard_text(const struct sl_guard *g)
{
    if (g->now.landlock)
        return sl_asprintf("landlock:%d%s", g->now.landlock, g->now.seccomp ? ",seccomp" : "");
    return sl_strdup(g->now.seccomp ? "seccomp" : "none");
}
