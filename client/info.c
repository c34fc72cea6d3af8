/* SPDX-License-Identifier: ISC */
/* info - see info.h. Names, levels and what -v switches on are rsync's. */
#include "config.h"
#include "client/info.h"
#include "base/buf.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LEVEL_MAX = 4 };

static const struct {
    const char *name, *help;
} kinds[SL_INFO_KINDS] = {
    [SL_INFO_BACKUP] = { "BACKUP", "where what is replaced or deleted goes (--backup)" },
    [SL_INFO_DEL] = { "DEL", "what is deleted at the destination" },
    [SL_INFO_FLIST] = { "FLIST", "that the lists of files are sent or received" },
    [SL_INFO_NAME] = { "NAME", "1: what is transferred or changed, 2: and what is not" },
    [SL_INFO_NONREG] = { "NONREG", "special files that are passed over (on, unless it is 0)" },
    [SL_INFO_PROGRESS] = { "PROGRESS", "progress, on a terminal: 1: of each file, 2: of the whole" },
    [SL_INFO_REMOVE] = { "REMOVE", "what is removed at the source (--remove-source-files)" },
    [SL_INFO_SKIP] = { "SKIP", "what is passed over because of -u, --existing or --ignore-existing" },
    [SL_INFO_STATS] = { "STATS", "1: the summary, 2: and all figures" },
};

/* rsync's, of which there is nothing to tell here. */
static const char *const nothing_of[] = { "COPY", "MISC", "MOUNT", "SYMSAFE", NULL };
static const char *const debug_words[] = { "ACL",      "BACKUP", "BIND",  "CHDIR",  "CMD",   "CONNECT", "DEL",
                                           "DELTASUM", "DUP",    "EXIT",  "FILTER", "FLIST", "FUZZY",   "GENR",
                                           "HASH",     "HLINK",  "ICONV", "IO",     "NSTR",  "OWN",     "PROTO",
                                           "RECV",     "SEND",   "TIME",  NULL };

/* ---- levels ---- */

static int by_itself(const struct sl_options *o, enum sl_info kind)
{
    switch (kind) {
    case SL_INFO_DEL:
        return o->verbose > 0;
    case SL_INFO_FLIST:
        return o->verbose || o->progress;
    case SL_INFO_NAME:
        return o->verbose > 1 ? 2 : o->verbose || o->progress;
    case SL_INFO_NONREG:
        return 1;
    case SL_INFO_PROGRESS:
        return o->progress;
    case SL_INFO_BACKUP:
    case SL_INFO_REMOVE:
    case SL_INFO_SKIP:
        return o->verbose > 1;
    case SL_INFO_STATS:
        return o->stats ? 2 : o->verbose > 0;
    case SL_INFO_KINDS:
        break;
    }
    return 0;
}

int sl_info_level(const struct sl_options *o, enum sl_info kind)
{
    return o->info[kind] ? o->info[kind] - 1 : by_itself(o, kind);
}

/* ---- the words ---- */

struct word {
    const char *name;
    size_t len;
    int level;
};

/* The next word behind *p; false at the end. */
static bool next_word(const char **p, struct word *w)
{
    while (**p == ',')
        ++*p;
    if (!**p)
        return false;
    size_t whole = strcspn(*p, ",");
    w->name = *p;
    w->len = strcspn(*p, ",0123456789");
    w->level = w->len == whole ? 1 : 0;
    for (size_t i = w->len; i < whole && (*p)[i] >= '0' && (*p)[i] <= '9'; i++)
        w->level = w->level > LEVEL_MAX ? LEVEL_MAX : w->level * 10 + ((*p)[i] - '0');
    if (whole > w->len && strspn(*p + w->len, "0123456789") != whole - w->len)
        w->len = whole; /* DEL2x is no word */
    *p += whole;
    return true;
}

static bool is(const struct word *w, const char *name)
{
    return strlen(name) == w->len && strncasecmp(w->name, name, w->len) == 0;
}

static bool among(const struct word *w, const char *const *names)
{
    for (; *names; names++)
        if (is(w, *names))
            return true;
    return false;
}

static void set_all(struct sl_options *o, int level)
{
    for (enum sl_info k = 0; k < SL_INFO_KINDS; k++)
        o->info[k] = (uint8_t)(level + 1);
}

static enum sl_code take_info_word(struct sl_options *o, const struct word *w, struct sl_error *err)
{
    for (enum sl_info k = 0; k < SL_INFO_KINDS; k++)
        if (is(w, kinds[k].name)) {
            o->info[k] = (uint8_t)((w->level > LEVEL_MAX ? LEVEL_MAX : w->level) + 1);
            return SL_OK;
        }
    if (!among(w, nothing_of))
        return sl_fail(err, SL_E_CONFIG, "--info: '%.*s' is not known; --info=help lists what is", (int)w->len,
                       w->name);
    if (w->level)
        return sl_fail(err, SL_E_CONFIG,
                       "--info: there is nothing of %.*s to tell here; --info=help lists what there is", (int)w->len,
                       w->name);
    return SL_OK;
}

enum sl_code sl_info_take(struct sl_options *o, const char *flags, struct sl_error *err)
{
    struct word w;
    enum sl_code rc = SL_OK;
    while (rc == SL_OK && next_word(&flags, &w)) {
        if (is(&w, "ALL"))
            set_all(o, w.level > LEVEL_MAX ? LEVEL_MAX : w.level);
        else if (is(&w, "NONE"))
            set_all(o, 0);
        else
            rc = take_info_word(o, &w, err);
    }
    return rc;
}

enum sl_code sl_debug_take(const char *flags, struct sl_error *err)
{
    struct word w;
    while (next_word(&flags, &w)) {
        bool known = is(&w, "ALL") || is(&w, "NONE") || among(&w, debug_words);
        if (!known)
            return sl_fail(err, SL_E_CONFIG, "--debug: '%.*s' is not known", (int)w.len, w.name);
        if (w.level && !is(&w, "NONE"))
            return sl_fail(
                err, SL_E_CONFIG,
                "--debug: there are no such messages (%.*s) here; use -vv, or --doctor HOST for the way to a host",
                (int)w.len, w.name);
    }
    return SL_OK;
}

/* ---- help ---- */

bool sl_info_asks_help(const char *flags)
{
    struct word w;
    while (next_word(&flags, &w))
        if (is(&w, "HELP"))
            return true;
    return false;
}

static void add(struct sl_buf *b, const char *text)
{
    sl_buf_add(b, text, strlen(text));
}

static char *text_of(struct sl_buf *b)
{
    char *text = sl_memdup0(sl_buf_ptr(b), sl_buf_len(b));
    sl_buf_clear(b);
    return text;
}

char *sl_info_help(void)
{
    struct sl_buf b = { 0 };
    char line[160];
    add(&b, "--info=FLAG,... : FLAG or FLAG1 for level 1, FLAG2 for level 2; FLAG0 silences it.\n\n");
    for (enum sl_info k = 0; k < SL_INFO_KINDS; k++) {
        snprintf(line, sizeof line, "%-10s %s\n", kinds[k].name, kinds[k].help);
        add(&b, line);
    }
    add(&b, "\nALL        all of them, such as all2\n"
            "NONE       none of them\n"
            "\nBy themselves:\n"
            "           NONREG\n"
            "-v         DEL, FLIST, NAME, STATS\n"
            "-vv        NAME2, BACKUP, REMOVE, SKIP\n"
            "--progress FLIST, NAME, PROGRESS\n"
            "--stats    STATS2\n"
            "\nrsync's ");
    for (const char *const *n = nothing_of; *n; n++) {
        add(&b, *n);
        add(&b, n[1] ? ", " : ": there is nothing of that kind to tell here.\n");
    }
    return text_of(&b);
}

char *sl_debug_help(void)
{
    return sl_strdup(
        "There are no messages for debugging of rsync's kinds: use -vv, or --doctor HOST for the way to a host.\n"
        "To silence them, as by --debug=none or --debug=flist0, is granted.\n");
}
