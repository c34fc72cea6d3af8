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
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUN_SECONDS = 60, FRAIL_SECONDS = 10, SHOWN = 20 };

static const struct profile *const profiles[] = { &profile_filters, &profile_files, &profile_hard, &profile_dests, &profile_attrs, &profile_words, &profile_delete, &profile_backup };
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

static void add_place(struct text *t, bool far, const char *path)
{
    char here[4096];
    if (far && !getcwd(here, sizeof here))
        die("getcwd");
    text_add(t, "%s%s%s%s", far ? "h:" : "", far ? here : "", far ? "/" : "", path);
}

/* Exit status; 256: a signal, or it hung. more: an option besides; NULL. */
static int run(const char *program, const struct options *o, bool own, const char *dest, const char *more)
{
    char *argv[ARGS_MAX + 16];
    size_t n = 0;
    argv[n++] = (char *)(uintptr_t)program;
    for (size_t i = 0; i < o->count; i++)
        argv[n++] = o->args[i];
    for (size_t i = 0; own && i < o->own_count; i++)
        argv[n++] = o->own[i];
    if (more)
        argv[n++] = (char *)(uintptr_t)more;
    struct text from = { 0 }, to = { 0 };
    add_place(&from, own && o->far_source, o->slash ? "src/" : "src");
    add_place(&to, own && o->far_dest, dest);
    if (own && (o->far_source || o->far_dest)) {
        argv[n++] = (char *)(uintptr_t) "-e";
        argv[n++] = (char *)(uintptr_t) "./rsh";
    }
    argv[n++] = from.at;
    argv[n++] = to.at;
    argv[n] = NULL;
    pid_t pid = fork();
    if (pid < 0)
        die("cannot fork");
    if (pid == 0) {
        to_file(1, own ? "superlifter.out" : "rsync.out");
        dup2(1, 2);
        alarm(o->frail ? FRAIL_SECONDS : RUN_SECONDS);
        setsid();
        execvp(program, argv);
        _exit(127);
    }
    int status;
    if (waitpid(pid, &status, 0) < 0)
        die("cannot wait");
    kill(-pid, SIGKILL); /* what one that hung has left */
    text_clear(&from);
    text_clear(&to);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

/* rsync makes directories of backups in two processes, and now and then one is in the other's way: then it fails, and leaves a file as it was. */
static bool rsync_raced(void)
{
    char line[4096];
    bool raced = false;
    FILE *f = fopen("rsync.out", "r");
    while (f && fgets(line, sizeof line, f))
        raced |= strstr(line, "File exists (17)") || strstr(line, "error in file IO (code 11)");
    if (f)
        fclose(f);
    return raced;
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
    printf(" %s DST%s\n", o->slash ? "src/" : "src", o->far_source ? " (pull)" : o->far_dest ? " (push)" : "");
    if (o->file)
        for (const char *p = o->file; *p; p = line_end(p) + (*line_end(p) == '\n'))
            printf("#   rules: %.*s\n", (int)(line_end(p) - p), p);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A line of -i; who sends is shown by it, but not compared. */
static bool is_item(const char *line)
{
    return (strlen(line) > 11 && strchr("<>ch.", line[0]) && strchr("fdLDS", line[1]) && line[11] == ' ') ||
           strncmp(line, "*deleting", 9) == 0;
}

/* The itemised lines of what a tool wrote, sorted. */
static void read_items(const char *path, const char *unlike, struct text *out)
{
    char *lines[4096], line[4096];
    size_t n = 0;
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f) && n < sizeof lines / sizeof lines[0])
        if (is_item(line) && !(unlike && strncmp(line, unlike, strlen(unlike)) == 0)) {
            line[0] = line[0] == '<' ? '>' : line[0];
            lines[n++] = strdup(line);
        }
    if (f)
        fclose(f);
    qsort(lines, n, sizeof *lines, by_text);
    for (size_t i = 0; i < n; i++) {
        if (i + 1 == n || strcmp(lines[i], lines[i + 1]) != 0)
            text_add(out, "%s", lines[i]);
        free(lines[i]);
    }
}

static void write_rsh(void)
{
    const char *server = getenv("SLD");
    struct text t = { 0 };
    text_add(&t, "#!/bin/sh\nexec '%s'\n", server ? server : "superlifter-server");
    write_text("rsh", t.at);
    chmod("rsh", 0755);
    text_clear(&t);
}

static void make_more(struct chance *c, const struct profile *p, const struct node *source, const struct options *o)
{
    static const char *const names[] = { "dst.a", "dst.b" };
    for (int i = 0; p->more && i < 2; i++) {
        struct chance same = *c;
        int at = open(names[i], O_RDONLY | O_DIRECTORY);
        if (at < 0)
            die(names[i]);
        p->more(&same, source, o, at);
        close(at);
    }
}

static struct node *make_trees(struct chance *c, const struct profile *p, uint64_t number)
{
    struct node *source = tree_make(c, p->special);
    if (p->source)
        p->source(c, source);
    struct node *dest = tree_copy(source);
    tree_edit(c, dest, p->special);
    if (p->dest)
        p->dest(c, dest);
    tree_write(source, AT_FDCWD, "src");
    tree_forget_groups();
    if (p->dress)
        p->dress(number, "src", true);
    const char *const names[] = { "dst.a", "dst.b" };
    for (int i = 0; i < 2; i++) {
        if (mkdir(names[i], 0755) != 0)
            die(names[i]);
    }
    for (int i = 0; i < 2; i++) {
        char path[32];
        snprintf(path, sizeof path, "%s/src", names[i]);
        tree_write(dest, AT_FDCWD, path);
        tree_forget_groups();
        if (p->dress)
            p->dress(number, path, false);
    }
    tree_free(dest);
    return source;
}

/* ---- what superlifter says ---- */

/* The lines of superlifter.out, sorted. */
static void sorted_output(struct text *out)
{
    char *lines[4096], line[1024];
    size_t n = 0;
    FILE *f = fopen("superlifter.out", "r");
    while (f && n < sizeof lines / sizeof lines[0] && fgets(line, sizeof line, f))
        lines[n++] = strdup(line);
    if (f)
        fclose(f);
    qsort(lines, n, sizeof lines[0], by_text);
    for (size_t i = 0; i < n; i++) {
        text_add(out, "%s", lines[i]);
        free(lines[i]);
    }
}

static bool is_equal(const struct text *a, const struct text *b)
{
    return a->len == b->len && (!a->len || memcmp(a->at, b->at, a->len) == 0);
}

/* The case proper, and what is asked of superlifter besides; said is what was wrong with that, or nothing. */
static int run_own(const struct options *o, const char *dest, struct text *said)
{
    const char *sl = getenv("SL");
    struct text before = { 0 }, after = { 0 };
    sl = sl ? sl : "superlifter";
    if (o->foretold && run(sl, o, true, dest, "-n") != 256)
        sorted_output(&before);
    int status = run(sl, o, true, dest, NULL);
    sorted_output(&after);
    if (o->lines && rename("superlifter.out", "superlifter.lines") != 0)
        die("superlifter.out");
    if (o->foretold && !is_equal(&before, &after))
        text_add(said, "-n said:\n%sthe run:\n%s", before.len ? before.at : "", after.len ? after.at : "");
    text_clear(&before);
    if (o->settled && status == 0 && run(sl, o, true, dest, NULL) == 0)
        sorted_output(&before);
    if (before.len)
        text_add(said, "run again:\n%s", before.at);
    text_clear(&before);
    text_clear(&after);
    return status;
}

static void show_lines(const char *text)
{
    for (const char *p = text; *p; p = line_end(p) + (*line_end(p) == '\n'))
        printf("#   %.*s\n", (int)(line_end(p) - p), p);
}

/* What rsync 3.5 tells only when it runs dry: of a file whose ACL and mode change the mode, and of a link or device that is made anew its
 * attributes. */
static void told_when_dry(char *line)
{
    if (strlen(line) <= 11)
        return;
    if (line[9] == 'a' && line[5] == 'p')
        line[5] = '.';
    if (line[0] == 'c' && line[2] == 'c')
        line[9] = line[10] = '.';
}

/* The lines of a file, sorted. */
static void add_lines(const char *path, struct text *out)
{
    char **lines = NULL, *line = NULL;
    size_t count = 0, room = 0;
    FILE *f = fopen(path, "r");
    while (f && getline(&line, &room, f) > 0) {
        lines = realloc(lines, (count + 1) * sizeof *lines);
        told_when_dry(line);
        lines[count++] = strdup(line);
    }
    if (count)
        qsort(lines, count, sizeof *lines, by_text);
    for (size_t i = 0; i < count; i++) {
        text_add(out, "| %s", lines[i]);
        free(lines[i]);
    }
    free(lines);
    free(line);
    if (f)
        fclose(f);
}

static bool one_case(const struct profile *p, uint64_t number)
{
    struct chance c = { number * 0x2545f4914f6cdd1du + 1 };
    struct options o = { .fields = TREE_MODES };
    struct text a = { 0 }, b = { 0 }, said = { 0 };
    const char *rsync = getenv("RSYNC");
    if (mkdir("case", 0755) != 0 || chdir("case") != 0 || mkdir("home", 0755) != 0)
        die("cannot make a directory for the case");
    struct node *source = make_trees(&c, p, number);
    p->options(&c, &o, source);
    make_more(&c, p, source, &o);
    tree_free(source);
    write_rsh();
    if (p->finish)
        p->finish(&c);
    if (o.file)
        write_text("rules", o.file);
    if (o.home_ignore)
        write_text("home/.cvsignore", o.home_ignore);
    setenv("HOME", "home", 1);
    if (o.cvsignore)
        setenv("CVSIGNORE", o.cvsignore, 1);
    else
        unsetenv("CVSIGNORE");
    struct text lines_a = { 0 }, lines_b = { 0 };
    int ra = 0, rb = 0;
    for (unsigned i = 0; i == 0 || (i < o.runs && ra == rb); i++) {
        ra = run(rsync ? rsync : "rsync", &o, false, o.slash ? "dst.a/src" : "dst.a", NULL);
        rb = run_own(&o, o.slash ? "dst.b/src" : "dst.b", &said);
        if (o.lines && ra != 23) {
            read_items("rsync.out", o.unlike, &lines_a);
            read_items("superlifter.lines", o.unlike, &lines_b);
        }
    }
    /* Where something went wrong, one may have touched a directory to no end. */
    if (ra == 23)
        o.fields &= ~(unsigned)TREE_TIMES;
    tree_list("dst.a", o.fields, &a);
    tree_list("dst.b", o.fields, &b);
    if (lines_a.len)
        text_add(&a, "%s", lines_a.at);
    if (lines_b.len)
        text_add(&b, "%s", lines_b.at);
    text_clear(&lines_a);
    text_clear(&lines_b);
    if (o.output && !ra && !rb) {
        add_lines("rsync.out", &a);
        add_lines("superlifter.out", &b);
    }
    /* Where both refuse the options or a rule, one may have begun before it met that. */
    bool same = (ra == rb && ra == 1) || ((ra == 23 || ra == 11) && rb == 0 && rsync_raced());
    same |= o.unlike_23 && ra == 23 && rb == 0;
    bool broke_off = o.frail && (ra == 2 || ra == 12 || ra == 256) && (rb == 0 || rb == 23);
    same |= (broke_off || (ra == rb && is_equal(&a, &b))) && !said.len;
    if (!same || verbose)
        show_case(number, &o);
    if (!same) {
        printf("#   exit status: rsync %d, superlifter %d\n", ra, rb);
        show_difference(a.len ? a.at : "", b.len ? b.at : "");
        show_lines(said.len ? said.at : "");
    }
    if (chdir("..") != 0)
        die("..");
    if (same || !keep)
        tree_remove("case");
    text_clear(&a);
    text_clear(&b);
    text_clear(&said);
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
