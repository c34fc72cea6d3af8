/* SPDX-License-Identifier: ISC */
/*
 * explain - see explain.h. Whether anything keeps an account to superlifter can't be seen from the configuration: its login
 * shell is looked up, and sshd is asked what it would force.
 */
#include "config.h"
#include "subsystem/explain.h"
#include "base/mem.h"
#include "subsystem/principals.h"
#include "subsystem/rights.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GROUPS_MAX = 1024, PATH_LEN_MAX = 4096 };

struct query { char *user, *group, *key, *as, *addr, *module, *path; };

static enum sl_code parse(struct query *q, char *text, struct sl_error *err)
{
    const struct { const char *name; char **at; } fields[] = { { "user", &q->user }, { "group", &q->group }, { "key", &q->key },
        { "as", &q->as }, { "addr", &q->addr }, { "module", &q->module }, { "path", &q->path } };
    char *save = NULL;
    for (char *word = strtok_r(text, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
        char *value = strchr(word, '=');
        size_t i = 0, n = sizeof fields / sizeof fields[0];
        if (value)
            *value++ = '\0';
        while (i < n && strcmp(fields[i].name, word) != 0)
            i++;
        if (i == n || !value)
            return sl_fail(err, SL_E_CONFIG, "--explain: '%s' is none of user= group= key= as= addr= module= path=", word);
        *fields[i].at = value;
    }
    return q->module ? SL_OK : sl_fail(err, SL_E_CONFIG, "--explain: say which module, as in module=backup,user=bob");
}

/* The groups that the account would have after a login. */
static enum sl_code take_user(struct sl_who *w, const struct query *q, struct sl_error *err)
{
    int n = GROUPS_MAX;
    errno = 0;
    const struct passwd *pw = q->user ? getpwnam(q->user) : NULL;
    w->groups = sl_calloc(GROUPS_MAX + 1, sizeof *w->groups);
    if (q->user && !pw)
        return sl_fail(err, SL_E_CONFIG, "--explain: there is no user '%s'", q->user);
    if (pw) {
        w->user = sl_strdup(pw->pw_name);
        if (getgrouplist(pw->pw_name, pw->pw_gid, w->groups, &n) >= 0)
            w->group_count = (size_t)n;
    }
    const struct group *gr = q->group ? getgrnam(q->group) : NULL;
    if (q->group && !gr)
        return sl_fail(err, SL_E_CONFIG, "--explain: there is no group '%s'", q->group);
    if (gr)
        w->groups[w->group_count++] = gr->gr_gid;
    return SL_OK;
}

static enum sl_code take_who(struct sl_who *w, const struct query *q, struct sl_error *err)
{
    enum sl_code rc = take_user(w, q, err);
    w->anonymous = !q->user && !q->group && !q->key && !q->as;
    w->as = q->as ? sl_strdup(q->as) : NULL;
    if (q->key) {
        w->keys = sl_calloc(1, sizeof *w->keys);
        w->keys[w->key_count++] = sl_strdup(q->key);
        w->keys_known = true;
    }
    if (rc == SL_OK && q->addr && !sl_who_set_addr(w, q->addr))
        rc = sl_fail(err, SL_E_CONFIG, "--explain: '%s' is not an address", q->addr);
    return rc;
}

/* ---- whether the account is held to it ---- */

static bool has_shell(const char *user)
{
    const struct passwd *pw = getpwnam(user);
    const char *slash = pw ? strrchr(pw->pw_shell, '/') : NULL;
    return slash && strcmp(slash + 1, "superlifter-shell") == 0;
}

bool sl_forces_only_us(const char *command)
{
    static const char ours[] = "superlifter-server";
    size_t end = strcspn(command, " \t\n"), at = end;
    while (at && command[at - 1] != '/')
        at--;
    return end - at == sizeof ours - 1 && strncmp(command + at, ours, end - at) == 0 && !strpbrk(command, ";&|<>$`()\\");
}

static void exec_sshd(int out, const char *condition)
{
    if (dup2(out, 1) == 1 && freopen("/dev/null", "w", stderr))
        execl("/usr/sbin/sshd", "sshd", "-T", "-C", condition, (char *)NULL);
    _exit(127);
}

/* sshd's own answer: what `forcecommand` comes to for this user from there. Needs root, as sshd does. */
static bool sshd_forces(const struct query *q)
{
    char line[PATH_LEN_MAX];
    bool forced = false;
    int p[2];
    if (pipe(p) != 0)
        return false;
    char *condition = sl_asprintf("user=%s,host=%s,addr=%s,laddr=127.0.0.1,lport=22", q->user, q->addr ? q->addr : "127.0.0.1",
                                  q->addr ? q->addr : "127.0.0.1");
    pid_t pid = fork();
    if (pid == 0)
        exec_sshd(p[1], condition);
    close(p[1]);
    FILE *f = fdopen(p[0], "r");
    while (f && fgets(line, sizeof line, f))
        forced |= strncasecmp(line, "forcecommand ", 13) == 0 && sl_forces_only_us(line + 13);
    if (f)
        fclose(f);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    free(condition);
    return forced;
}

static const char *enforced_by(const struct query *q, const struct sl_who *w)
{
    if (w->anonymous)
        return "yes (over TCP there is nothing else)";
    if (q->as)
        return "yes (only a forced command can say --as)";
    if (q->user && has_shell(q->user))
        return "yes (login shell superlifter-shell)";
    if (q->user && sshd_forces(q))
        return "yes (sshd's ForceCommand)";
    return q->user ? "no (neither a ForceCommand nor the login shell keeps this account from running something else; a key's command= is "
                     "not looked at)"
                   : "no (say user= to have its login shell and sshd's ForceCommand looked up)";
}

/* ---- the answer ---- */

static void print_path(FILE *f, const struct sl_config *c, const struct sl_module *m, const char *path)
{
    char part[PATH_LEN_MAX];
    while (*path == '/')
        path++;
    fprintf(f, "path: %s\n", path);
    for (size_t n = 0; m->exclude && *path && n <= strlen(path); n++) {
        bool end = !path[n];
        if ((path[n] && path[n] != '/') || n >= sizeof part)
            continue;
        memcpy(part, path, n);
        part[n] = '\0';
        if (sl_filter_excludes(m->exclude, part, !end) || (end && sl_filter_excludes(m->exclude, part, true))) {
            fprintf(f, "excluded: yes ('%s' is, by `exclude` of module '%s' in %s)\n", part, m->name, c->file ? c->file : "the options");
            return;
        }
    }
    fprintf(f, "excluded: no\n");
}

static void print(FILE *f, const struct sl_config *c, const struct sl_module *m, const struct query *q, const struct sl_who *w)
{
    struct sl_decision d;
    sl_decide(m, w, &d);
    char *rights = sl_rights_text(d.rights);
    fprintf(f, "module: %s\nadmitted: %s\n", m->name, d.admitted ? "yes" : "no");
    fprintf(f, "rights: %s\n", d.admitted ? rights : "none");
    if (d.line)
        fprintf(f, "rule: %s (%s:%u)\n", d.rule, c->file ? c->file : "options", d.line);
    else
        fprintf(f, "rule: %s (its default; module '%s' begins at %s:%u)\n", d.rule, m->name, c->file ? c->file : "options", m->line);
    if (*d.why)
        fprintf(f, "why: %s\n", d.why);
    if (q->path)
        print_path(f, c, m, q->path);
    fprintf(f, "enforced: %s\n", enforced_by(q, w));
    free(rights);
}

enum sl_code sl_explain(const struct sl_config *c, const char *query, char **out, struct sl_error *err)
{
    struct query q = { 0 };
    struct sl_who w = { 0 };
    size_t size = 0;
    char *copy = sl_strdup(query);
    enum sl_code rc = parse(&q, copy, err);
    const struct sl_module *m = rc == SL_OK ? sl_config_module(c, q.module, strlen(q.module)) : NULL;
    if (rc == SL_OK && !m)
        rc = sl_fail(err, SL_E_CONFIG, "--explain: there is no module '%s'", q.module);
    if (rc == SL_OK)
        rc = take_who(&w, &q, err);
    FILE *f = rc == SL_OK ? open_memstream(out, &size) : NULL;
    if (f) {
        print(f, c, m, &q, &w);
        fclose(f);
    } else if (rc == SL_OK) {
        rc = sl_fail(err, SL_E_NO_MEMORY, "--explain: no memory for the answer");
    }
    sl_who_clear(&w);
    free(copy);
    return rc;
}
