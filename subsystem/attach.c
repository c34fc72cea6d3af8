/* SPDX-License-Identifier: ISC */
/*
 * attach - what a peer may reach: the plain namespace of the account, or modules. A module that doesn't exist and one that
 * is not for this peer are answered alike.
 */
#include "config.h"
#include "subsystem/session_priv.h"
#include "base/mem.h"
#include "subsystem/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool only_allows(const struct sl_policy *p, const char *name)
{
    if (!p->only)
        return true;
    for (size_t i = 0; p->only[i]; i++)
        if (strcmp(p->only[i], name) == 0)
            return true;
    return false;
}

static bool offered(const struct sl_policy *p, const struct sl_module *m)
{
    if (!only_allows(p, m->name) || (p->anonymous && !m->anonymous))
        return false;
    return !p->peer || sl_module_admits(m, p->peer);
}

static const struct sl_module *find(const struct sl_policy *p, const struct sl_msg_attach *a)
{
    const struct sl_module *m = p->config ? sl_config_module(p->config, a->module, a->module_len) : NULL;
    return m && offered(p, m) ? m : NULL;
}

/* A session counts once against the limits of one module, however many channels attach it. Where sessions are counted it may have
 * no other one: it would be counted for that alone, and stay in the first uncounted. */
static enum sl_code admit(struct sl_session *s, const struct sl_module *m, struct sl_error *err)
{
    const struct sl_policy *p = s->policy;
    if (s->admitted == m)
        return SL_OK;
    if (s->admitted && p->admit)
        return sl_fail(err, SL_E_INVALID, "this session has another module attached");
    enum sl_code rc = p->admit ? p->admit(p->admit_ctx, m, err) : SL_OK;
    if (rc == SL_OK)
        s->admitted = m;
    return rc;
}

/* `told`: what it is called in a message; the server's own paths are not told. */
static enum sl_code open_root(struct sl_channel *ch, uint32_t id, const char *path, const char *told, struct sl_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return sl_fail_errno(err, errno, "cannot open %s", told);
    return sl_dirs_root(ch->dirs, id, fd, err);
}

static enum sl_code attach_module(struct sl_channel *ch, const struct sl_msg_attach *a, uint32_t *rights,
                                  struct sl_error *err)
{
    const struct sl_module *m = find(ch->s->policy, a);
    char *path = NULL, told[96];
    if (!m)
        return sl_fail(err, SL_E_NO_MODULE, "no module '%.*s' here", (int)a->module_len, a->module);
    snprintf(told, sizeof told, "the directory of module '%s'", m->name);
    enum sl_code rc = admit(ch->s, m, err);
    if (rc == SL_OK)
        rc = sl_policy_expand(m->path, &path, err);
    if (rc == SL_OK)
        rc = open_root(ch, a->id, path, told, err);
    free(path);
    if (rc == SL_OK)
        *rights = m->rights & ch->s->policy->rights;
    return rc;
}

static enum sl_code attach_account(struct sl_channel *ch, const struct sl_msg_attach *a, uint32_t *rights,
                                   struct sl_error *err)
{
    const struct sl_policy *p = ch->s->policy;
    const char *root = p->root ? p->root : "/";
    char *home = NULL;
    if (!p->account)
        return sl_fail(err, SL_E_NO_MODULE, "only modules are offered here: name one, as in superlifter://HOST/MODULE/");
    if (a->how == SL_ATTACH_HOME && !p->root)
        root = home = sl_asprintf("/%s", ch->s->home);
    enum sl_code rc = open_root(ch, a->id, root, p->root ? "the exported directory" : "the root directory", err);
    free(home);
    *rights = p->rights;
    return rc;
}

/* Whether what is asked for is what the channel has attached already, if anything. */
static bool same_namespace(const struct sl_channel *ch, const struct sl_msg_attach *a)
{
    if (!ch->attached)
        return true;
    if ((a->how == SL_ATTACH_MODULE) != (ch->how == SL_ATTACH_MODULE))
        return false;
    return a->how != SL_ATTACH_MODULE ||
           (strlen(ch->module) == a->module_len && memcmp(ch->module, a->module, a->module_len) == 0);
}

static void answer(struct sl_channel *ch, const struct sl_msg_attach *a)
{
    const struct sl_policy *p = ch->s->policy;
    struct sl_buf b = { 0 };
    struct sl_msg_attached m = { .request = ch->requests, .rights = ch->rights, .umask = sl_meta_umask() };
    m.uid = (uint32_t)geteuid();
    m.flags = (m.uid == 0 ? (uint32_t)SL_ATTACHED_CHOWN : 0) | (p->enforced ? (uint32_t)SL_ATTACHED_ENFORCED : 0);
    m.home = a->how == SL_ATTACH_ROOT && !p->root ? ch->s->home : "";
    m.home_len = strlen(m.home);
    m.motd = p->motd ? p->motd : "";
    m.motd_len = strlen(m.motd);
    if (m.motd_len > SL_TEXT_MAX)
        m.motd_len = SL_TEXT_MAX;
    sl_attached_encode(&b, &m);
    sl_channel_answer(ch, SL_MSG_ATTACHED, &b);
    sl_buf_clear(&b);
}

enum sl_code sl_run_attach(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_attach *a = &q->attach;
    uint32_t rights = 0;
    if (!same_namespace(ch, a))
        return sl_fail(err, SL_E_INVALID, "this channel has another namespace attached");
    enum sl_code rc = a->how == SL_ATTACH_MODULE ? attach_module(ch, a, &rights, err) : attach_account(ch, a, &rights, err);
    if (rc != SL_OK)
        return rc;
    ch->rights = rights;
    ch->how = a->how;
    if (!ch->attached && a->how == SL_ATTACH_MODULE)
        ch->module = sl_memdup0(a->module, a->module_len);
    ch->attached = true;
    answer(ch, a);
    return SL_OK;
}

/* ---- MODULES ---- */

static enum sl_code modules_step(struct sl_channel *ch, struct sl_error *err)
{
    const struct sl_policy *p = ch->s->policy;
    struct sl_conn *conn = ch->s->conn;
    (void)err;
    for (; p->config && ch->module_at < p->config->module_count; ch->module_at++) {
        const struct sl_module *m = &p->config->modules[ch->module_at];
        struct sl_msg_module out = { m->name, m->comment, strlen(m->name), strlen(m->comment) };
        if (!offered(p, m))
            continue;
        sl_buf_reset(&ch->scratch, 64 * 1024);
        sl_module_encode(&ch->scratch, &out);
        if (sl_conn_room(conn, ch->number) < sl_buf_len(&ch->scratch) || sl_conn_queued(conn) > SL_OUTPUT_HIGH)
            return SL_AGAIN;
        sl_conn_send(conn, ch->number, SL_MSG_MODULE, 0, sl_buf_ptr(&ch->scratch), sl_buf_len(&ch->scratch));
    }
    return SL_EOF;
}

enum sl_code sl_run_modules(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    (void)q;
    (void)err;
    ch->module_at = 0;
    ch->step = modules_step;
    return SL_OK;
}
