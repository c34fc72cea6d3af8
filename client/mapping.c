/* SPDX-License-Identifier: ISC */
/* mapping - see mapping.h. A number on the right is taken as it is; a name is asked for by OWNER, with a number that
 * nobody has: that comes back where the name is not known. */
#include "config.h"
#include "client/mapping.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/wildmatch.h"

#include <stdlib.h>
#include <string.h>

enum from { FROM_NAME, FROM_PATTERN, FROM_NUMBERS };
static const uint32_t nobody_has = UINT32_MAX;

struct row {
    enum from from;
    char *name; /* owned; of FROM_NAME, "" for those without a name */
    struct sl_wild pattern;
    uint32_t low, high;
    char *to; /* owned; NULL: to_number is known */
    uint32_t to_number;
};

struct sl_mapping {
    char *option; /* owned */
    struct row *rows;
    size_t len;
};

static bool number_of(const char *p, size_t n, uint32_t *out)
{
    uint64_t v = 0;
    char *text = sl_memdup0(p, n);
    bool ok = n && sl_num_u64(text, 0, UINT32_MAX - 1u, &v) == SL_OK;
    free(text);
    *out = (uint32_t)v;
    return ok;
}

/* What begins with a digit is a number, or two. */
static bool take_numbers(struct row *r, const char *p, size_t n)
{
    const char *dash = memchr(p, '-', n);
    size_t low = dash ? (size_t)(dash - p) : n;
    r->from = FROM_NUMBERS;
    if (!number_of(p, low, &r->low))
        return false;
    r->high = r->low;
    return !dash || number_of(dash + 1, n - low - 1, &r->high);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void take_name(struct row *r, const char *p, size_t n)
{
    r->name = sl_memdup0(p, n);
    r->from = strpbrk(r->name, "*[?") ? FROM_PATTERN : FROM_NAME;
    if (r->from == FROM_PATTERN)
        sl_wild_compile(&r->pattern, r->name);
}

static struct row *row_new(struct sl_mapping *m)
{
    m->rows = sl_realloc(m->rows, (m->len + 1) * sizeof *m->rows);
    m->rows[m->len] = (struct row){ 0 };
    return &m->rows[m->len++];
}

static void take_to(struct row *r, const char *p, size_t n)
{
    if (!number_of(p, n, &r->to_number))
        r->to = sl_memdup0(p, n);
}

static enum sl_code take_row(struct sl_mapping *m, const char *p, size_t n, struct sl_error *err)
{
    const char *colon = memchr(p, ':', n);
    struct row *r = row_new(m);
    if (!colon)
        return sl_fail(err, SL_E_CONFIG, "--%s: '%.*s' has no colon; FROM:TO is expected", m->option, (int)n, p);
    size_t left = (size_t)(colon - p), right = n - left - 1;
    if (!right || right > SL_OWNER_NAME_MAX)
        return sl_fail(err, SL_E_CONFIG, "--%s: '%.*s' has no name behind the colon", m->option, (int)n, p);
    if (left && is_digit(*p)) {
        if (!take_numbers(r, p, left))
            return sl_fail(err, SL_E_CONFIG, "--%s: '%.*s' is neither a number nor LOW-HIGH", m->option, (int)left, p);
    } else {
        take_name(r, p, left);
    }
    take_to(r, colon + 1, right);
    return SL_OK;
}

enum sl_code sl_mapping_parse(struct sl_mapping **out, const char *option, const char *text, struct sl_error *err)
{
    struct sl_mapping *m = sl_calloc(1, sizeof *m);
    enum sl_code rc = SL_OK;
    m->option = sl_strdup(option);
    for (const char *p = text; rc == SL_OK; p++) {
        size_t n = strcspn(p, ",");
        rc = take_row(m, p, n, err);
        p += n;
        if (!*p)
            break;
    }
    if (rc == SL_OK)
        *out = m;
    else
        sl_mapping_free(m);
    return rc;
}

struct sl_mapping *sl_mapping_all(const char *option, const char *to)
{
    struct sl_mapping *m = sl_calloc(1, sizeof *m);
    m->option = sl_strdup(option);
    struct row *r = row_new(m);
    take_name(r, "*", 1);
    take_to(r, to, strlen(to));
    return m;
}

void sl_mapping_free(struct sl_mapping *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->len; i++) {
        if (m->rows[i].from == FROM_PATTERN)
            sl_wild_clear(&m->rows[i].pattern);
        free(m->rows[i].name);
        free(m->rows[i].to);
    }
    free(m->rows);
    free(m->option);
    free(m);
}

enum sl_code sl_mapping_resolve(struct sl_mapping *m, struct sl_endpoint *dest, bool group, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    for (size_t i = 0; i < m->len; i++) {
        struct row *r = &m->rows[i];
        bool settable = false;
        uint32_t there = nobody_has;
        if (!r->to)
            continue;
        enum sl_code now = dest->ops->owner(dest, group, nobody_has, r->to, &settable, &there);
        if (now == SL_AGAIN) {
            rc = now;
            continue;
        }
        if (there == nobody_has) {
            err->side = dest->side;
            return sl_fail(err, SL_E_CONFIG, "--%s: there is no %s '%s' at the destination", m->option,
                           group ? "group" : "user", r->to);
        }
        r->to_number = there;
        free(r->to);
        r->to = NULL;
    }
    return rc;
}

/* No name is the empty one. */
static bool matches(const struct row *r, uint32_t number, const char *name)
{
    switch (r->from) {
    case FROM_NUMBERS:
        return number >= r->low && number <= r->high;
    case FROM_NAME:
        return strcmp(r->name, name) == 0;
    case FROM_PATTERN:
        break;
    }
    return sl_wild_match((struct sl_wild *)&r->pattern, name, strlen(name));
}

bool sl_mapping_find(const struct sl_mapping *m, uint32_t number, const char *name, uint32_t *to)
{
    for (size_t i = 0; i < m->len; i++)
        if (matches(&m->rows[i], number, name ? name : "")) {
            *to = m->rows[i].to_number;
            return true;
        }
    return false;
}
