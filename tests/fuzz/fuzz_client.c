/* SPDX-License-Identifier: ISC */
/*
 * fuzz_client - what a server may answer: the whole client, with a transport that is the input (answers.h). Its first
 * byte says what the client is asked to do. Whatever the server says, nothing outside of the destination is touched, and
 * nothing but the source is sent.
 */
#include "config.h"
#include "client/options.h"
#include "client/remote.h"
#include "client/run.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/answers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET "tOp5ecret"
enum { ARGUMENTS_MAX = 12, PATH_LEN_MAX = 128, BIG = 70000 };

/* ---- the trees ---- */

static int forget(const char *path, const struct stat *st, int kind, struct FTW *f)
{
    (void)kind;
    (void)f;
    if (S_ISDIR(st->st_mode))
        chmod(path, 0700);
    (void)!remove(path);
    return 0;
}

/* A directory that may not be read has to be opened up before what is in it can go. */
static int open_up(const char *path, const struct stat *st, int kind, struct FTW *f)
{
    (void)f;
    if (kind == FTW_D || kind == FTW_DNR)
        (void)!chmod(path, (st->st_mode & 0777) | 0700);
    return 0;
}

static void put(int dir, const char *name, const char *text, size_t n)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (fd < 0 || write(fd, text, n) != (ssize_t)n)
        abort();
    close(fd);
}

/* src and dst, which differ, and links from both to what is beside them. */
static void fill(char *root)
{
    static char big[BIG];
    const char *tmp = getenv("TMPDIR");
    snprintf(root, PATH_LEN_MAX, "%.40s/slfuzzXXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        abort();
    int dir = open(root, O_RDONLY | O_DIRECTORY);
    static const char *const dirs[] = { "outside", "src", "src/d", "dst", "dst/d", "dst/old" };
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++)
        mkdirat(dir, dirs[i], 0755);
    put(dir, "outside/secret", SECRET, strlen(SECRET));
    for (size_t i = 0; i < BIG; i++)
        big[i] = (char)((i * i >> 7) ^ i);
    put(dir, "src/big", big, BIG);
    put(dir, "src/d/c", "c", 1);
    put(dir, "src/a", "new", 3);
    put(dir, "dst/a", "older", 5);
    if (linkat(dir, "src/a", dir, "src/d/too", 0) != 0 || linkat(dir, "dst/a", dir, "dst/d/too", 0) != 0)
        abort();
    put(dir, "dst/big", big + 1000, BIG - 1000);
    if (symlinkat("../outside", dir, "src/out") != 0 || symlinkat("../outside", dir, "dst/out") != 0 ||
        symlinkat("../outside/secret", dir, "dst/d/secret") != 0)
        abort();
    close(dir);
}

static void state(const char *root, struct stat *dir, struct stat *file)
{
    char path[PATH_LEN_MAX + 32];
    snprintf(path, sizeof path, "%s/outside", root);
    if (lstat(path, dir) != 0)
        abort();
    snprintf(path, sizeof path, "%s/outside/secret", root);
    if (lstat(path, file) != 0)
        abort();
}

static bool same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
           a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* ---- what the client is asked to do ---- */

/* ">" and "<" stand for the trees. */
static const char *const jobs[][ARGUMENTS_MAX] = {
    { "-a", "--delete", "host:tree/", ">" },
    { "-a", "--delete", "--allow-empty-source", "<", "host:tree/" },
    { "-r", "--list-only", "host:/" },
    { "superlifter://host/" },
    { "-ac", "--no-whole-file", "-z", "host:/tree/", ">" },
    { "-ac", "--no-whole-file", "-z", "<", "host:/tree/" },
    { "-aRv", "--json", "host:a", "host:b/c", ">" },
    { "-aPvv", "--stats", "superlifter://host/module/", ">" },
    { "-aH", "--delete", "host:tree/", ">" },
    { "-aHi", "<", "host:tree/" },
    { "-aAXUi", "--delete", "host:tree/", ">" },
    { "-aAXUi", "<", "host:tree/" },
    { "-aLK", "--delete", "host:tree/", ">" },
    { "-rlt", "-k", "--copy-unsafe-links", "host:tree/", ">" },
    { "-aK", "--delete", "<", "host:tree/" },
    { "-rl", "--size-only", "--link-dest=../one", "--link-dest=../two", "<", "host:tree/" },
    { "-rlHy", "--size-only", "--copy-dest=../one", "<", "host:tree/" },
    { "-rlbW", "--size-only", "--delete", "--backup-dir=../back", "<", "host:tree/" },
    { "-rlW", "--size-only", "--remove-source-files", "host:tree/", ">" },
};

static void run(unsigned job, const char *root)
{
    char *argv[ARGUMENTS_MAX + 5] = { "superlifter", "--confinement=off", "--lanes=1", "-e", "fuzz" }, from[PATH_LEN_MAX + 8],
                               to[PATH_LEN_MAX + 8];
    int argc = job == 3 || job == 7 ? 3 : 5;
    struct sl_options o;
    struct sl_error err = { 0 };
    snprintf(from, sizeof from, "%s/src/", root);
    snprintf(to, sizeof to, "%s/dst/", root);
    for (const char *const *a = jobs[job]; *a; a++)
        argv[argc++] = strcmp(*a, ">") == 0 ? to : strcmp(*a, "<") == 0 ? from : (char *)*a;
    argv[argc] = NULL;
    if (sl_options_parse(&o, argc, argv, &err) != SL_OPTIONS_RUN)
        abort();
    sl_run(&o);
    fflush(stdout);
    sl_options_clear(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char root[PATH_LEN_MAX];
    struct stat dir[2], file[2];
    if (!size)
        return 0;
    signal(SIGPIPE, SIG_IGN);
    fill(root);
    state(root, &dir[0], &file[0]);
    answers_begin(data + 1, size - 1, SECRET);
    run(data[0] % (sizeof jobs / sizeof jobs[0]), root);
    state(root, &dir[1], &file[1]);
    if (!same(&dir[0], &dir[1]) || !same(&file[0], &file[1]))
        abort();
    nftw(root, open_up, 16, FTW_PHYS);
    nftw(root, forget, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
