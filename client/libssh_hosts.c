/* SPDX-License-Identifier: ISC */
/*
 * libssh_hosts - whether a host's key is the one that is known for it, by the user's and the system's known_hosts files. Lines with
 * a marker are not for libssh: files that have one are left to the ssh program before (client/ssh_choice.c). libssh's own rule is
 * not used where it is weaker: it takes an unknown key where checking is not strict, and writes names without hashing them.
 */
#include "config.h"
#include "client/libssh_priv.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/capture.h"
#include "client/ssh_prompt.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEFAULT_PORT = 22, HASH_MS = 10000 };

struct key {
    char type[40];               /* ED25519 */
    char *print;                 /* SHA256:..., libssh's */
};

static enum sl_code learn_key(struct sl_login *l, struct key *k)
{
    ssh_key key = NULL;
    unsigned char *hash = NULL;
    size_t len = 0;
    if (ssh_get_server_publickey(l->session, &key) != SSH_OK ||
        ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &len) != 0) {
        ssh_key_free(key);
        return sl_fail(&l->err, SL_E_CONNECT, "'%s' has shown no host key", l->settings->hostname);
    }
    const char *name = ssh_key_type_to_char(ssh_key_type(key)), *dash = strchr(name, '-');
    snprintf(k->type, sizeof k->type, "%s", strncmp(name, "ecdsa", 5) == 0 ? "ECDSA" : dash ? dash + 1 : name);
    for (char *p = k->type; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    k->print = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, len);
    ssh_clean_pubkey_hash(&hash);
    ssh_key_free(key);
    return k->print ? SL_OK : sl_fail(&l->err, SL_E_NO_MEMORY, "no memory");
}

/* What the files say; a key that is known for the name without its port counts too, as with ssh. */
static enum ssh_known_hosts_e look_up(struct sl_login *l)
{
    enum ssh_known_hosts_e state = ssh_session_is_known_server(l->session);
    bool missing = state == SSH_KNOWN_HOSTS_UNKNOWN || state == SSH_KNOWN_HOSTS_NOT_FOUND;
    int port = DEFAULT_PORT;
    if (!missing || l->settings->port == DEFAULT_PORT)
        return state;
    ssh_options_set(l->session, SSH_OPTIONS_PORT, &port);
    if (ssh_session_is_known_server(l->session) == SSH_KNOWN_HOSTS_OK)
        state = SSH_KNOWN_HOSTS_OK;
    port = l->settings->port;
    ssh_options_set(l->session, SSH_OPTIONS_PORT, &port);
    return state;
}

/* ---- a new one ---- */

/* The line with its names hashed, by ssh-keygen: in place of *line, or not at all. */
static bool hash_line(char **line, const char *beside)
{
    char *path = sl_asprintf("%s.XXXXXX", beside), *old = NULL;
    int fd = mkostemp(path, O_CLOEXEC), status = -1;
    char *const argv[] = { "ssh-keygen", "-q", "-H", "-f", path, NULL };
    char hashed[8192];
    size_t got = 0;
    struct sl_capture c;
    struct sl_buf out = { 0 };
    struct sl_error err;
    bool good = fd >= 0 && sl_io_write_all(fd, *line, strlen(*line)) == SL_OK &&
                sl_capture_start(&c, argv, SL_CAPTURE_ERRORS_TOO, &err) == SL_OK &&
                sl_capture_end(&c, HASH_MS, &out, &status) == SL_OK && status == 0;
    sl_io_close(&fd);
    /* It has put a new file in the place of that one. */
    fd = good ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    good = fd >= 0 && sl_io_read(fd, hashed, sizeof hashed - 1, &got) == SL_OK && got && hashed[0] == '|';
    sl_io_close(&fd);
    if (good) {
        free(*line);
        *line = sl_memdup0(hashed, got);
    }
    old = sl_asprintf("%s.old", path);
    unlink(path);
    unlink(old);
    free(old);
    free(path);
    sl_buf_clear(&out);
    return good;
}

static bool append(const char *path, const char *line)
{
    char *up = sl_strdup(path);
    mkdir(dirname(up), 0700);
    free(up);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    bool good = fd >= 0 && sl_io_write_all(fd, line, strlen(line)) == SL_OK;
    int why = errno;
    sl_io_close(&fd);
    errno = why;
    return good;
}

/* That a key can't be written down is no reason not to connect, as with ssh. */
static void remember(struct sl_login *l, const struct key *k)
{
    const struct sl_ssh_settings *s = l->settings;
    const char *path = s->known_user.len ? s->known_user.at[0] : NULL;
    char *entry = NULL;
    if (!path || ssh_session_export_known_hosts_entry(l->session, &entry) != SSH_OK || !entry)
        return;
    char *line = sl_asprintf("%s%s", entry, entry[0] && entry[strlen(entry) - 1] == '\n' ? "" : "\n");
    ssh_string_free_char(entry);
    if (s->hash_hosts && !hash_line(&line, path))
        sl_login_say("The name of '%s' could not be hashed; its key was not added to the list of known hosts.", s->hostname);
    else if (append(path, line))
        sl_login_say("Warning: Permanently added '%s' (%s) to the list of known hosts.", s->hostname, k->type);
    else
        sl_login_say("Failed to add the host to the list of known hosts (%s): %s", path, strerror(errno));
    free(line);
}

static bool ask(struct sl_login *l, const struct key *k)
{
    char answer[256];
    char *question = sl_asprintf("The authenticity of host '%s' can't be established.\n%s key fingerprint is %s.\n"
                                 "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
                                 l->settings->hostname, k->type, k->print);
    bool answered = sl_prompt(SL_PROMPT_SHOWN, question, answer, sizeof answer), yes = false;
    free(question);
    while (answered) {
        yes = strcasecmp(answer, "yes") == 0 || strcmp(answer, k->print) == 0;
        if (yes || strcasecmp(answer, "no") == 0 || !*answer)
            break;
        answered = sl_prompt(SL_PROMPT_SHOWN, "Please type 'yes', 'no' or the fingerprint: ", answer, sizeof answer);
    }
    return answered && yes;
}

static enum sl_code meet(struct sl_login *l, const struct key *k)
{
    const struct sl_ssh_settings *s = l->settings;
    bool asks = s->strict == SL_STRICT_ASK, possible = !s->batch && sl_prompt_possible();
    if (s->strict == SL_STRICT_YES || (asks && !possible && !l->job->leave_unknown)) {
        sl_fail(&l->err, SL_E_DENIED, "'%s': its host key is not known (%s %s)%s; log in once with ssh to accept it", s->hostname, k->type,
                k->print, asks ? ", and there is no terminal to ask on" : "");
        return l->err.code;
    }
    if (l->job->leave_unknown) {
        l->unknown_host = true;
        return sl_fail(&l->err, SL_E_DENIED, "'%s' is not known yet", s->hostname);
    }
    if (asks && !ask(l, k))
        return sl_fail(&l->err, SL_E_DENIED, "'%s': its host key (%s %s) was not accepted", s->hostname, k->type, k->print);
    remember(l, k);
    return SL_OK;
}

/* As ssh: only a configuration that checks nothing gets past a changed key, and then no password is given to whoever it is. */
static enum sl_code doubt(struct sl_login *l, const struct key *k, const char *what)
{
    const struct sl_ssh_settings *s = l->settings;
    if (s->strict != SL_STRICT_NO)
        return sl_fail(&l->err, SL_E_DENIED,
                       "'%s': its host key (%s %s) %s: somebody may be in between; if it was really changed, remove the old one "
                       "(ssh-keygen -R) and log in once with ssh",
                       s->hostname, k->type, k->print, what);
    sl_login_say("WARNING: the host key of '%s' (%s %s) %s; no password is given to it", s->hostname, k->type, k->print, what);
    l->no_secrets = true;
    return SL_OK;
}

enum sl_code sl_login_check_host(struct sl_login *l)
{
    struct key k = { .print = NULL };
    enum sl_code rc = learn_key(l, &k);
    if (rc != SL_OK)
        return rc;
    switch (look_up(l)) {
    case SSH_KNOWN_HOSTS_OK:
        break;
    case SSH_KNOWN_HOSTS_UNKNOWN:
    case SSH_KNOWN_HOSTS_NOT_FOUND:
        rc = meet(l, &k);
        break;
    case SSH_KNOWN_HOSTS_CHANGED:
        rc = doubt(l, &k, "is not the one known for it");
        break;
    case SSH_KNOWN_HOSTS_OTHER:
        rc = l->job->leave_unknown ? meet(l, &k) : doubt(l, &k, "is of another type than the one known for it");
        break;
    case SSH_KNOWN_HOSTS_ERROR:
        rc = sl_fail(&l->err, SL_E_DENIED, "'%s': its host key cannot be checked: %s", l->settings->hostname, ssh_get_error(l->session));
        break;
    }
    ssh_string_free_char(k.print);
    return rc;
}
