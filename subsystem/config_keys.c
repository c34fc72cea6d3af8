/* SPDX-License-Identifier: ISC */
/* config_keys - the keys of the configuration file, in one table, and how their values are read. */
#include "config.h"
#include "subsystem/config_priv.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/wildmatch.h"
#include "subsystem/log.h"
#include "subsystem/rights.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HOUR = 3600, DAY = 24 * HOUR, WEEK = 7 * DAY, MEMORY_LEAST = 128 << 20 };

struct key;
typedef enum sl_code set_fn(struct sl_config_parser *p, const struct key *k, const char *value);

/* ---- values ---- */

static enum sl_code to_unsigned(struct sl_config_parser *p, const char *value, unsigned least, unsigned most, unsigned *out)
{
    uint64_t n = 0;
    if (sl_num_u64(value, least, most, &n) != SL_OK)
        return sl_config_wrong(p, "'%s' is not a number from %u to %u", value, least, most);
    *out = (unsigned)n;
    return SL_OK;
}

/* The place among words. */
static enum sl_code to_word(struct sl_config_parser *p, const char *value, const char *const *words, unsigned *out)
{
    for (unsigned i = 0; words[i]; i++)
        if (strcasecmp(words[i], value) == 0) {
            *out = i;
            return SL_OK;
        }
    return sl_config_wrong(p, words[2] ? "'%s' is not one of %s, %s, %s" : "'%s' is neither %s nor %s", value, words[0], words[1],
                           words[2]);
}

enum sl_code sl_config_size(const char *text, uint64_t *out, struct sl_error *err)
{
    if (text[0] < '0' || text[0] > '9' || sl_num_size(text, 1, out) != SL_OK)
        return sl_fail(err, SL_E_CONFIG, "'%s' is not a size in bytes, as 500M or 2G", text);
    return SL_OK;
}

static void replace(char **at, const char *value)
{
    free(*at);
    *at = sl_strdup(value);
}

/* ---- keys ---- */

struct key {
    const char *name;
    bool global, module, repeats;
    set_fn *set;
    size_t at;                   /* of a plain number: where in struct sl_config, or struct sl_module */
    unsigned least, most;        /* of a plain number */
};

static void *target(const struct sl_config_parser *p, const struct key *k)
{
    return (p->m ? (char *)p->m : (char *)p->c) + k->at;
}

static enum sl_code set_number(struct sl_config_parser *p, const struct key *k, const char *value)
{
    return to_unsigned(p, value, k->least, k->most, target(p, k));
}

static enum sl_code set_size(struct sl_config_parser *p, const struct key *k, const char *value)
{
    return sl_config_told(p, sl_config_size(value, target(p, k), p->err));
}

/* A quota stands in both structures: `at` counts from it. */
static enum sl_code set_quota(struct sl_config_parser *p, const struct key *k, const char *value)
{
    struct sl_quota *q = p->m ? &p->m->quota : &p->c->quota;
    return sl_config_told(p, sl_config_size(value, (uint64_t *)(void *)((char *)q + k->at), p->err));
}

/* Less than that does not hold a session's buffers: it would end in the middle, for want of memory. */
static enum sl_code set_memory(struct sl_config_parser *p, const struct key *k, const char *value)
{
    uint64_t n = 0;
    enum sl_code rc = sl_config_told(p, sl_config_size(value, &n, p->err));
    if (rc == SL_OK && n && n < MEMORY_LEAST)
        return sl_config_wrong(p, "'%s' is neither 0 nor at least %dM", value, MEMORY_LEAST >> 20);
    if (rc == SL_OK)
        *(uint64_t *)target(p, k) = n;
    return rc;
}

static enum sl_code set_bool(struct sl_config_parser *p, const struct key *k, const char *value)
{
    static const char *const words[] = { "no", "yes", "false", "true", "0", "1" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(value, words[i]) != 0)
            continue;
        *(bool *)target(p, k) = i & 1;
        return SL_OK;
    }
    return sl_config_wrong(p, "'%s' is neither yes nor no", value);
}

static enum sl_code set_listen(struct sl_config_parser *p, const struct key *k, const char *value)
{
    (void)k;
    return sl_config_told(p, sl_config_listen(p->c, value, p->err));
}

static enum sl_code set_user(struct sl_config_parser *p, const struct key *k, const char *value)
{
    (void)k;
    replace(&p->c->user, value);
    p->c->user_given = true;
    return SL_OK;
}

static enum sl_code set_motd(struct sl_config_parser *p, const struct key *k, const char *value)
{
    (void)k;
    if (value[0] != '/')
        return sl_config_wrong(p, "'%s' is not an absolute path", value);
    replace(&p->c->motd, value);
    return SL_OK;
}

static enum sl_code set_namespace(struct sl_config_parser *p, const struct key *k, const char *value)
{
    static const char *const words[] = { "account", "modules", NULL };
    unsigned n = 0;
    (void)k;
    enum sl_code rc = to_word(p, value, words, &n);
    p->c->namespace_modules = n == 1;
    return rc;
}

static enum sl_code set_confinement(struct sl_config_parser *p, const struct key *k, const char *value)
{
    static const char *const words[] = { "available", "required", "off", NULL };
    unsigned n = 0;
    (void)k;
    enum sl_code rc = to_word(p, value, words, &n);
    if (rc == SL_OK)
        p->c->confinement = (enum sl_confinement)n;
    return rc;
}

static enum sl_code set_log_level(struct sl_config_parser *p, const struct key *k, const char *value)
{
    (void)k;
    p->c->log_level = sl_log_level_of(value);
    return p->c->log_level >= 0 ? SL_OK : sl_config_wrong(p, "'%s' is no level of logging: " SL_LOG_LEVELS, value);
}

static enum sl_code set_log_facility(struct sl_config_parser *p, const struct key *k, const char *value)
{
    (void)k;
    p->c->log_facility = sl_log_facility_of(value);
    return p->c->log_facility >= 0 ? SL_OK : sl_config_wrong(p, "'%s' is no facility of the system log: " SL_LOG_FACILITIES, value);
}

static enum sl_code set_path(struct sl_config_parser *p, const struct key *k, const char *value)
{
    (void)k;
    if (value[0] != '/' && strncmp(value, "%h", 2) != 0)
        return sl_config_wrong(p, "'%s' is not an absolute path", value);
    for (const char *at = value; (at = strchr(at, '%')) != NULL; at += 2)
        if (!at[1] || !strchr("uh%", at[1]))
            return sl_config_wrong(p, "'%s': only %%u, %%h and %%%% are known", value);
    replace(&p->m->path, value);
    return SL_OK;
}

static enum sl_code set_comment(struct sl_config_parser *p, const struct key *k, const char *value)
{
    (void)k;
    replace(&p->m->comment, value);
    return SL_OK;
}

static enum sl_code set_allow(struct sl_config_parser *p, const struct key *k, const char *value)
{
    (void)k;
    p->m->allow_line = p->line;
    return sl_config_told(p, sl_rights_parse(value, &p->m->rights, p->err));
}

static enum sl_code set_anonymous(struct sl_config_parser *p, const struct key *k, const char *value)
{
    p->m->anonymous_line = p->line;
    return set_bool(p, k, value);
}

static enum sl_code set_owner(struct sl_config_parser *p, const struct key *k, const char *value)
{
    static const char *const words[] = { "keep", "xattr", NULL };
    unsigned n = 0;
    (void)k;
    enum sl_code rc = to_word(p, value, words, &n);
    p->m->owners_kept = n == 1;
    return rc;
}

static enum sl_code set_hosts_allow(struct sl_config_parser *p, const struct key *k, const char *value)
{
    (void)k;
    p->m->hosts_allow_line = p->line;
    return sl_config_told(p, sl_net_list_parse(&p->m->hosts_allow, value, p->err));
}

static enum sl_code set_hosts_deny(struct sl_config_parser *p, const struct key *k, const char *value)
{
    (void)k;
    p->m->hosts_deny_line = p->line;
    return sl_config_told(p, sl_net_list_parse(&p->m->hosts_deny, value, p->err));
}

static enum sl_code set_grant(struct sl_config_parser *p, const struct key *k, const char *value)
{
    (void)k;
    return sl_config_grant(p, value);
}

/* One pattern, which may have blanks in it. What would be an include or a rule of another kind elsewhere is refused. */
static enum sl_code set_exclude(struct sl_config_parser *p, const struct key *k, const char *value)
{
    struct sl_module *m = p->m;
    (void)k;
    if (strcmp(value, "!") == 0 || ((value[0] == '+' || value[0] == '-') && value[1] == ' '))
        return sl_config_wrong(p, "'%s' is a filter rule; `exclude` takes a pattern", value);
    if (!sl_wild_whole(value))
        return sl_config_wrong(p, "'%s' can match nothing: a '[' or a backslash in it has no end", value);
    if (!m->exclude)
        m->exclude = sl_filter_new();
    m->excludes = sl_realloc(m->excludes, (m->exclude_count + 1) * sizeof *m->excludes);
    m->excludes[m->exclude_count++] = sl_strdup(value);
    return sl_config_told(p, sl_filter_add(m->exclude, value, SL_FILTER_EXCLUDE, p->err));
}

#define GLOBAL true, false, false
#define MODULE false, true, false
#define IN_CONFIG(member) offsetof(struct sl_config, member)
#define IN_MODULE(member) offsetof(struct sl_module, member)
#define IN_QUOTA(member) offsetof(struct sl_quota, member)

static const struct key keys[] = {
    { "listen", true, false, true, set_listen, 0, 0, 0 },
    { "user", GLOBAL, set_user, 0, 0, 0 },
    { "motd", GLOBAL, set_motd, 0, 0, 0 },
    { "ssh namespace", GLOBAL, set_namespace, 0, 0, 0 },
    /* Not 0: in a module that is no limit, and here it would refuse everybody. */
    { "max connections", GLOBAL, set_number, IN_CONFIG(max_connections), 1, SL_CONNECTIONS_MAX },
    { "max connections per address", GLOBAL, set_number, IN_CONFIG(max_per_address), 0, SL_CONNECTIONS_MAX },
    { "max lanes", GLOBAL, set_number, IN_CONFIG(max_lanes), 1, SL_LANES_LIMIT },
    { "retry after", GLOBAL, set_number, IN_CONFIG(retry_after_s), 1, HOUR },
    { "handshake timeout", GLOBAL, set_number, IN_CONFIG(handshake_timeout_s), 0, DAY },
    { "idle timeout", GLOBAL, set_number, IN_CONFIG(idle_timeout_s), 0, WEEK },
    { "confinement", GLOBAL, set_confinement, 0, 0, 0 },
    { "session memory", GLOBAL, set_memory, IN_CONFIG(session_memory), 0, 0 },
    { "session cpu", GLOBAL, set_number, IN_CONFIG(session_cpu_s), 0, WEEK },
    { "total bwlimit", GLOBAL, set_size, IN_CONFIG(total_rate), 0, 0 },
    { "log level", GLOBAL, set_log_level, 0, 0, 0 },
    { "log facility", GLOBAL, set_log_facility, 0, 0, 0 },
    { "path", MODULE, set_path, 0, 0, 0 },
    { "comment", MODULE, set_comment, 0, 0, 0 },
    { "allow", MODULE, set_allow, 0, 0, 0 },
    { "anonymous", MODULE, set_anonymous, IN_MODULE(anonymous), 0, 0 },
    { "list", MODULE, set_bool, IN_MODULE(listed), 0, 0 },
    { "owner", MODULE, set_owner, 0, 0, 0 },
    { "grant", false, true, true, set_grant, 0, 0, 0 },
    { "hosts allow", MODULE, set_hosts_allow, 0, 0, 0 },
    { "hosts deny", MODULE, set_hosts_deny, 0, 0, 0 },
    { "exclude", false, true, true, set_exclude, 0, 0, 0 },
    { "max connections", MODULE, set_number, IN_MODULE(max_connections), 0, SL_CONNECTIONS_MAX },
    { "max sent", true, true, false, set_quota, IN_QUOTA(sent), 0, 0 },
    { "max stored", true, true, false, set_quota, IN_QUOTA(stored), 0, 0 },
    { "max hashed", true, true, false, set_quota, IN_QUOTA(hashed), 0, 0 },
    { "max files", true, true, false, set_quota, IN_QUOTA(files), 0, 0 },
    { "bwlimit", true, true, false, set_quota, IN_QUOTA(rate), 0, 0 },
};
enum { KEYS = sizeof keys / sizeof keys[0] };
_Static_assert(KEYS <= 64, "one bit of `seen` for each");

enum sl_code sl_config_assign(struct sl_config_parser *p, const char *key, const char *value)
{
    bool elsewhere = false;
    for (unsigned i = 0; i < KEYS; i++) {
        const struct key *k = &keys[i];
        if (strcasecmp(k->name, key) != 0)
            continue;
        if (p->m ? !k->module : !k->global) {
            elsewhere = true;
            continue;
        }
        if (p->seen & UINT64_C(1) << i && !k->repeats)
            return sl_config_wrong(p, "'%s' is given twice", key);
        p->seen |= UINT64_C(1) << i;
        if (!*value && k->set != set_comment)
            return sl_config_wrong(p, "'%s' has no value", key);
        if (*value == '#')               /* printed behind a blank, it would be read as a comment */
            return sl_config_wrong(p, "the value of '%s' begins with '#': a comment needs a blank before it", key);
        p->key = k->name;
        enum sl_code rc = k->set(p, k, value);
        p->key = NULL;
        return rc;
    }
    if (elsewhere)
        return sl_config_wrong(p, p->m ? "'%s' belongs before the first [module]" : "'%s' belongs into a [module]", key);
    return sl_config_wrong(p, "unknown key '%s'", key);
}
