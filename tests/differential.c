/* SPDX-License-Identifier: ISC */
/*
 * differential - runs cases against rsync; see differential.h. Usage: differential [-k] [-v] PROFILE COUNT FIRST, from
 * a directory of scratch; SL and RSYNC name the programs. Case numbers run from FIRST on; one that differs is told with
 * its options and the differing lines. -k: keep the directory of the first case that differs and stop there. Exit 0:
 * all equal; 1: some differ; 2: trouble.
 */
#include "tests/differential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUN_SECONDS = 60, SHOWN = 20 };

static const struct profile *const profiles[] = { &profile_filters, &profile_files, &profile_delete, &profile_backup };
static bool keep, verbose;

static void die(const char *what)
{
    fprintf(stderr, "differential: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* ---- chance and texts ---- */

uint64_t chance_next(struct chance *c)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

unsigned chance_of(struct chance *c, unsigned n)
{
    return (unsigned)(chance_next(c) % n);
}

bool chance_percent(struct chance *c, unsigned percent)
{
    return chance_of(c, 100) < percent;
}

void text_add(struct text *t, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (t->len + (size_t)n + 1 > t->cap) {
        t->cap = (t->len + (size_t)n + 1) * 2;
        t->at = realloc(t->at, t->cap);
    }
    vsnprintf(t->at + t->len, (size_t)n + 1, fmt, again);
    t->len += (size_t)n;
    va_end(again);
    va_end(ap);
}

void text_clear(struct text *t)
{
    free(t->at);
    *t = (struct text){ 0 };
}

void option_add(struct options *o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (o->count < ARGS_MAX && vasprintf(&o->args[o->count++], fmt, ap) < 0)
        die("no memory");
    va_end(ap);
}

void option_own(struct options *o, const char *text)
{
    o->own[o->own_count++] = strdup(text);
}

static void options_clear(struct options *o)
{
    for (size_t i = 0; i < o->count; i++)
        free(o->args[i]);
    for (size_t i = 0; i < o->own_count; i++)
        free(o->own[i]);
    free(o->file);
    free(o->home_ignore);
    free(o->cvsignore);
}

/* ---- one case ---- */

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        die(path);
}

static void to_file(int fd, const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || dup2(file, fd) < 0)
        _exit(127);
    close(file);
}

/* A place of superlifter's, here or at a host that the command ./plain reaches. */
static char *place(const char *path, bool remote)
{
    char *text = NULL, *cwd = getcwd(NULL, 0);
    if (!cwd || (remote ? asprintf(&text, "h:%s/%s", cwd, path) : asprintf(&text, "%s", path)) < 0)
        die("no memory");
    free(cwd);
    return text;
}

/* Exit status; 256: a signal, or it hung. */
static int run(const char *program, const struct options *o, bool own, const char *dest)
{
    char *argv[ARGS_MAX + 16];
    size_t n = 0;
    argv[n++] = (char *)(uintptr_t)program;
    for (size_t i = 0; i < o->count; i++)
        argv[n++] = o->args[i];
    for (size_t i = 0; own && i < o->own_count; i++)
        argv[n++] = o->own[i];
    if (own && o->way != WAY_LOCAL)
        argv[n++] = (char *)(uintptr_t)"--rsh=./plain";
    char *from = place(o->slash ? "src/" : "src", own && o->way == WAY_PULL), *to = place(dest, own && o->way == WAY_PUSH);
    argv[n++] = from;
    argv[n++] = to;
    argv[n] = NULL;
    pid_t pid = fork();
    if (pid < 0)
        die("cannot fork");
    if (pid == 0) {
        to_file(1, own ? "superlifter.out" : "rsync.out");
        dup2(1, 2);
        alarm(RUN_SECONDS);
        execvp(program, argv);
        _exit(127);
    }
    int status;
    if (waitpid(pid, &status, 0) < 0)
        die("cannot wait");
    free(from);
    free(to);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

/* How a server is reached without any network. */
static void write_plain(void)
{
    const char *sld = getenv("SLD");
    FILE *f = fopen("plain", "w");
    if (!f || fprintf(f, "#!/bin/sh\nexec '%s'\n", sld ? sld : "superlifter-server") < 0 || fclose(f) != 0 || chmod("plain", 0755) != 0)
        die("plain");
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The itemised lines of an output, sorted; which way a file went is no difference. */
static void add_lines(const char *path, const char *unlike, struct text *out)
{
    char *line = NULL, **lines = NULL;
    size_t cap = 0, count = 0;
    FILE *f = fopen(path, "r");
    if (!f)
        die(path);
    while (getline(&line, &cap, f) > 0) {
        bool deletion = strncmp(line, "*deleting ", 10) == 0, item = strchr("<>ch.", line[0]) && strlen(line) > 11 && line[11] == ' ';
        if ((!deletion && !item) || (unlike && strncmp(line, unlike, strlen(unlike)) == 0))
            continue;
        lines = realloc(lines, (count + 1) * sizeof *lines);
        lines[count++] = strdup(line);
        if (line[0] == '<')
            lines[count - 1][0] = '>';
    }
    if (count)
        qsort(lines, count, sizeof *lines, by_text);
    for (size_t i = 0; i < count; i++) {
        text_add(out, "%s", lines[i]);
        free(lines[i]);
    }
    free(lines);
    free(line);
    fclose(f);
}

/* rsync makes directories of backups in two processes, and now and then one is in the other's way: then it fails, and leaves a file as it was. */
static bool rsync_raced(void)
{
    char line[4096];
    bool raced = false;
    FILE *f = fopen("rsync.out", "r");
    while (f && fgets(line, sizeof line, f))
        raced |= strstr(line, "make_backup") && strstr(line, "File exists");
    if (f)
        fclose(f);
    return raced;
}

static bool same_text(const struct text *a, const struct text *b)
{
    return a->len == b->len && (!a->len || memcmp(a->at, b->at, a->len) == 0);
}

static const char *line_end(const char *p)
{
    const char *end = strchr(p, '\n');
    return end ? end : p + strlen(p);
}

/* Lines that only one of two sorted texts has. */
static void show_difference(const char *a, const char *b)
{
    for (int shown = 0; (*a || *b) && shown < SHOWN;) {
        size_t m = (size_t)(line_end(a) - a), n = (size_t)(line_end(b) - b);
        int order = !*a ? 1 : !*b ? -1 : strncmp(a, b, m < n ? m : n);
        if (!order && m != n)
            order = m < n ? -1 : 1;
        if (order)
            printf("#   %s %.*s\n", order < 0 ? "rsync:      " : "superlifter:", (int)(order < 0 ? m : n),
                   order < 0 ? a : b);
        shown += order != 0;
        if (order <= 0)
            a += m + (a[m] == '\n');
        if (order >= 0)
            b += n + (b[n] == '\n');
    }
}

static void show_case(uint64_t number, const struct options *o)
{
    printf("# case %llu:", (unsigned long long)number);
    for (size_t i = 0; i < o->count; i++)
        printf(" '%s'", o->args[i]);
    static const char *const ways[] = { [WAY_LOCAL] = "", [WAY_PUSH] = " (push)", [WAY_PULL] = " (pull)" };
    printf(" %s DST%s\n", o->slash ? "src/" : "src", ways[o->way]);
    if (o->file)
        for (const char *p = o->file; *p; p = line_end(p) + (*line_end(p) == '\n'))
            printf("#   rules: %.*s\n", (int)(line_end(p) - p), p);
}

static struct node *make_trees(struct chance *c, const struct profile *p)
{
    struct node *source = tree_make(c, p->special), *dest = tree_copy(source);
    tree_edit(c, dest, p->special);
    tree_write(source, AT_FDCWD, "src");
    const char *const names[] = { "dst.a", "dst.b" };
    for (int i = 0; i < 2; i++) {
        if (mkdir(names[i], 0755) != 0)
            die(names[i]);
    }
    for (int i = 0; i < 2; i++) {
        char path[32];
        snprintf(path, sizeof path, "%s/src", names[i]);
        tree_write(dest, AT_FDCWD, path);
    }
    tree_free(dest);
    return source;
}

static bool one_case(const struct profile *p, uint64_t number)
{
    struct chance c = { number * 0x2545f4914f6cdd1du + 1 };
    struct options o = { .fields = TREE_MODES };
    struct text a = { 0 }, b = { 0 }, la = { 0 }, lb = { 0 };
    const char *rsync = getenv("RSYNC"), *sl = getenv("SL");
    if (mkdir("case", 0755) != 0 || chdir("case") != 0 || mkdir("home", 0755) != 0)
        die("cannot make a directory for the case");
    struct node *source = make_trees(&c, p);
    p->options(&c, &o, source);
    tree_free(source);
    if (o.file)
        write_text("rules", o.file);
    if (o.way != WAY_LOCAL)
        write_plain();
    if (o.home_ignore)
        write_text("home/.cvsignore", o.home_ignore);
    setenv("HOME", "home", 1);
    if (o.cvsignore)
        setenv("CVSIGNORE", o.cvsignore, 1);
    else
        unsetenv("CVSIGNORE");
    int ra = run(rsync ? rsync : "rsync", &o, false, o.slash ? "dst.a/src" : "dst.a");
    int rb = run(sl ? sl : "superlifter", &o, true, o.slash ? "dst.b/src" : "dst.b");
    /* Where something went wrong, one may have touched a directory to no end. */
    if (ra == 23)
        o.fields &= ~(unsigned)TREE_TIMES;
    tree_list("dst.a", o.fields, &a);
    tree_list("dst.b", o.fields, &b);
    /* Where both refuse the options or a rule, one may have begun before it met that. */
    if (o.lines && !ra) {
        add_lines("rsync.out", o.unlike, &la);
        add_lines("superlifter.out", o.unlike, &lb);
    }
    bool same = (ra == rb && ra == 1) || (ra == 23 && rb == 0 && rsync_raced());
    same |= ra == rb && same_text(&a, &b) && same_text(&la, &lb);
    if (!same || verbose)
        show_case(number, &o);
    if (!same) {
        printf("#   exit status: rsync %d, superlifter %d\n", ra, rb);
        show_difference(a.len ? a.at : "", b.len ? b.at : "");
        show_difference(la.len ? la.at : "", lb.len ? lb.at : "");
    }
    if (chdir("..") != 0)
        die("..");
    if (same || !keep)
        tree_remove("case");
    text_clear(&a);
    text_clear(&b);
    text_clear(&la);
    text_clear(&lb);
    options_clear(&o);
    return same;
}

int main(int argc, char **argv)
{
    const struct profile *p = NULL;
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        keep |= strcmp(argv[at], "-k") == 0;
        verbose |= strcmp(argv[at], "-v") == 0;
    }
    for (size_t i = 0; argc - at == 3 && i < sizeof profiles / sizeof profiles[0]; i++)
        if (strcmp(profiles[i]->name, argv[at]) == 0)
            p = profiles[i];
    if (!p) {
        fprintf(stderr, "usage: differential [-k] [-v] PROFILE COUNT FIRST\n");
        return 2;
    }
    uint64_t count = strtoull(argv[at + 1], NULL, 10), first = strtoull(argv[at + 2], NULL, 10), different = 0;
    umask(022);
    for (uint64_t i = 0; i < count && !(keep && different); i++)
        different += !one_case(p, first + i);
    printf("# %s: %llu cases from %llu on, %llu differ\n", p->name, (unsigned long long)count,
           (unsigned long long)first, (unsigned long long)different);
    return different != 0;
}
