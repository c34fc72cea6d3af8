/* SPDX-License-Identifier: ISC */
/* differential_run - runs the two tools; see differential.h. */
#include "tests/differential.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUN_SECONDS = 60, FRAIL_SECONDS = 10 };

static void die(const char *what)
{
    fprintf(stderr, "differential: %s: %s\n", what, strerror(errno));
    exit(2);
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

/* What runs: a tool, with what is added to the options of the case. */
struct tool {
    const char *program;
    bool own;         /* superlifter, with what it alone is given */
    const char *more; /* one more option; NULL: none */
};

static void arguments(const struct tool *t, const struct options *o, struct text *from, struct text *to, char **argv)
{
    size_t n = 0;
    argv[n++] = (char *)(uintptr_t)t->program;
    for (size_t i = 0; i < o->count; i++)
        argv[n++] = o->args[i];
    for (size_t i = 0; t->own && i < o->own_count; i++)
        argv[n++] = o->own[i];
    if (t->more)
        argv[n++] = (char *)(uintptr_t)t->more;
    if (t->own && (o->far_source || o->far_dest)) {
        argv[n++] = (char *)(uintptr_t) "-e";
        argv[n++] = (char *)(uintptr_t) "./rsh";
    }
    argv[n++] = from->at;
    argv[n++] = to->at;
    argv[n] = NULL;
}

static int run(const struct tool *t, const struct options *o, const char *dest)
{
    char *argv[ARGS_MAX + 16];
    struct text from = { 0 }, to = { 0 };
    add_place(&from, t->own && o->far_source, o->slash ? "src/" : "src");
    add_place(&to, t->own && o->far_dest, dest);
    arguments(t, o, &from, &to, argv);
    pid_t pid = fork();
    if (pid < 0)
        die("cannot fork");
    if (pid == 0) {
        to_file(1, t->own ? "superlifter.out" : "rsync.out");
        dup2(1, 2);
        alarm(o->frail ? FRAIL_SECONDS : RUN_SECONDS);
        setsid();
        execvp(t->program, argv);
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

int run_rsync(const struct options *o, const char *dest)
{
    const char *rsync = getenv("RSYNC");
    return run(&(struct tool){ .program = rsync ? rsync : "rsync" }, o, dest);
}

static bool is_in(const char *path, const char *what)
{
    char line[4096];
    bool said = false;
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        said |= strstr(line, what) != NULL;
    if (f)
        fclose(f);
    return said;
}

bool run_said(const char *what)
{
    return is_in("rsync.out", what);
}

bool own_said(const char *what)
{
    return is_in("superlifter.out", what) || is_in("superlifter.lines", what);
}

bool run_raced(void)
{
    return run_said("File exists (17)") || run_said("error in file IO (code 11)");
}

int run_superlifter(const struct options *o, const char *dest, struct text *said)
{
    const char *sl = getenv("SL");
    struct text before = { 0 }, after = { 0 };
    struct tool plain = { .program = sl ? sl : "superlifter", .own = true }, dry = plain;
    dry.more = "-n";
    if (o->foretold && run(&dry, o, dest) != 256)
        lines_add("superlifter.out", LINES_ALL, o, &before);
    int status = run(&plain, o, dest);
    lines_add("superlifter.out", LINES_ALL, o, &after);
    if (o->lines && rename("superlifter.out", "superlifter.lines") != 0)
        die("superlifter.out");
    if (o->foretold && !text_same(&before, &after))
        text_add(said, "-n said:\n%sthe run:\n%s", before.len ? before.at : "", after.len ? after.at : "");
    text_clear(&before);
    if (o->settled && status == 0 && run(&plain, o, dest) == 0)
        lines_add("superlifter.out", LINES_CHANGES, o, &before);
    if (before.len)
        text_add(said, "run again:\n%s", before.at);
    text_clear(&before);
    text_clear(&after);
    return status;
}
