/* SPDX-License-Identifier: ISC */
/*
 * hostile - a client that speaks the wire directly and tries to get out of what a server exports, to do what it has no right to,
 * and to exhaust the server. One line of TAP an attack: what was tried and how the server answered. It is "ok" if every answer
 * was a refusal of the right kind (or what the rights allow), the secret never came, and the server lived within its memory.
 *
 *   hostile [OPTION]... ATTACK...|all HOST PORT       over TCP
 *   hostile [OPTION]... ATTACK...|all --fd            on standard input and output (one attack, one connection)
 *   hostile [OPTION]... ATTACK...|all -- COMMAND...   starts COMMAND for each connection
 *
 * tests/e2e-hostile.test makes the trees that the attacks expect.
 */
#include "config.h"
#include "tests/hostile.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ATTACKS_MAX = 256, LINE_MAX_BYTES = 4096, MEMORY_MIB = 64, LONGEST_S = 120, TRIES_A_SECOND = 200 };

static const struct attack *const tables[] = { name_attacks, link_attacks, order_attacks, frame_attacks, right_attacks, race_attacks,
                                              part_attacks, flood_attacks, keep_attacks, held_attacks };

static const struct { const char *name; uint32_t rights; } rights_names[] = {
    { "full", SL_RIGHT_ALL }, { "read-only", 259 }, { "append-only", 259 | 4 | 128 }, { "drop-box", 4 }, { "none", 0 },
    { "list", 1 }, { "read", 2 }, { "create", 4 }, { "overwrite", 8 }, { "delete", 16 }, { "rename", 32 }, { "meta", 64 },
    { "special", 128 }, { "hash", 256 }, { "publish", 512 },
};

static uint32_t rights_of(char *text)
{
    uint32_t all = 0;
    for (char *save = NULL, *word = strtok_r(text, ", ", &save); word; word = strtok_r(NULL, ", ", &save)) {
        size_t i = 0;
        while (i < sizeof rights_names / sizeof rights_names[0] && strcmp(rights_names[i].name, word) != 0)
            i++;
        if (i == sizeof rights_names / sizeof rights_names[0]) {
            fprintf(stderr, "hostile: no right '%s'\n", word);
            exit(2);
        }
        all |= rights_names[i].rights;
    }
    return all;
}

/* ---- arguments ---- */

enum { OPT_FD = 256, OPT_MODULE, OPT_ROOT, OPT_RIGHTS, OPT_TREE, OPT_OUTSIDE, OPT_SECRET, OPT_TRIES, OPT_MEMORY, OPT_LISTENER,
       OPT_HANDSHAKE, OPT_IDLE, OPT_SCALE, OPT_CONFINED, OPT_LIMITED, OPT_LIST, OPT_HIDES, OPT_HOLD };

static const struct option options[] = {
    { "fd", no_argument, NULL, OPT_FD },             { "module", required_argument, NULL, OPT_MODULE },
    { "root", no_argument, NULL, OPT_ROOT },         { "rights", required_argument, NULL, OPT_RIGHTS },
    { "tree", required_argument, NULL, OPT_TREE },   { "outside", required_argument, NULL, OPT_OUTSIDE },
    { "secret", required_argument, NULL, OPT_SECRET }, { "tries", required_argument, NULL, OPT_TRIES },
    { "memory", required_argument, NULL, OPT_MEMORY }, { "listener", required_argument, NULL, OPT_LISTENER },
    { "handshake", required_argument, NULL, OPT_HANDSHAKE }, { "idle", required_argument, NULL, OPT_IDLE },
    { "scale", required_argument, NULL, OPT_SCALE }, { "confined", no_argument, NULL, OPT_CONFINED },
    { "hides", no_argument, NULL, OPT_HIDES },         { "hold", required_argument, NULL, OPT_HOLD },
    { "limited", required_argument, NULL, OPT_LIMITED }, { "list", no_argument, NULL, OPT_LIST },
    { NULL, 0, NULL, 0 },
};

__attribute__((noreturn)) static void list_attacks(void)
{
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct attack *a = tables[t]; a->name; a++)
            puts(a->name);
    exit(0);
}

static void take_option(struct plan *o, int id)
{
    switch (id) {
    case OPT_FD: o->fds = true; break;
    case OPT_MODULE: o->module = optarg; break;
    case OPT_ROOT: break;
    case OPT_RIGHTS: o->rights = rights_of(optarg); break;
    case OPT_TREE: o->tree = optarg; break;
    case OPT_OUTSIDE: o->outside = optarg; break;
    case OPT_SECRET: o->secret = optarg; break;
    case OPT_TRIES: o->tries = strtol(optarg, NULL, 10); break;
    case OPT_MEMORY: o->memory_mib = strtol(optarg, NULL, 10); break;
    case OPT_LISTENER: o->listener = strtol(optarg, NULL, 10); break;
    case OPT_HANDSHAKE: o->handshake_s = (unsigned)strtoul(optarg, NULL, 10); break;
    case OPT_IDLE: o->idle_s = (unsigned)strtoul(optarg, NULL, 10); break;
    case OPT_SCALE: o->scale = strtod(optarg, NULL); break;
    case OPT_CONFINED: o->confined = true; break;
    case OPT_HIDES: o->hides = true; break;
    case OPT_HOLD: o->hold_s = strtol(optarg, NULL, 10); break;
    case OPT_LIMITED: o->limited = optarg; break;
    case OPT_LIST: list_attacks();
    default: exit(2);
    }
}

/* ---- one attack ---- */

static const char *why_not(const struct plan *o, const struct attack *a)
{
    if (a->flags & RACES && !o->tries)
        return "no --tries";
    if (a->flags & TREE && !(o->tree && o->outside))
        return "no --tree and --outside";
    if (a->flags & HIDES && !(o->hides && o->tree))
        return "nothing is excluded";
    if (a->flags & HOLDS && !o->hold_s)
        return "no --hold";
    if (a->flags & HOLDS && !(o->handshake_s && o->idle_s))
        return "the server's deadlines are not known";
    if (a->flags & WRITES && !(o->rights & SL_RIGHT_CREATE))
        return "nothing can be made with these rights";
    return NULL;
}

/* One line, without what a terminal or TAP could take for its own. */
static void print_line(bool good, const struct attack *a, const char *told, const char *end)
{
    printf("%s - %s: ", good ? "ok" : "not ok", a->name);
    for (const char *c = told; *c; c++)
        putchar(*c < ' ' || *c == '#' || *c > '~' ? '?' : *c);
    printf("%s\n", end);
    fflush(stdout);
}

static bool attack(const struct plan *o, const struct attack *a)
{
    struct peer *p = sl_malloc(sizeof *p);
    char end[80] = "";
    const char *skip = why_not(o, a);
    if (skip) {
        printf("ok - %s # SKIP %s\n", a->name, skip);
        fflush(stdout);
        free(p);
        return true;
    }
    alarm(LONGEST_S + (unsigned)(o->tries / TRIES_A_SECOND));
    peer_open(p, o);
    a->run(p);
    peer_close(p);
    if (o->memory_mib && p->peak_kib > o->memory_mib * 1024)
        bad(p, "THE SERVER TOOK %ld MiB", p->peak_kib / 1024);
    if (p->peak_kib)
        snprintf(end, sizeof end, "peak %ld.%ld MiB", p->peak_kib / 1024, p->peak_kib % 1024 * 10 / 1024);
    bool good = !p->bad;
    print_line(good, a, p->told, end);
    free(p);
    return good;
}

/* ---- all of them ---- */

static size_t chosen(char **names, size_t count, const struct attack **out)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        size_t before = n;
        for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
            for (const struct attack *a = tables[t]; a->name && n < ATTACKS_MAX; a++)
                if (strcmp(names[i], "all") == 0 || strncmp(a->name, names[i], strlen(names[i])) == 0)
                    out[n++] = a;
        if (n == before) {
            fprintf(stderr, "hostile: no attack is called '%s'\n", names[i]);
            exit(2);
        }
    }
    return n;
}

/* One that waits most of its time runs beside the others and writes its line when it is done. Which of a listener's processes is
 * its own can't be told then. */
static pid_t aside(const struct plan *o, const struct attack *a)
{
    struct plan mine = *o;
    mine.listener = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(attack(&mine, a) ? 0 : 1);
    return pid;
}

static bool goes_aside(const struct plan *o, const struct attack *a)
{
    return !o->fds && (a->flags & SLOW || (a->flags & WAITS && !o->listener));
}

static int run_all(const struct plan *o, const struct attack **list, size_t n)
{
    int failed = 0, status;
    size_t waiting = 0;
    for (size_t i = 0; i < n; i++)
        if (goes_aside(o, list[i]))
            waiting += aside(o, list[i]) > 0;
    if (waiting)
        usleep(200000);                  /* they are connected before the others are */
    for (size_t i = 0; i < n; i++)
        if (!goes_aside(o, list[i]))
            failed += !attack(o, list[i]);
    for (; waiting && wait(&status) > 0; waiting--)
        failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    printf("1..%zu\n", n);
    return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct plan o = { .memory_mib = MEMORY_MIB, .scale = 0.1, .root = geteuid() == 0, .rights = SL_RIGHT_ALL };
    const struct attack *list[ATTACKS_MAX];
    char *names[ATTACKS_MAX];
    size_t count = 0;
    int id, before = 0;
    for (; before < argc && strcmp(argv[before], "--") != 0; before++)
        ;
    if (before < argc)
        o.command = argv + before + 1;
    while ((id = getopt_long(before, argv, "", options, NULL)) != -1)
        take_option(&o, id);
    if (!o.command && !o.fds && before - optind >= 3) {
        o.port = argv[--before];
        o.host = argv[--before];
    }
    if (!o.command && !o.host && !o.fds) {
        fprintf(stderr, "usage: hostile [OPTION]... ATTACK... HOST PORT | --fd | -- COMMAND...\n");
        return 2;
    }
    while (optind < before && count < ATTACKS_MAX)
        names[count++] = argv[optind++];
    return run_all(&o, list, chosen(names, count, list));
}
