/* SPDX-License-Identifier: ISC */
/* differential_filters - selection: rules from a grammar, on the command line, in files, in merge files of the tree;
 * deletion with it. */
#include "tests/differential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const merge_names[] = { ".rules", ".cvsignore", ".rsync-filter", ".x" };

static const char *pick(struct chance *c, const char *const *from, unsigned n)
{
    return from[chance_of(c, n)];
}
#define PICK(c, list) pick(c, list, sizeof(list) / sizeof(list)[0])

static void add_component(struct chance *c, struct text *t)
{
    static const char *const wild[] = {
        "*",    "?",  "[ab]", "*.o",   "**",    "a*",     "*[!a]", "[[:alpha:]]",          "??",   "*b*",   "[^.]*",
        "foo*", "*~", "a\\*", "a\\[b", "[a-c]", "b\\\\c", "***",   "[[:upper:][:digit:]]", "*a*b", "[]x]*", "x[",
        "a**"
    };
    text_add(t, "%s", chance_percent(c, 45) ? PICK(c, wild) : tree_name(c));
}

static void add_pattern(struct chance *c, struct text *t)
{
    unsigned parts = chance_percent(c, 60) ? 1 : 1 + chance_of(c, 3);
    if (chance_percent(c, 20))
        text_add(t, "/");
    if (chance_percent(c, 5))
        text_add(t, "src/");
    for (unsigned i = 0; i < parts; i++) {
        if (i)
            text_add(t, "/");
        add_component(c, t);
    }
    if (chance_percent(c, 12))
        text_add(t, "/***");
    else if (chance_percent(c, 20))
        text_add(t, "/");
}

/* sides: whether the rule may say one. */
static void add_rule(struct chance *c, struct text *t, bool sides)
{
    static const char *const both[] = { "- ",       "+ ", "-_", "+_", "-! ",        "-p ", "exclude ",
                                        "include ", "- ", "- ", "+ ", "exclude,p ", "+! " };
    static const char *const one[] = { "H ",  "S ",   "P ",    "R ",         "-s ",      "-r ",   "+s ",
                                       "+r ", "-sr ", "hide ", "show ",      "protect ", "risk ", "hide,! ",
                                       "P! ", "Hp ",  "-rp ",  "protect,p ", "P ",       "R " };
    text_add(t, "%s", sides && chance_percent(c, 35) ? PICK(c, one) : PICK(c, both));
    add_pattern(c, t);
}

static void add_absolute(struct chance *c, struct text *t)
{
    text_add(t, "-%s/ src/%s", chance_percent(c, 50) ? "" : "s", tree_name(c));
}

static void add_lines(struct chance *c, struct text *t, bool bare)
{
    for (unsigned n = 1 + chance_of(c, 3); n; n--) {
        if (chance_percent(c, 8))
            text_add(t, "# remark\n");
        if (chance_percent(c, 8))
            text_add(t, "!");
        else if (bare)
            add_pattern(c, t);
        else
            add_rule(c, t, true);
        text_add(t, "\n");
    }
}

/* A merge file. What is read with another form than it was written for: .cvsignore and .x hold patterns, the others
 * rules. */
static bool merge_file(struct chance *c, struct node *n)
{
    struct text t = { 0 };
    if (!chance_percent(c, 12))
        return false;
    unsigned which = chance_of(c, 4);
    snprintf(n->name, sizeof n->name, "%s", merge_names[which]);
    bool bare = which == 1 || which == 3;
    for (unsigned i = 1 + chance_of(c, 2); which == 1 && i; i--) {
        text_add(&t, "%s", chance_percent(c, 10) ? "! " : "");
        struct text p = { 0 };
        add_pattern(c, &p);
        if (!strchr(p.at, ' '))
            text_add(&t, "%s ", p.at);
        text_clear(&p);
    }
    if (which != 1)
        add_lines(c, &t, bare);
    if (which == 0 && chance_percent(c, 15))
        text_add(&t, ":- .x\n");
    if (!t.at)
        text_add(&t, "a");
    n->text = t.at;
    return true;
}

static void add_filter(struct chance *c, struct options *o)
{
    static const char *const merges[] = { ": .rules", ":n .rules", ":e .rules",      ":- .x",     ":n- .x",
                                          ":+ .x",    ":C",        ":w- .cvsignore", ":p .rules", "dir-merge /.rules",
                                          ":-s .x",   ":-r .x",    "dir-merge,- .x", ":e- .x",    ":C .x",
                                          ":-p .x" };
    struct text t = { 0 };
    unsigned kind = chance_of(c, 100);
    if (kind < 55)
        add_rule(c, &t, true);
    else if (kind < 75)
        text_add(&t, "%s", PICK(c, merges));
    else if (kind < 80)
        text_add(&t, ". rules");
    else if (kind < 83)
        add_absolute(c, &t);
    else if (kind < 85)
        text_add(&t, "!");
    else if (kind < 88)
        text_add(&t, "-C");
    if (t.at)
        option_add(o, "--filter=%s", t.at);
    text_clear(&t);
    if (kind < 88)
        return;
    if (kind >= 97) {
        option_add(o, "--%s-from=rules", kind == 98 ? "include" : "exclude");
        return;
    }
    add_pattern(c, &t);
    option_add(o, "--%s=%s", chance_percent(c, 60) ? "exclude" : "include", t.at);
    text_clear(&t);
}

static void add_limits(struct chance *c, struct options *o)
{
    static const char *const sizes[] = { "1000", "1K", "1KB", "10", "0", "1kib-1", "1k+1", "5000", "4.5K" };
    if (chance_percent(c, 10))
        option_add(o, "--max-size=%s", PICK(c, sizes));
    if (chance_percent(c, 10))
        option_add(o, "--min-size=%s", PICK(c, sizes));
}

static void add_options(struct chance *c, struct options *o, const struct node *source)
{
    (void)source;
    /* Not --delete-delay: rsync forgets by then what merge files protect further down. */
    static const char *const deletions[] = { "--delete", "--delete-after", "--delete-excluded", "--delete-during" };
    struct text t = { 0 };
    for (unsigned n = chance_of(c, 5); n; n--)
        add_filter(c, o);
    if (chance_percent(c, 75))
        option_add(o, "%s", PICK(c, deletions));
    if (chance_percent(c, 15))
        option_add(o, chance_percent(c, 50) ? "-F" : "-FF");
    if (chance_percent(c, 10))
        option_add(o, "-C");
    if (chance_percent(c, 20))
        option_add(o, "-m");
    add_limits(c, o);
    add_lines(c, &t, false);
    o->file = t.at;
    t = (struct text){ 0 };
    if (chance_percent(c, 20)) {
        add_component(c, &t);
        o->cvsignore = t.at;
    }
    if (chance_percent(c, 20))
        o->home_ignore = strdup(chance_percent(c, 30) ? "! *.c" : "foo b");
}

static void make_options(struct chance *c, struct options *o, const struct node *source)
{
    bool all = chance_percent(c, 75);
    option_add(o, all ? "-a" : "-rl");
    o->fields |= all ? TREE_TIMES : 0;
    o->slash = chance_percent(c, 65);
    add_options(c, o, source);
    option_own(o, "--allow-empty-source");
}

const struct profile profile_filters = { .name = "filters", .options = make_options, .add = add_options, .special = merge_file };
