/* SPDX-License-Identifier: ISC */
/*
 * fuzz_client - what a server may answer: the whole client, with a transport that is the input. Its first byte says
 * what the client is asked to do; the rest is a preface and frames, one of which comes whenever the client has said
 * something, or nothing for some turns. Whatever the server says, nothing outside of the destination is touched, and
 * nothing but the source is sent.
 */
#include "config.h"
#include "client/options.h"
#include "client/remote.h"
#include "client/run.h"
#include "client/transport.h"
#include "proto/conn.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET "tOp5ecret"
enum { ARGUMENTS_MAX = 12, PATH_LEN_MAX = 128, BIG = 70000, SILENT_TURNS = 4 };

/* ---- the server ---- */

static struct {
    const uint8_t *at, *end;
    int fd;          /* its side of the stream */
    unsigned silent; /* turns in which the client has said nothing */
    uint64_t random;
} server;

/* In the place of the system's: the seed of what was recorded for the corpus has to come again. */
ssize_t getrandom(void *to, size_t n, unsigned flags)
{
    uint8_t *p = to;
    (void)flags;
    for (size_t i = 0; i < n; i++) {
        server.random = server.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        p[i] = (uint8_t)(server.random >> 56);
    }
    return (ssize_t)n;
}

/* The preface, a frame, or what is left. */
static size_t next_words(void)
{
    size_t left = (size_t)(server.end - server.at), n = SL_PREFACE_LEN;
    const uint8_t *p = server.at;
    if (left < SL_PREFACE_LEN || memcmp(p, SL_PREFACE, SL_PREFACE_LEN) != 0)
        n = left < SL_FRAME_HEADER ? left : SL_FRAME_HEADER + ((size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2]);
    return n < left ? n : left;
}

static void hear(void)
{
    static char buf[65536];
    ssize_t n;
    server.silent++;
    while ((n = recv(server.fd, buf, sizeof buf, MSG_DONTWAIT)) > 0) {
        server.silent = SILENT_TURNS;
        if (memmem(buf, (size_t)n, SECRET, strlen(SECRET)))
            abort();
    }
}

static void speak(void)
{
    hear();
    if (server.silent < SILENT_TURNS)
        return;
    size_t n = next_words();
    server.silent = 0;
    ssize_t put = n ? send(server.fd, server.at, n, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
    if (put > 0)
        server.at += put;
    if (server.at == server.end)
        shutdown(server.fd, SHUT_WR);
}

/* Its standard error can always be read: the client looks at it in every turn. */
enum sl_code sl_transport_open(struct sl_transport *t, const struct sl_address *a, const struct sl_options *o,
                               enum sl_transport_way way, struct sl_error *err)
{
    int pair[2], awake[2];
    (void)a;
    (void)o;
    (void)way;
    (void)err;
    if (server.fd >= 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0 || pipe(awake) != 0 ||
        write(awake[1], "", 1) != 1)
        abort();
    close(awake[1]);
    server.fd = pair[1];
    *t = (struct sl_transport){ .fd = pair[0], .out_fd = pair[0], .stderr_fd = awake[0], .control_fd = -1 };
    return SL_OK;
}

enum sl_code sl_transport_stderr(struct sl_transport *t, void (*sink)(const char *line))
{
    (void)t;
    (void)sink;
    speak();
    return SL_AGAIN;
}

enum sl_code sl_transport_autopsy(struct sl_transport *t, const struct sl_address *a, struct sl_error *err,
                                  int *rc_exit)
{
    (void)t;
    (void)a;
    *rc_exit = 12;
    return sl_fail(err, SL_E_CLOSED, "the server ended");
}

enum sl_code sl_transport_lane_autopsy(struct sl_transport *t, const struct sl_address *a, struct sl_error *err)
{
    (void)t;
    (void)a;
    return sl_fail(err, SL_E_CLOSED, "the server ended");
}

int sl_transport_close(struct sl_transport *t, unsigned grace_ms)
{
    (void)grace_ms;
    if (server.fd >= 0)
        hear();
    if (t->fd >= 0)
        close(t->fd);
    if (t->stderr_fd >= 0)
        close(t->stderr_fd);
    t->fd = t->out_fd = t->stderr_fd = -1;
    if (server.fd >= 0)
        close(server.fd);
    server.fd = -1;
    return 0;
}

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
    server.fd = -1;
    server.silent = 0;
    server.random = 0;
    server.at = data + 1;
    server.end = data + size;
    run(data[0] % (sizeof jobs / sizeof jobs[0]), root);
    state(root, &dir[1], &file[1]);
    if (!same(&dir[0], &dir[1]) || !same(&file[0], &file[1]))
        abort();
    nftw(root, open_up, 16, FTW_PHYS);
    nftw(root, forget, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
