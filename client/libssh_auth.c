/* SPDX-License-Identifier: ISC */
/*
 * libssh_auth - logs in. Methods in ssh's order: keys of the agent, key files with their certificates, keyboard-interactive,
 * password. libssh 0.10 does not look for certificates by itself; here ID-cert.pub is offered before ID, as by ssh.
 */
#include "config.h"
#include "client/libssh_priv.h"
#include "base/escape.h"
#include "base/mem.h"
#include "client/ssh_prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_MAX = 1024, ROUNDS_MAX = 16 };

/* ---- keys ---- */

struct passphrase {
    const char *path;
    bool may_ask, asked, answered;
};

static int give_passphrase(const char *prompt, char *buf, size_t len, int echo, int verify, void *ctx)
{
    struct passphrase *p = ctx;
    (void)prompt;
    (void)echo;
    (void)verify;
    p->asked = true;
    if (!p->may_ask)
        return -1;
    char *question = sl_asprintf("Enter passphrase for key '%s': ", p->path);
    p->answered = sl_prompt(SL_PROMPT_SECRET, question, buf, len) && *buf;
    free(question);
    return p->answered ? 0 : -1;
}

static ssh_key load_private(struct sl_login *l, const char *path)
{
    ssh_key key = NULL;
    struct passphrase p = { .path = path, .may_ask = !l->settings->batch };
    for (int i = 0; i < l->settings->prompts || i == 0; i++) {
        p.asked = p.answered = false;
        if (ssh_pki_import_privkey_file(path, NULL, give_passphrase, &p, &key) == SSH_OK)
            return key;
        if (!p.asked || !p.answered)
            break;
    }
    if (!p.asked)
        sl_login_say("'%s' is not a key that libssh can use", path);
    return NULL;
}

static bool is_private(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    if (st.st_uid == geteuid() && (st.st_mode & 077)) {
        sl_login_say("'%s' can be read by others (mode %04o): this key is not used", path, (unsigned)st.st_mode & 07777u);
        return false;
    }
    return true;
}

/* Whether the server would take this key: without a signature, so without a passphrase. */
static bool is_wanted(struct sl_login *l, const char *public_path, bool certificate)
{
    ssh_key key = NULL;
    int rc = certificate ? ssh_pki_import_cert_file(public_path, &key) : ssh_pki_import_pubkey_file(public_path, &key);
    bool wanted = !certificate;          /* without a public part the private one is tried */
    if (rc == SSH_OK)
        wanted = ssh_userauth_try_publickey(l->session, NULL, key) == SSH_AUTH_SUCCESS;
    ssh_key_free(key);
    return wanted;
}

static int offer_certificate(struct sl_login *l, const char *path, ssh_key *key)
{
    char *file = sl_asprintf("%s-cert.pub", path);
    ssh_key cert = NULL, both = NULL;
    int rc = SSH_AUTH_DENIED;
    if (access(file, R_OK) == 0 && is_wanted(l, file, true) && (*key = load_private(l, path)) != NULL &&
        ssh_pki_import_cert_file(file, &cert) == SSH_OK && (both = ssh_key_dup(*key)) != NULL &&
        ssh_pki_copy_cert_to_privkey(cert, both) == SSH_OK)
        rc = ssh_userauth_publickey(l->session, NULL, both);
    ssh_key_free(both);
    ssh_key_free(cert);
    free(file);
    return rc;
}

static int offer_file(struct sl_login *l, const char *path)
{
    ssh_key key = NULL;
    if (!is_private(path))
        return SSH_AUTH_DENIED;
    int rc = offer_certificate(l, path, &key);
    if (rc == SSH_AUTH_DENIED) {
        char *public_path = sl_asprintf("%s.pub", path);
        if (is_wanted(l, public_path, false) && (key || (key = load_private(l, path)) != NULL))
            rc = ssh_userauth_publickey(l->session, NULL, key);
        free(public_path);
    }
    ssh_key_free(key);
    return rc;
}

/* ---- methods ---- */

struct attempts {
    bool agent_done;
    size_t next_file, files;             /* files: how many were there */
    bool keyboard_done, password_done;
};

static int by_keys(struct sl_login *l, struct attempts *a)
{
    const struct sl_ssh_settings *s = l->settings;
    int rc = SSH_AUTH_DENIED;
    if (!a->agent_done) {
        a->agent_done = true;
        if (!(s->agent && strcmp(s->agent, "none") == 0))
            rc = ssh_userauth_agent(l->session, NULL);
    }
    while (rc == SSH_AUTH_DENIED && a->next_file < s->identities.len) {
        const char *path = s->identities.at[a->next_file++];
        a->files += access(path, F_OK) == 0;
        rc = offer_file(l, path);
    }
    return rc;
}

static int answer_prompts(struct sl_login *l)
{
    char answer[SECRET_MAX];
    const char *name = ssh_userauth_kbdint_getname(l->session), *text = ssh_userauth_kbdint_getinstruction(l->session);
    int n = ssh_userauth_kbdint_getnprompts(l->session);
    for (int i = 0; i < 2; i++) {
        const char *line = i ? text : name;
        char *safe = line && *line ? sl_escape_dup(line, strlen(line)) : NULL;
        if (safe)
            sl_login_say("%s", safe);
        free(safe);
    }
    for (int i = 0; i < n; i++) {
        char echo = 0;
        const char *prompt = ssh_userauth_kbdint_getprompt(l->session, (unsigned)i, &echo);
        char *safe = sl_escape_dup(prompt ? prompt : "", prompt ? strlen(prompt) : 0);
        char *question = sl_asprintf("(%s@%s) %s", l->settings->user, l->settings->hostname, safe);
        bool answered = sl_prompt(echo ? SL_PROMPT_SHOWN : SL_PROMPT_SECRET, question, answer, sizeof answer);
        free(question);
        free(safe);
        if (!answered)
            return SSH_AUTH_DENIED;
        ssh_userauth_kbdint_setanswer(l->session, (unsigned)i, answer);
        explicit_bzero(answer, sizeof answer);
    }
    return ssh_userauth_kbdint(l->session, NULL, NULL);
}

static int by_keyboard(struct sl_login *l)
{
    int rc = SSH_AUTH_DENIED;
    for (int i = 0; i < l->settings->prompts && rc == SSH_AUTH_DENIED; i++) {
        rc = ssh_userauth_kbdint(l->session, NULL, NULL);
        bool asked = rc == SSH_AUTH_INFO;
        while (rc == SSH_AUTH_INFO)
            rc = answer_prompts(l);
        if (!asked)
            break;
    }
    return rc;
}

static int by_password(struct sl_login *l)
{
    char password[SECRET_MAX];
    char *question = sl_asprintf("%s@%s's password: ", l->settings->user, l->settings->hostname);
    int rc = SSH_AUTH_DENIED;
    for (int i = 0; i < l->settings->prompts && rc == SSH_AUTH_DENIED; i++) {
        if (i)
            sl_login_say("Permission denied, please try again.");
        if (!sl_prompt(SL_PROMPT_SECRET, question, password, sizeof password))
            break;
        rc = ssh_userauth_password(l->session, NULL, password);
        explicit_bzero(password, sizeof password);
    }
    free(question);
    return rc;
}

/* The next method that both sides have and that was not tried to its end. */
static int try_next(struct sl_login *l, struct attempts *a, unsigned methods, bool *tried)
{
    const struct sl_ssh_settings *s = l->settings;
    bool secrets = !l->no_secrets && !s->batch && sl_prompt_possible();
    *tried = true;
    if ((methods & SSH_AUTH_METHOD_PUBLICKEY) && s->pubkey && (!a->agent_done || a->next_file < s->identities.len))
        return by_keys(l, a);
    if ((methods & SSH_AUTH_METHOD_INTERACTIVE) && s->keyboard && secrets && !a->keyboard_done) {
        a->keyboard_done = true;
        return by_keyboard(l);
    }
    if ((methods & SSH_AUTH_METHOD_PASSWORD) && s->password && secrets && !a->password_done) {
        a->password_done = true;
        return by_password(l);
    }
    *tried = false;
    return SSH_AUTH_DENIED;
}

static void add_word(char *to, size_t size, const char *word)
{
    size_t n = strlen(to);
    snprintf(to + n, size - n, "%s%s", n ? "," : "", word);
}

static enum sl_code not_let_in(struct sl_login *l, const struct attempts *a, unsigned methods)
{
    const struct sl_ssh_settings *s = l->settings;
    char takes[120] = "", hint[120] = "";
    const char *agent = s->agent ? s->agent : getenv("SSH_AUTH_SOCK");
    if (methods & SSH_AUTH_METHOD_PUBLICKEY)
        add_word(takes, sizeof takes, "publickey");
    if (methods & SSH_AUTH_METHOD_GSSAPI_MIC)
        add_word(takes, sizeof takes, "gssapi-with-mic");
    if (methods & SSH_AUTH_METHOD_INTERACTIVE)
        add_word(takes, sizeof takes, "keyboard-interactive");
    if (methods & SSH_AUTH_METHOD_PASSWORD)
        add_word(takes, sizeof takes, "password");
    if (l->no_secrets)
        snprintf(hint, sizeof hint, "; no password is given to a host whose key is in doubt");
    else if ((methods & SSH_AUTH_METHOD_PUBLICKEY) && s->pubkey && !a->files && (!agent || !*agent || strcmp(agent, "none") == 0))
        snprintf(hint, sizeof hint, "; there is no key file and no agent (SSH_AUTH_SOCK)");
    else if (!a->keyboard_done && !a->password_done && (methods & (SSH_AUTH_METHOD_INTERACTIVE | SSH_AUTH_METHOD_PASSWORD)))
        snprintf(hint, sizeof hint, "; no password was asked for%s", s->batch ? " (BatchMode)" : sl_prompt_possible() ? "" : ", there is no terminal");
    return sl_fail(&l->err, SL_E_DENIED, "'%s': ssh could not log in as '%s' (permission denied; the server takes: %s)%s", s->hostname, s->user,
                   *takes ? takes : "no method that is known here", hint);
}

static void show_banner(struct sl_login *l)
{
    char *banner = l->settings->banner ? ssh_get_issue_banner(l->session) : NULL;
    for (char *p = banner; p && *p;) {
        size_t n = strcspn(p, "\n");
        char *safe = sl_escape_dup(p, n);
        sl_login_say("%s", safe);
        free(safe);
        p += n + (p[n] == '\n');
    }
    ssh_string_free_char(banner);
}

enum sl_code sl_login_authenticate(struct sl_login *l)
{
    struct attempts a = { 0 };
    int rc = ssh_userauth_none(l->session, NULL);
    unsigned methods = 0;
    bool tried = true;
    show_banner(l);
    for (int i = 0; i < ROUNDS_MAX && tried && (rc == SSH_AUTH_DENIED || rc == SSH_AUTH_PARTIAL); i++) {
        methods = (unsigned)ssh_userauth_list(l->session, NULL);
        rc = try_next(l, &a, methods, &tried);
    }
    if (rc == SSH_AUTH_SUCCESS)
        return SL_OK;
    if (rc == SSH_AUTH_ERROR) {
        const char *text = ssh_get_error(l->session);
        bool many = strstr(text, "Too many authentication failures") != NULL;
        return sl_fail(&l->err, many ? SL_E_DENIED : SL_E_CLOSED, "'%s': the connection ended while logging in as '%s' (%s)%s",
                       l->settings->hostname, l->settings->user, text, many ? "; name the right key with IdentityFile" : "");
    }
    return not_let_in(l, &a, methods);
}
