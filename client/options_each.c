/* SPDX-License-Identifier: ISC */
/*
 * options_each - the table of options as getopt_long wants it.
 *
 * getopt_long takes abbreviations of long options. They are refused here, as rsync refuses them: what is unique today
 * isn't when an option comes along, and a script must not change its meaning then.
 */
#include "config.h"
#include "client/options_each.h"
#include "base/mem.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ID = 1000, NO_ID = 2000, LETTERS_MAX = 256 };

struct tables {
    char letters[LETTERS_MAX];
    struct option *longs;
    size_t count;
    char **names;                /* owned: of the negated ones */
    size_t names_len;
};

static bool is_row(const char *name)
{
    for (size_t i = 0; i < sl_option_count; i++)
        if (strcmp(sl_option_rows[i].name, name) == 0)
            return true;
    return false;
}

static void add_long(struct tables *t, const char *name, const char *arg, int id)
{
    t->longs[t->count++] = (struct option){ name, arg ? required_argument : no_argument, NULL, id };
}

static void add_negated(struct tables *t, char *name, int id)
{
    if (is_row(name)) {
        free(name);
        return;
    }
    t->names[t->names_len++] = name;
    add_long(t, name, NULL, id);
}

static void tables_init(struct tables *t)
{
    char *l = t->letters;
    *t = (struct tables){ .longs = sl_calloc(sl_option_count * 3 + 1, sizeof *t->longs),
                          .names = sl_calloc(sl_option_count * 2, sizeof *t->names) };
    *l++ = ':';
    for (size_t i = 0; i < sl_option_count; i++) {
        const struct sl_option_row *row = &sl_option_rows[i];
        add_long(t, row->name, row->arg, FIRST_ID + (int)i);
        if (row->letter) {
            *l++ = row->letter;
            if (row->arg)
                *l++ = ':';
        }
        if (!sl_option_negatable(row))
            continue;
        add_negated(t, sl_asprintf("no-%s", row->name), NO_ID + (int)i);
        if (row->letter)
            add_negated(t, sl_asprintf("no-%c", row->letter), NO_ID + (int)i);
    }
    *l = '\0';
}

static void tables_clear(struct tables *t)
{
    for (size_t i = 0; i < t->names_len; i++)
        free(t->names[i]);
    free(t->names);
    free(t->longs);
}

static const struct sl_option_row *row_of(int id)
{
    if (id >= NO_ID)
        return &sl_option_rows[id - NO_ID];
    if (id >= FIRST_ID)
        return &sl_option_rows[id - FIRST_ID];
    for (size_t i = 0; i < sl_option_count; i++)
        if (sl_option_rows[i].letter == (char)id)
            return &sl_option_rows[i];
    return NULL;
}

/* The word of the long option just taken, and its length without "=VALUE". */
static const char *taken(char **argv, int *len)
{
    const char *word = optarg && optarg == argv[optind - 1] ? argv[optind - 2] : argv[optind - 1];
    *len = (int)strcspn(word, "=");
    return word;
}

static enum sl_code unknown_word(char **argv, struct sl_error *err)
{
    int len = 0;
    const char *word = taken(argv, &len);
    return sl_fail(err, SL_E_CONFIG, "unknown option %.*s (see superlifter --help)", len, word);
}

/* getopt_long said '?' or ':'. */
static enum sl_code not_known(int id, char **argv, struct sl_error *err)
{
    int len = 0;
    if (optopt > 0 && optopt < FIRST_ID)
        return sl_fail(err, SL_E_CONFIG, id == ':' ? "option -%c needs a value" : "unknown option -%c (see superlifter --help)",
                       optopt);
    if (id == '?' && !optopt)
        return unknown_word(argv, err);
    const char *word = taken(argv, &len);
    return sl_fail(err, SL_E_CONFIG, "option %.*s %s", len, word, id == ':' ? "needs a value" : "takes no value");
}

/* Whether the option just taken was written out. */
static bool written_out(char **argv, const char *name)
{
    int len = 0;
    const char *word = taken(argv, &len);
    return (size_t)len == strlen(name) + 2 && strncmp(word + 2, name, (size_t)len - 2) == 0;
}

enum sl_code sl_options_each(int argc, char **argv, sl_option_take *take, void *ctx, size_t *first, struct sl_error *err)
{
    struct tables t;
    enum sl_code rc = SL_OK;
    int id, at = 0;
    tables_init(&t);
    optind = 0;                  /* glibc: start afresh, permuting */
    opterr = 0;
    while (rc == SL_OK && (id = getopt_long(argc, argv, t.letters, t.longs, &at)) != -1) {
        if (id >= FIRST_ID && !written_out(argv, t.longs[at].name))
            rc = unknown_word(argv, err);
        else if (id == '?' || id == ':')
            rc = not_known(id, argv, err);
        else
            rc = take(ctx, &(struct sl_option_taken){ row_of(id), id >= NO_ID, id >= NO_ID ? NULL : optarg });
    }
    tables_clear(&t);
    *first = (size_t)optind;
    return rc;
}
