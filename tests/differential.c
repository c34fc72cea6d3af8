/* SPDX-License-Identifier: ISC */
/*
 * differential - runs cases against rsync; see differential.h. Usage: differential [-k] [-v] [-jWORKERS] PROFILE COUNT
 * FIRST, from a directory of scratch; SL and RSYNC name the programs. Case numbers run from FIRST on; one that differs is told with
 * its options and the differing lines. -k: keep the directory of the first case that differs and stop there. Exit 0:
 * all equal; 1: some differ; 2: trouble.
 */
#include "tests/differential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct profile *const profiles[] = { &profile_filters, &profile_files, &profile_hard,
                                                  &profile_dests,   &profile_attrs, &profile_words,
                                                  &profile_delete,  &profile_backup, &profile_place, &profile_every };
static bool keep, verbose;

static void die(const char *what)
{
    fprintf(stderr, "differential: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* ---- one case ---- */

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        die(path);
}

static void show_case(uint64_t number, const struct options *o)
{
    printf("# case %llu:", (unsigned long long)number);
    for (size_t i = 0; i < o->count; i++)
        printf(" '%s'", o->args[i]);
    printf(" %s DST%s\n", o->slash ? "src/" : "src", o->far_source ? " (pull)" : o->far_dest ? " (push)" : "");
    lines_show("rules: ", o->file ? o->file : "");
    lines_show("list: ", o->list ? o->list : "");
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
        p->more(&same, source, o, at, p->special);
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

static void write_files(const struct options *o)
{
    write_rsh();
    if (o->file)
        write_text("rules", o->file);
    if (o->list)
        write_text("list", o->list);
    if (o->home_ignore)
        write_text("home/.cvsignore", o->home_ignore);
    setenv("HOME", "home", 1);
    if (o->cvsignore)
        setenv("CVSIGNORE", o->cvsignore, 1);
    else
        unsetenv("CVSIGNORE");
}

static void make_case(struct chance *c, const struct profile *p, uint64_t number, struct options *o)
{
    if (mkdir("case", 0755) != 0 || chdir("case") != 0 || mkdir("home", 0755) != 0)
        die("cannot make a directory for the case");
    if (p->begin)
        p->begin(c);
    struct node *source = make_trees(c, p, number);
    p->options(c, o, source);
    make_more(c, p, source, o);
    tree_free(source);
    if (p->finish)
        p->finish(c, o);
    write_files(o);
    /* What two names of one directory get is told for the one or the other, and not foretold; listed as a difference. */
    bool twins = tree_has_twins("dst.a");
    if (option_given(o, "-K") && twins)
        o->lines = o->foretold = false;
    /* rsync finds names of a list behind links of an alternate; and in what order names of one file are backed up, and written in place, is each
     * tool's own. */
    bool alternates = option_given(o, "--copy-dest") || option_given(o, "--compare-dest") || option_given(o, "--link-dest");
    bool places = option_given(o, "-b") && (option_given(o, "--inplace") || option_given(o, "--append"));
    /* Where a directory was in the way rsync leaves some of the names out; listed as a difference. */
    bool leaves = option_given(o, "-H") && option_given(o, "--existing") && (option_given(o, "--delete") || option_given(o, "--force"));
    o->unlike = leaves || (o->list && twins && alternates) || (places && tree_has_names("dst.a"));
}

/* What came out of the tools: their exit status, and what is to be equal. */
struct outcome {
    int rsync, own;
    struct text a, b, said;
};

static const char *dest_of(const struct options *o, bool own)
{
    return own ? o->slash ? "dst.b/src" : "dst.b" : o->slash ? "dst.a/src" : "dst.a";
}

/* Both runs, and what is left of the source. */
static void run_once(const struct options *o, struct outcome *r)
{
    const unsigned fields = TREE_TIMES | TREE_MODES;
    if (o->takes)
        tree_keep("src", "src.kept");
    r->rsync = run_rsync(o, dest_of(o, false));
    if (o->takes) {
        tree_list("src", fields, &r->a);
        tree_remove("src");
        tree_keep("src.kept", "src");
    }
    r->own = run_superlifter(o, dest_of(o, true), &r->said);
    if (o->takes) {
        tree_list("src", fields, &r->b);
        tree_remove("src.kept");
    }
}

static void list_trees(const struct options *o, const struct outcome *r, struct text *a, struct text *b)
{
    tree_list("dst.a", o->fields, a);
    tree_list("dst.b", o->fields, b);
    if (!o->twice || r->rsync || text_same(a, b))
        return;
    run_rsync(o, dest_of(o, false));
    text_clear(a);
    tree_list("dst.a", o->fields, a);
}

/* What rsync 3.5 alone fails at: it asks for an attribute of a file that it has just removed from the source, and for the default ACL of what
 * is no directory; and for attributes of what is not in an alternate, where it has another name of the file. In a dry run it follows a link that
 * leads to itself. */
static bool has_tripped(void)
{
    return run_said("failed to re-read xattr") || run_said("failed: Too many levels of symbolic links") || run_said("get_xattr_names: llistxattr(") || run_said("ACL_TYPE_ACCESS): No such file or directory") || (run_said("sys_acl_get_file(") && run_said("ACL_TYPE_DEFAULT"));
}

static void run_both(struct options *o, struct outcome *r)
{
    struct text lines_a = { 0 }, lines_b = { 0 }, a = { 0 }, b = { 0 };
    for (unsigned i = 0; i == 0 || (i < o->runs && r->rsync == r->own); i++) {
        run_once(o, r);
        if (o->lines && r->rsync != 23) {
            lines_add("rsync.out", LINES_ITEMS, o, &lines_a);
            lines_add("superlifter.lines", LINES_ITEMS, o, &lines_b);
        }
    }
    /* Where something went wrong, one may have touched a directory to no end. */
    if (r->rsync == 23)
        o->fields &= ~(unsigned)TREE_TIMES;
    if (r->rsync == 23 && has_tripped())
        o->fields &= ~(unsigned)TREE_ATTRS;
    /* Of a source without anything in it, or of which -R leaves nothing, rsync makes no destination. */
    if (o->empty && (option_given(o, "--existing") || option_given(o, "-R")) && access(dest_of(o, false), F_OK) != 0)
        rmdir(dest_of(o, true));
    text_add(&r->a, "%s", lines_a.len ? lines_a.at : "");
    text_add(&r->b, "%s", lines_b.len ? lines_b.at : "");
    text_clear(&lines_a);
    text_clear(&lines_b);
    if (o->output && !r->rsync && !r->own) {
        lines_add("rsync.out", LINES_ALIKE, o, &r->a);
        lines_add("superlifter.out", LINES_ALIKE, o, &r->b);
    }
    list_trees(o, r, &a, &b);
    text_add(&r->a, "%s", a.at);
    text_add(&r->b, "%s", b.at);
    text_clear(&a);
    text_clear(&b);
}

static bool is_same(const struct options *o, const struct outcome *r)
{
    int ra = r->rsync, rb = r->own;
    /* Where both refuse the options or a rule, one may have begun before it met that. */
    if ((ra == rb && ra == 1) || ((ra == 23 || ra == 11) && rb == 0 && run_raced()) ||
        ((o->unlike_23 || has_tripped()) && ra == 23 && rb == 0))
        return true;
    /* It loses names of files of which another could not be made. */
    if (option_given(o, "-H") && (run_said("could not make way for") || own_said("in what is not a directory")) && (ra == 23 || ra == 2) && rb == 23)
        return true;
    /* After an error at the source nothing is deleted here, what is in the way included; listed as a difference. */
    if (ra == 23 && rb == 23 && option_given(o, "--delete") && own_said("could not make way for"))
        return true;
    /* Of what is in the way it does not know what merge files around it protect, where it does not delete at that time. */
    bool merges = option_given(o, "--filter=:") || option_given(o, "--filter=dir-merge") || option_given(o, "-F");
    if (merges && !ra && rb == 23 && own_said("could not make way for"))
        return true;
    /* What it can't verify it leaves half done, and there is no second try at a source that is to be removed. */
    if (o->takes && run_said("failed verification -- update retained") && !rb)
        return true;
    /* In a dry run it looks into what would not be a file any more. */
    if (option_given(o, "-n") && ra == 23 && !rb && run_said("failed: Not a directory"))
        return true;
    /* It deletes nothing more once it has looked into what is no directory. */
    if (option_given(o, "--ignore-existing") && option_given(o, "--delete") && ra == 23 && rb == 23 && run_said("Not a directory"))
        return true;
    /* Some options don't go with names behind links; listed as a difference. */
    if (own_said("is a symbolic link on the way, and"))
        return rb == 23;
    /* In a dry run it does not look what is in the place of a directory on the way, and with --ignore-existing stays there; and a link to
     * a directory that stays there it looks through. */
    bool linked = option_given(o, "-L") || option_given(o, "-k") || option_given(o, "--copy-unsafe-links");
    if ((option_given(o, "-n") || linked || o->list) && ra == 0 && rb == 23 && own_said("in what is not a directory"))
        return true;
    /* Nor does it follow a link of somebody else's at the destination. */
    if (option_given(o, "-K") && ra == 23 && rb == 23 && run_said("refusing to follow a symlink owned by an untrusted user"))
        return true;
    /* With --delay-updates it throws away what would wait behind a link that is kept. */
    if (option_given(o, "-K") && run_said("Unable to create partial-dir for") && rb == 0)
        return true;
    if (o->unlike && ra == rb && !ra)
        return true;
    bool broke_off = o->frail && (ra == 2 || ra == 12 || ra == 13 || ra == 256) && (rb == 0 || rb == 23);
    return (broke_off || (ra == rb && text_same(&r->a, &r->b))) && !r->said.len;
}

static bool one_case(const struct profile *p, uint64_t number)
{
    struct chance c = { number * 0x2545f4914f6cdd1du + 1 };
    struct options o = { .fields = TREE_MODES };
    struct outcome r = { 0 };
    make_case(&c, p, number, &o);
    run_both(&o, &r);
    bool same = is_same(&o, &r);
    if (!same || verbose)
        show_case(number, &o);
    if (!same) {
        printf("#   exit status: rsync %d, superlifter %d\n", r.rsync, r.own);
        lines_show_difference(r.a.at, r.b.at);
        lines_show("", r.said.len ? r.said.at : "");
    }
    if (chdir("..") != 0)
        die("..");
    if (same || !keep)
        tree_remove("case");
    text_clear(&r.a);
    text_clear(&r.b);
    text_clear(&r.said);
    options_clear(&o);
    return same;
}

/* ---- many ---- */

struct sums { /* shared between the workers */
    _Atomic uint64_t different;
    _Atomic bool trouble;
};

static void cases(const struct profile *p, uint64_t count, uint64_t first, unsigned step, struct sums *sums)
{
    for (uint64_t i = 0; i < count && !(keep && sums->different) && !sums->trouble; i += step) {
        sums->different += !one_case(p, first + i);
        fflush(stdout);
    }
}

/* rsync sleeps more than it works, so several at a time take little longer than one. Each worker has a directory. */
static void work(const struct profile *p, uint64_t count, uint64_t first, unsigned workers, struct sums *sums)
{
    for (unsigned i = 0; i < workers && i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "w%u", i);
        if (mkdir(name, 0755) != 0)
            die(name);
        pid_t pid = fork();
        if (pid < 0)
            die("cannot fork");
        if (pid == 0) {
            if (chdir(name) != 0)
                die(name);
            cases(p, count - i, first + i, workers, sums);
            exit(0);
        }
    }
    for (int status; wait(&status) > 0;)
        sums->trouble |= !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    for (unsigned i = 0; i < workers; i++) {
        char name[32];
        snprintf(name, sizeof name, "w%u", i);
        rmdir(name); /* not that of a case that is kept */
    }
}

static const struct profile *by_name(const char *name)
{
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++)
        if (strcmp(profiles[i]->name, name) == 0)
            return profiles[i];
    return NULL;
}

int main(int argc, char **argv)
{
    static char printed[1 << 18];
    unsigned workers = 1;
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        keep |= strcmp(argv[at], "-k") == 0;
        verbose |= strcmp(argv[at], "-v") == 0;
        if (argv[at][1] == 'j')
            workers = (unsigned)strtoul(argv[at] + 2, NULL, 10);
    }
    const struct profile *p = argc - at == 3 ? by_name(argv[at]) : NULL;
    struct sums *sums = mmap(NULL, sizeof *sums, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!p || !workers || sums == MAP_FAILED) {
        fprintf(stderr, "usage: differential [-k] [-v] [-jWORKERS] PROFILE COUNT FIRST\n");
        return 2;
    }
    uint64_t count = strtoull(argv[at + 1], NULL, 10), first = strtoull(argv[at + 2], NULL, 10);
    setvbuf(stdout, printed, _IOFBF, sizeof printed); /* a case's lines stay together */
    umask(022);
    if (workers == 1)
        cases(p, count, first, 1, sums);
    else
        work(p, count, first, workers, sums);
    printf("# %s: %llu cases from %llu on, %llu differ\n", p->name, (unsigned long long)count,
           (unsigned long long)first, (unsigned long long)sums->different);
    return sums->trouble ? 2 : sums->different != 0;
}
