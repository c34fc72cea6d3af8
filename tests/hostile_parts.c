/* SPDX-License-Identifier: ISC */
/*
 * hostile_parts - files in parts: out of order, beyond their size, joined while they are written and written when they are joined; what somebody has put
 * under a staged file's name; what the rights do not cover.
 */
#include "config.h"
#include "tests/hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STRANGER = 12345, BOTH = SL_RIGHT_CREATE | SL_RIGHT_READ };

static uint64_t commit(struct peer *p, uint8_t ch, const char *text)
{
    uint8_t hash[SL_HASH_LEN];
    sl_hash_once(text, strlen(text), hash);
    return ask_raw(p, ch, SL_MSG_COMMIT, hash, sizeof hash);
}

static uint64_t join(struct peer *p, uint8_t ch, const char *name, uint64_t size, uint32_t mode, uint32_t flags)
{
    struct sl_entry e = entry_of(SL_TYPE_FILE, name);
    e.size = size;
    e.mode = mode;
    e.uid = e.gid = STRANGER;
    return ask_make(p, ch, SL_MSG_JOIN, 0, &e, SL_META_MODE | SL_META_UID | SL_META_GID, flags, NULL);
}

/* All of it as one part, on channel 1; what became of its COMMIT. */
static uint64_t whole(struct peer *p, const char *name, const char *text)
{
    ask_part(p, 1, 0, name, SL_PUT_FIRST, 0, strlen(text));
    ask_raw(p, 1, SL_MSG_DATA, text, strlen(text));
    return outcome(p, 1, commit(p, 1, text));
}

static void two_channels(struct peer *p)
{
    hello(p);
    want(p, 2, ask_attach(p, 2, 0), DONE, "a second channel");
}

static void order(struct peer *p)
{
    uint64_t done = if_may(p, BOTH, DONE);
    two_channels(p);
    want(p, 1, ask_part(p, 1, 0, "h-p-order", 0, 0, 8), if_may(p, BOTH, BIT(SL_E_NOT_FOUND)), "none is there");
    ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
    want(p, 1, ask_part(p, 1, 0, "h-p-order", SL_PUT_FIRST, 0, 8), done, "first");
    want(p, 2, ask_part(p, 2, 0, "h-p-order", SL_PUT_FIRST, 0, 8), if_may(p, BOTH, BIT(SL_E_EXISTS)), "first again");
    ask_raw(p, 2, SL_MSG_ABORT, NULL, 0);
    want(p, 2, join(p, 2, "h-p-order", 8, 0600, 0), if_may(p, BOTH, BIT(SL_E_BUSY)), "joined while open");
    want(p, 2, ask_drop(p, 2, 0, "h-p-order", SL_PUT_UNKEPT), if_may(p, BOTH, BIT(SL_E_BUSY)), "dropped while open");
    want(p, 1, join(p, 1, "h-p-order", 8, 0600, 0), if_may(p, BOTH, BIT(SL_E_BUSY)), "joined by its own channel");
    want(p, 1, ask_raw(p, 1, SL_MSG_DATA, "12345678", 8), DONE, "all of it");
    want(p, 1, ask_raw(p, 1, SL_MSG_DATA, "9", 1), may(p, BOTH) ? BIT(SL_E_INVALID) : DONE, "a byte more");
    want(p, 1, ask_raw(p, 1, SL_MSG_ABORT, NULL, 0), DONE, "abort");
    ask_part(p, 1, 0, "h-p-order", 0, 4, 8);
    want(p, 1, ask_raw(p, 1, SL_MSG_HOLE, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9), may(p, BOTH) ? BIT(SL_E_INVALID) : DONE, "a hole of 2^63-1");
    ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
    want(p, 1, ask_part(p, 1, 0, "h-p-order", 0, 7, 7), if_may(p, BOTH, BIT(SL_E_INVALID)), "of a smaller file");
    ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
    want(p, 1, ask_part(p, 1, 0, "h-p-order", 0, 0, 8), done, "and once more");
    want(p, 1, ask_part(p, 1, 0, "h-p-order", 0, 0, 8), if_may(p, BOTH, BIT(SL_E_INVALID)), "two at a time");
    want(p, 1, ask_raw(p, 1, SL_MSG_DATA, "x", 1), DONE, "passed over");
    ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
    want(p, 2, join(p, 2, "h-p-order", 9, 0600, 0), if_may(p, BOTH, BIT(SL_E_INVALID)), "as a longer one");
    want(p, 2, join(p, 2, "h-p-order", 8, 0600, SL_PUT_INPLACE), if_may(p, BOTH, BIT(SL_E_INVALID)), "in place");
    want(p, 2, join(p, 2, "h-p-order", 8, 0600, SL_PUT_REPLACE), if_may(p, BOTH, DONE | BIT(SL_E_RIGHTS)), "joined");
    want(p, 2, join(p, 2, "h-p-order", 8, 0600, SL_PUT_REPLACE), if_may(p, BOTH, BIT(SL_E_NOT_FOUND)), "twice");
    want(p, 1, ask_part(p, 1, 0, "h-p-order", 0, 0, 8), if_may(p, BOTH, BIT(SL_E_NOT_FOUND)), "a part of what is joined");
    ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
    want(p, 1, ask_drop(p, 1, 0, "h-p-order", 0), if_may(p, BOTH, BIT(SL_E_NOT_FOUND)), "dropped, when it is joined");
}

/* ---- the tree, seen from here ---- */

static char *below(const struct peer *p, const char *name)
{
    return sl_asprintf("%s/%s", p->plan->tree, name);
}

static void unlink_below(const struct peer *p, const char *name)
{
    char *path = below(p, name);
    unlink(path);
    free(path);
}

static bool look(const struct peer *p, const char *name, struct stat *st)
{
    char *path = below(p, name);
    bool there = lstat(path, st) == 0;
    free(path);
    return there;
}

static void refused(struct peer *p, const char *name, uint64_t good, const char *what)
{
    want(p, 1, ask_part(p, 1, 0, name, 0, 0, 8), if_may(p, BOTH, good), what);
    want(p, 1, ask_raw(p, 1, SL_MSG_DATA, "x", 1), may(p, BOTH) ? DONE : DONE | BIT(SL_E_INVALID), "data");
    ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
    want(p, 1, ask_part(p, 1, 0, name, SL_PUT_FIRST, 0, 8), if_may(p, BOTH, BIT(SL_E_EXISTS)), "as the first");
    ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
    want(p, 1, join(p, 1, name, 8, 0600, SL_PUT_REPLACE), if_may(p, BOTH, good), "joined");
    want(p, 1, ask_drop(p, 1, 0, name, SL_PUT_UNKEPT), if_may(p, BOTH, good), "dropped");
}

/* What somebody else has put under the staged name is neither opened nor moved nor removed: links, the inode of another name, a stranger's file. */
static void planted(struct peer *p)
{
    static const char *const names[] = { ".h-pl1." TOKEN ".slpart", ".h-pl2." TOKEN ".slpart", ".h-pl3." TOKEN ".slpart", ".h-pl4." TOKEN ".slpart" };
    struct stat st;
    char *at[4];
    char *secret = sl_asprintf("%s/secret", p->plan->outside), *hard = below(p, "h-hard");
    for (size_t i = 0; i < 4; i++) {
        unlink_below(p, names[i]);
        at[i] = below(p, names[i]);
    }
    int fd = open(at[3], O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    bool owned = fd >= 0 && fchown(fd, STRANGER, STRANGER) == 0;
    close(fd);
    if (symlink(secret, at[0]) != 0 || symlink("nothing", at[1]) != 0 || link(hard, at[2]) != 0)
        bad(p, "CANNOT PLANT: %s", strerror(errno));
    hello(p);
    refused(p, "h-pl1", BIT(SL_E_TYPE), "a link to outside");
    refused(p, "h-pl2", BIT(SL_E_TYPE), "a link to nothing");
    refused(p, "h-pl3", BIT(SL_E_DENIED), "a file with another name");
    if (owned)
        refused(p, "h-pl4", BIT(SL_E_DENIED), "somebody else's file");
    for (size_t i = 0; i < 4; i++) {
        if (!look(p, names[i], &st))
            bad(p, "%s IS GONE", names[i]);
        unlink(at[i]);
        free(at[i]);
    }
    if (look(p, "nothing", &st))
        bad(p, "A FILE WAS MADE THROUGH A LINK");
    free(secret);
    free(hard);
}

/* A process that waits for somebody at a fifo must go on waiting. */
static void planted_fifo(struct peer *p)
{
    char *path = below(p, ".h-pl5." TOKEN ".slpart");
    int status = 0;
    unlink(path);
    if (mkfifo(path, 0600) != 0)
        bad(p, "NO FIFO: %s", strerror(errno));
    pid_t waiting = fork();
    if (waiting == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(20);
        _exit(open(path, O_RDONLY | O_CLOEXEC) >= 0 ? 0 : 1);
    }
    usleep(50000);
    hello(p);
    refused(p, "h-pl5", BIT(SL_E_TYPE), "a fifo");
    usleep(50000);
    if (waitpid(waiting, &status, WNOHANG) == waiting)
        bad(p, "WHO WAITED WAS WOKEN: THE FIFO WAS OPENED");
    else {
        kill(waiting, SIGKILL);
        waitpid(waiting, &status, 0);
    }
    unlink(path);
    free(path);
}

/* ---- rights ---- */

/* Nothing is replaced without the right to, by joining or by dropping; nobody's files are given away, and no bit is set, without `meta`. */
static void rights(struct peer *p)
{
    uint64_t over = may(p, SL_RIGHT_OVERWRITE) ? DONE : BIT(SL_E_RIGHTS);
    struct stat st, was = { 0 };
    hello(p);
    unlink_below(p, "h-p-new");
    if (!look(p, "file", &was))
        bad(p, "NO FILE");
    whole(p, "file", INSIDE);
    want(p, 1, join(p, 1, "file", strlen(INSIDE), 0644, 0), if_may(p, BOTH, BIT(SL_E_EXISTS)), "joined where something is");
    whole(p, "file", INSIDE);
    want(p, 1, join(p, 1, "file", strlen(INSIDE), 0644, SL_PUT_REPLACE), if_may(p, BOTH, over), "joined over it");
    whole(p, "file", INSIDE);
    want(p, 1, ask_drop(p, 1, 0, "file", SL_PUT_REPLACE | SL_PUT_PARTIAL), if_may(p, BOTH, DONE), "dropped over it");
    if (!look(p, "file", &st) || (st.st_ino != was.st_ino && !may(p, BOTH | SL_RIGHT_OVERWRITE)))
        bad(p, "THE FILE WAS REPLACED");
    whole(p, "h-p-new", INSIDE);
    want(p, 1, join(p, 1, "h-p-new", strlen(INSIDE), 07755, 0), if_may(p, BOTH, DONE), "joined as something new");
    if (look(p, "h-p-new", &st) && (!may(p, BOTH) || (!may(p, SL_RIGHT_META) && (st.st_mode & 07000 || st.st_uid == STRANGER || st.st_gid == STRANGER))))
        bad(p, "IT HAS MODE %o AND OWNER %u", (unsigned)st.st_mode & 07777, (unsigned)st.st_uid);
    unlink_below(p, "h-p-new");
}

/* Names that the module excludes, and those of staged files. */
static void hidden(struct peer *p)
{
    static const char *const names[] = { "h-new.key", "private", ".x.0abcdefg.slpart" };
    struct stat st;
    hello(p);
    for (size_t i = 0; i < 3; i++) {
        want(p, 1, ask_part(p, 1, 0, names[i], SL_PUT_FIRST, 0, 8), BIT(SL_E_RIGHTS), names[i]);
        ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
        want(p, 1, join(p, 1, names[i], 8, 0600, SL_PUT_REPLACE), BIT(SL_E_RIGHTS), "joined");
        want(p, 1, ask_drop(p, 1, 0, names[i], SL_PUT_PARTIAL), BIT(SL_E_RIGHTS), "dropped");
    }
    if (look(p, "h-new.key", &st) || look(p, ".h-new.key." TOKEN ".slpart", &st))
        bad(p, "WHAT IS EXCLUDED WAS MADE");
}

/* ---- many ---- */

/* Parts by the thousand, on every channel, each left open until the next: nothing piles up. */
static void many(struct peer *p)
{
    uint32_t n = (uint32_t)(50000 * p->plan->scale);
    uint64_t last[LANES] = { 0 };
    char name[32];
    hello(p);
    for (uint8_t ch = 2; ch < LANES; ch++)
        ask_attach(p, ch, 0);
    for (uint32_t i = 0; i < n && !peer_over(p); i++) {
        uint8_t ch = (uint8_t)(1 + i % (LANES - 1));
        snprintf(name, sizeof name, "h-p-many%u", ch);
        ask_part(p, ch, 0, name, SL_PUT_FIRST, i, UINT32_MAX);
        ask_raw(p, ch, SL_MSG_DATA, "x", 1);
        ask_raw(p, ch, SL_MSG_ABORT, NULL, 0);
        last[ch] = ask_drop(p, ch, 0, name, SL_PUT_UNKEPT);
        if (i % 4096 == 4095)
            outcome(p, ch, last[ch]);
    }
    for (uint8_t ch = 1; ch < LANES; ch++)
        if (last[ch])
            want(p, ch, last[ch], if_may(p, BOTH, DONE), "the last of many");
}

const struct attack part_attacks[] = {
    { "parts-order", order, 0 },   { "parts-planted", planted, TREE }, { "parts-planted-fifo", planted_fifo, TREE },
    { "parts-rights", rights, TREE }, { "parts-hidden", hidden, HIDES }, { "parts-many", many, 0 },
    { NULL, NULL, 0 },
};
