/* SPDX-License-Identifier: ISC */
/* differential_files - --files-from: names that are there and names that are not, on the way and at the end, in any
 * order and twice. */
#include "tests/differential.h"

#include <stdlib.h>
#include <string.h>

enum { DEEP = 64, LINKS = 40 };

struct place { /* a directory of the tree, and those around it */
    const struct node *at[DEEP];
    size_t len;
};

static const struct node *child_of(const struct node *n, const char *name, size_t len)
{
    for (size_t i = 0; i < n->count; i++)
        if (strlen(n->children[i]->name) == len && memcmp(n->children[i]->name, name, len) == 0)
            return n->children[i];
    return NULL;
}

/* Goes where the text of a link leads; false: to no directory of the tree. */
static bool go(struct place *p, const char *text, unsigned *links)
{
    if (*text == '/' || ++*links > LINKS)
        return false;
    while (*text) {
        size_t len = strcspn(text, "/");
        const struct node *next = len ? child_of(p->at[p->len - 1], text, len) : NULL;
        if (len == 2 && memcmp(text, "..", 2) == 0) {
            if (p->len == 1)
                return false;
            p->len--;
        } else if (next && next->type == 'l') {
            if (!go(p, next->text, links))
                return false;
        } else if (next && next->type == 'd' && p->len < DEEP) {
            p->at[p->len++] = next;
        } else if (len && !(len == 1 && *text == '.')) {
            return false;
        }
        text += len + (text[len] == '/');
    }
    return true;
}

/* Lets links lead to directories beside them: so none leads around to itself. */
static void lead_links(struct chance *c, struct node *n)
{
    const struct node *dirs[64];
    unsigned count = 0;
    for (size_t i = 0; i < n->count; i++)
        if (n->children[i]->type == 'd' && count < 64)
            dirs[count++] = n->children[i];
    for (size_t i = 0; i < n->count; i++) {
        struct node *child = n->children[i];
        if (child->type == 'd')
            lead_links(c, child);
        if (child->type != 'l' || !count || chance_percent(c, 30))
            continue;
        free(child->text);
        child->text = strdup(dirs[chance_of(c, count)]->name);
    }
}

/* One path of the tree, now and then one that goes on into nothing; but not with --recursive, where a name in a
 * directory that is copied whole is not looked at here, also where a link in it leads to it by another way. */
static void add_path(struct chance *c, struct text *t, const struct node *n, bool recurse)
{
    const char *front = chance_percent(c, 10) ? "/" : chance_percent(c, 5) ? "../" : "";
    struct place p = { { n }, 1 };
    unsigned links = 0;
    bool through = false; /* a link: one that is listed itself becomes a directory also when what is named behind it is missing */
    text_add(t, "%s", front);
    for (bool first = true;; first = false) {
        const struct node *child = n->count ? n->children[chance_of(c, (unsigned)n->count)] : NULL;
        if (!child && (recurse || through))
            return;
        if (!child) {
            text_add(t, "%s%s", first ? "" : "/", tree_name(c));
            return;
        }
        text_add(t, "%s%s", first ? "" : chance_percent(c, 3) ? "//" : "/", child->name);
        n = child;
        struct place led = p;
        if (child->type == 'l' && !recurse && chance_percent(c, 70) && go(&led, child->text, &links)) {
            p = led;
            through = true;
        } else if (child->type == 'd' && p.len < DEEP && !chance_percent(c, 40)) {
            p.at[p.len++] = child;
        } else {
            break;
        }
        n = p.at[p.len - 1];
    }
    if (n->type == 'd' && recurse && chance_percent(c, 20))
        text_add(t, "/");
}

/* -r has to be among the options by now, or is not meant. */
static void add_options(struct chance *c, struct options *o, const struct node *source)
{
    struct text t = { 0 };
    bool recurse = option_given(o, "-r");
    option_add(o, "--files-from=list");
    if (chance_percent(c, 40))
        option_add(o, chance_percent(c, 50) ? "--ignore-missing-args" : "--delete-missing-args");
    if (recurse && chance_percent(c, 30))
        option_add(o, "--delete");
    if (recurse && chance_percent(c, 20))
        option_add(o, "--exclude=%s", tree_name(c));
    bool by_name = chance_percent(c, 8); /* one: two of one name are an error */
    if (by_name)
        option_add(o, "--no-R");
    for (unsigned n = by_name ? 1 : 1 + chance_of(c, 6); n; n--) {
        add_path(c, &t, source, recurse);
        text_add(&t, "\n");
    }
    o->list = t.at;
}

static void make_options(struct chance *c, struct options *o, const struct node *source)
{
    bool all = chance_percent(c, 75);
    option_add(o, all ? "-a" : "-l");
    o->fields |= all ? TREE_TIMES : 0;
    o->slash = true;
    if (chance_percent(c, 40))
        option_add(o, "-r");
    add_options(c, o, source);
    option_own(o, "--allow-empty-source");
}

const struct profile profile_files = { .name = "files", .options = make_options, .add = add_options, .source = lead_links };
