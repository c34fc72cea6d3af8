/* SPDX-License-Identifier: ISC */
/*
 * attach - what a peer may reach: the plain namespace of the account, or modules. A module that doesn't exist and one that
 * is not for this peer are answered alike.
 */
#include "config.h"
#include "subsystem/session_priv.h"
#include "tree/fake.h"
#include "base/mem.h"
#include "subsystem/policy.h"

#include <errno.h>
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

static bool offered(const struct sl_policy *p, const struct sl_module *m, struct sl_decision *d)
{
    if (!only_allows(p, m->name))
        return false;
    sl_decide(m, p->who, d);
    return d->admitted;
}

static const struct sl_module *find(const struct sl_policy *p, const struct sl_msg_attach *a, struct sl_decision *d)
{
    const struct sl_module *m = p->config ? sl_config_module(p->config, a->module, a->module_len) : NULL;
    return m && offered(p, m, d) ? m : NULL;
}

/* Why a module was refused is for the administrator to know. */
static void note_refused(struct sl_channel *ch, const struct sl_msg_attach *a, const struct sl_decision *d)
{
    const struct sl_policy *p = ch->s->policy;
    char text[400];
    ch->s->figures.refused++;
    if (!p->note)
        return;
    snprintf(text, sizeof text, "refused module '%.*s'%s%s%s%s", (int)(a->module_len < 64 ? a->module_len : 64), a->module,
             d->rule ? ": " : ": there is none for this peer", d->rule ? d->rule : "", *d->why ? ": " : "", d->why);
    p->note(p->note_ctx, SL_NOTE_REFUSED, text);
}

/* A session counts once, however many channels attach the module. */
static enum sl_code admit(struct sl_session *s, const struct sl_module *m, struct sl_error *err)
{
    const struct sl_policy *p = s->policy;
    return !s->attached && p->admit ? p->admit(p->admit_ctx, m, err) : SL_OK;
}

/* `told`: what it is called in a message; the server's own paths are not told. */
static enum sl_code open_root(struct sl_channel *ch, uint32_t id, const char *path, const char *told, struct sl_error *err)
{
    int fd = sl_dirs_open_root(path);
    if (fd < 0)
        return sl_fail_errno(err, errno, "cannot open %s", told);
    return sl_dirs_root(ch->dirs, id, fd, err);
}

static enum sl_code attach_module(struct sl_channel *ch, const struct sl_msg_attach *a, uint32_t *rights,
                                  struct sl_error *err)
{
    struct sl_session *s = ch->s;
    struct sl_decision d = { 0 };
    const struct sl_module *m = find(s->policy, a, &d);
    char *path = NULL, told[96];
    if (!m) {
        note_refused(ch, a, &d);
        return sl_fail(err, SL_E_NO_MODULE, "no module '%.*s' here", (int)a->module_len, a->module);
    }
    snprintf(told, sizeof told, "the directory of module '%s'", m->name);
    enum sl_code rc = admit(s, m, err);
    if (rc == SL_OK)
        rc = sl_policy_expand(m->path, &path, err);
    if (rc == SL_OK)
        rc = open_root(ch, a->id, path, told, err);
    free(path);
    if (rc != SL_OK)
        return rc;
    *rights = d.rights & (s->policy->rights | (s->policy->limited ? 0 : (uint32_t)SL_RIGHT_DEVICE));
    ch->module = m;
    ch->rule = d.rule;
    ch->rule_line = d.line;
    s->quota = sl_quota_least(&s->quota, &m->quota);
    s->figures.module = m->name;
    return SL_OK;
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

/* Whether what is asked for is what this session has attached already, if anything: it is counted for one module, and its limits
 * are that module's. */
static bool same_namespace(const struct sl_session *s, const struct sl_msg_attach *a)
{
    const struct sl_module *m = s->module;
    if (!s->attached)
        return true;
    if ((a->how == SL_ATTACH_MODULE) != (m != NULL))
        return false;
    return !m || (strlen(m->name) == a->module_len && memcmp(m->name, a->module, a->module_len) == 0);
}

static void answer(struct sl_channel *ch, const struct sl_msg_attach *a)
{
    const struct sl_policy *p = ch->s->policy;
    struct sl_buf b = { 0 };
    struct sl_msg_attached m = { .request = ch->requests, .rights = ch->rights, .umask = sl_meta_umask() };
    m.uid = (uint32_t)geteuid();
    m.flags = (m.uid == 0 || ch->fake ? (uint32_t)SL_ATTACHED_CHOWN : 0) | (p->enforced ? (uint32_t)SL_ATTACHED_ENFORCED : 0);
    m.flags |= ch->fake ? (uint32_t)SL_ATTACHED_FAKE : 0;
    m.flags |= sl_may_devices(ch) ? (uint32_t)SL_ATTACHED_DEVICES : 0;
    m.flags |= sl_may_write_devices(ch) ? (uint32_t)SL_ATTACHED_WRITE_DEVICES : 0;
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

/* A module's own setting holds, whatever the client knows of it. */
static uint32_t fake_of(const struct sl_channel *ch, const struct sl_msg_attach *a)
{
    if (ch->module && ch->module->owners_kept)
        return SL_FAKE | (a->flags & SL_ATTACH_FAKE && !(a->flags & SL_ATTACH_FAKE_ONLY) ? 0 : SL_FAKE_ONLY);
    return (a->flags & SL_ATTACH_FAKE ? SL_FAKE : 0) | (a->flags & SL_ATTACH_FAKE_ONLY ? SL_FAKE_ONLY : 0);
}

enum sl_code sl_run_attach(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_attach *a = &q->attach;
    uint32_t rights = 0;
    enum sl_hash_kind digest = a->flags & SL_ATTACH_SHA256 ? SL_HASH_SHA256 : SL_HASH_XXH128;
    if (!same_namespace(ch->s, a))
        return sl_fail(err, SL_E_INVALID, "this session has another namespace attached");
    if (digest == SL_HASH_SHA256 && !sl_conn_has(ch->s->conn, SL_FEATURE_SHA256))
        return sl_fail(err, SL_E_UNSUPPORTED, "this session can't have sha256");
    if (a->flags & SL_ATTACH_FAKE && !sl_conn_has(ch->s->conn, SL_FEATURE_FAKE_SUPER))
        return sl_fail(err, SL_E_UNSUPPORTED, "the feature fake-super was not agreed on");
    if (ch->s->attached && ch->s->digest != digest)
        return sl_fail(err, SL_E_INVALID, "this session has another hash");
    enum sl_code rc = a->how == SL_ATTACH_MODULE ? attach_module(ch, a, &rights, err) : attach_account(ch, a, &rights, err);
    if (rc != SL_OK)
        return rc;
    ch->rights = rights;
    ch->fake = fake_of(ch, a);
    sl_attrs_forget(ch);                 /* what was checked for another way of taking them */
    ch->s->digest = digest;
    sl_hash_choose(ch->hash, digest);
    sl_hash_choose(ch->w_hash, digest);
    ch->s->module = ch->module;
    ch->s->attached = ch->s->figures.attached = true;
    ch->s->figures.rights = rights;
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
        struct sl_decision d;
        struct sl_msg_module out = { m->name, m->comment, strlen(m->name), strlen(m->comment) };
        if (!m->listed || !offered(p, m, &d))
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
