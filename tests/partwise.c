/* SPDX-License-Identifier: ISC */
/*
 * partwise - copies one file in parts, each over a connection of its own on either side, by the operations of endpoints alone; a planner with no plan.
 * Usage: partwise [OPTION]... PARTS FROM-DIR NAME TO-DIR
 *   --rsh=COMMAND    as -e of superlifter
 *   --replace        the one that is there is replaced
 *   --confine        gives up what a client gives up, but for reading below FROM-DIR and all below TO-DIR (local)
 *   --lose=BYTES     the connection of the second part is closed when it has written so many, and made anew
 *   --die=BYTES      so ends the process itself, without a word
 *   --then=COMMAND   is run by a shell when the first piece has come
 *   --drop=FLAGS     all is dropped in the end, not joined
 *   --without=NAME   a feature that is not named to the servers
 * The last line says what came of it: "joined", "dropped" or "failed: CODE TEXT".
 */
#include "config.h"
#include "base/confine.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/endpoint.h"
#include "client/remote.h"
#include "proto/msg.h"
#include "tree/stage.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PARTS_MAX = 16, ROOM = 160 * 1024 /* for a piece */, WAIT_MS = 30000, META = SL_META_MODE | SL_META_MTIME };

static struct sl_options o;
static struct sl_address from_address, to_address;
static struct sl_error failure;
static uint64_t lose, die;
static const char *then;

struct part {
    struct sl_endpoint *from, *to;
    uint32_t from_dir, to_dir;
    uint64_t at, len, written, version, commit;
    bool begun, reading, ended;
};

static void note(const char *line)
{
    fprintf(stderr, "%s\n", line);
}

static void fail(const struct sl_error *err)
{
    if (!failure.code)
        failure = *err;
}

static void on_failed(void *ctx, struct sl_endpoint *e, enum sl_job job, uint64_t ticket, const struct sl_error *err)
{
    (void)ctx;
    (void)e;
    (void)job;
    (void)ticket;
    fail(err);
}

static void check(enum sl_code rc, const struct sl_error *err)
{
    if (rc != SL_OK)
        fail(err);
}

static void pump(struct sl_endpoint *e, bool wait)
{
    struct sl_error err = { 0 };
    check(sl_remote_pump(e, NULL, wait, &err), &err);
}

/* ---- endpoints ---- */

static uint32_t open_base(struct sl_endpoint *e, const struct sl_place *place)
{
    char *path = sl_strdup(place->base), *save = NULL;
    uint32_t at = place->root;
    for (const char *name = strtok_r(path, "/", &save); name; name = strtok_r(NULL, "/", &save)) {
        uint32_t id = e->next_id++;
        e->ops->open_dir(e, SL_JOB_WORK, at, id, name);
        at = id;
    }
    free(path);
    return at;
}

static struct sl_endpoint *open_one(const struct sl_address *a, enum sl_side side, uint32_t *dir)
{
    struct sl_endpoint *e = NULL;
    struct sl_error err = { 0 };
    struct sl_place place = { 0 };
    int status;
    if (a->kind == SL_ADDR_LOCAL)
        e = sl_local_new(side, true, NULL);
    else
        check(sl_remote_open(&e, side, a, &o, note, &err, &status), &err);
    if (!e)
        return NULL;
    e->failed = on_failed;
    enum sl_code rc = e->ops->place(e, a->path, true, &place, &err);
    check(rc, &err);
    *dir = rc == SL_OK ? open_base(e, &place) : 0;
    sl_place_clear(&place);
    return e;
}

static uint64_t size_of(struct sl_endpoint *e, const char *name)
{
    struct sl_place place = { 0 };
    struct sl_error err = { 0 };
    char *path = sl_asprintf("%s/%s", from_address.path, name);
    check(e->ops->place(e, path, true, &place, &err), &err);
    uint64_t size = place.entry.size;
    sl_place_clear(&place);
    free(path);
    return size;
}

/* Until a ticket is answered. */
static void await(struct sl_endpoint *e, uint64_t ticket)
{
    uint64_t end = sl_now_ms() + WAIT_MS;
    while (!failure.code && e->acked[SL_JOB_WORK] < ticket && sl_now_ms() < end)
        pump(e, true);
    if (e->acked[SL_JOB_WORK] < ticket && !failure.code)
        check(SL_E_TIMEOUT, &(struct sl_error){ .code = SL_E_TIMEOUT, .text = "no answer" });
}

/* ---- parts ---- */

static void begin(struct part *p, const struct sl_new *n, const char *token, bool first)
{
    struct sl_new mine = *n;
    mine.dir = p->to_dir;
    mine.flags |= first ? SL_PUT_FIRST : 0;
    p->to->ops->part(p->to, &mine, token, p->at);
    if (first)
        await(p->to, p->to->issued[SL_JOB_WORK]);
    p->from->ops->read_part(p->from, p->from_dir, n->entry->name, p->at, p->len);
    p->begun = p->reading = true;
    p->written = 0;
}

static void took(uint64_t n)
{
    static uint64_t all;
    all += n;
    if (then && system(then) != 0)
        check(SL_E_IO, &(struct sl_error){ .code = SL_E_IO, .text = "the command failed" });
    then = NULL;
    if (die && all >= die)
        _exit(9);
}

static void take(struct part *p, const struct sl_piece *piece)
{
    switch (piece->kind) {
    case SL_PIECE_DATA:
    case SL_PIECE_WHOLE:
        p->to->ops->data(p->to, piece->data, piece->len);
        p->written += piece->len;
        took(piece->len);
        break;
    case SL_PIECE_HOLE:
        p->to->ops->hole(p->to, piece->hole);
        break;
    case SL_PIECE_END:
        p->to->ops->commit(p->to, piece->hash);
        p->commit = p->to->issued[SL_JOB_WORK];
        p->version = piece->changed ? 0 : piece->version;
        p->reading = false;
        p->ended = true;
        break;
    case SL_PIECE_FAILED:
        fail(&piece->error);
        break;
    }
}

/* One piece on, if there is one and room for it. */
static bool step(struct part *p)
{
    struct sl_piece piece;
    struct sl_error err = { 0 };
    pump(p->from, false);
    pump(p->to, false);
    if (!p->reading || p->to->ops->room(p->to, SL_JOB_WORK) < ROOM)
        return false;
    enum sl_code rc = p->from->ops->piece(p->from, &piece, &err);
    if (rc == SL_AGAIN)
        return false;
    check(rc, &err);
    if (rc == SL_OK)
        take(p, &piece);
    p->from->ops->piece_taken(p->from);
    return true;
}

/* Its connection is cut, and another takes its place; the server of the first may not have noticed yet. */
static void replace(struct part *p, const struct sl_new *n, const char *token)
{
    lose = 0;
    pump(p->to, false);
    p->to->ops->free(p->to);
    p->from->ops->free(p->from);
    p->to = open_one(&to_address, SL_SIDE_DEST, &p->to_dir);
    p->from = open_one(&from_address, SL_SIDE_SOURCE, &p->from_dir);
    if (p->to && p->from)
        begin(p, n, token, false);
    puts("a part was begun again");
}

static void run(struct part *parts, size_t count, const struct sl_new *n, const char *token)
{
    size_t left = count;
    begin(&parts[0], n, token, true);
    for (size_t i = 1; i < count && !failure.code; i++)
        begin(&parts[i], n, token, false);
    while (left && !failure.code) {
        bool moved = false;
        left = count;
        for (size_t i = 0; i < count && !failure.code; i++) {
            moved |= step(&parts[i]);
            if (i == 1 && lose && parts[i].written >= lose && !parts[i].ended)
                replace(&parts[i], n, token);
            left -= parts[i].ended && parts[i].to->acked[SL_JOB_WORK] >= parts[i].commit;
        }
        if (!moved)
            usleep(500);
    }
    for (size_t i = 1; i < count && !failure.code; i++)
        if (!parts[i].version || parts[i].version != parts[0].version)
            check(SL_E_CHANGED, &(struct sl_error){ .code = SL_E_CHANGED, .text = "the parts are not of one version" });
}

/* Joined or dropped by the last one; again, as long as somebody still has a part open. */
static void finish(struct part *p, const struct sl_new *n, const char *token, long drop)
{
    uint64_t end = sl_now_ms() + WAIT_MS;
    struct sl_new mine = *n;
    mine.dir = p->to_dir;
    do {
        failure.code = SL_OK;
        if (drop >= 0)
            p->to->ops->drop(p->to, mine.dir, n->entry->name, token, (uint32_t)drop);
        else
            p->to->ops->join(p->to, &mine, token);
        await(p->to, p->to->issued[SL_JOB_WORK]);
    } while (failure.code == SL_E_BUSY && sl_now_ms() < end);
}

static void confine(const char *from, const char *to)
{
    struct sl_error err = { 0 };
    struct sl_confine_abilities done;
    struct sl_confine *c = sl_confine_new();
    enum sl_code rc = sl_confine_path(c, to, SL_CONFINE_LIST | SL_CONFINE_READ | SL_CONFINE_WRITE, &err);
    if (rc == SL_OK && from_address.kind == SL_ADDR_LOCAL)
        rc = sl_confine_path(c, from, SL_CONFINE_LIST | SL_CONFINE_READ, &err);
    if (rc == SL_OK)
        rc = sl_confine_begin(&err);
    if (rc == SL_OK)
        rc = sl_confine_enter(c, SL_CONFINE_CLIENT, NULL, &done, &err);
    check(rc, &err);
    sl_confine_free(c);
}

static const struct option options[] = {
    { "rsh", required_argument, NULL, 'e' },  { "replace", no_argument, NULL, 'r' },   { "confine", no_argument, NULL, 'c' },
    { "lose", required_argument, NULL, 'l' }, { "die", required_argument, NULL, 'd' }, { "drop", required_argument, NULL, 'D' },
    { "without", required_argument, NULL, 'w' },
    { "then", required_argument, NULL, 't' }, { NULL, 0, NULL, 0 },
};

/* The options of the client that a connection needs, by its own parser. */
static void client_options(const char *rsh)
{
    char *argv[] = { "superlifter", "-a", "-e", (char *)(uintptr_t)(rsh ? rsh : "ssh"), "a/", "b/", NULL };
    struct sl_error err = { 0 };
    if (sl_options_parse(&o, 6, argv, &err) != SL_OPTIONS_RUN)
        fail(&err);
}

int main(int argc, char **argv)
{
    const char *rsh = NULL, *without = NULL;
    bool confined = false;
    long drop = -1;
    uint32_t flags = 0;
    struct part parts[PARTS_MAX] = { 0 };
    char token[SL_TOKEN_LEN];
    struct sl_error err = { 0 };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) >= 0;)
        switch (c) {
        case 'e': rsh = optarg; break;
        case 'r': flags = SL_PUT_REPLACE; break;
        case 'c': confined = true; break;
        case 'l': lose = strtoull(optarg, NULL, 10); break;
        case 'd': die = strtoull(optarg, NULL, 10); break;
        case 'D': drop = strtol(optarg, NULL, 10); break;
        case 't': then = optarg; break;
        case 'w': without = optarg; break;
        default: return 2;
        }
    char **words = argv + optind;        /* the client's parser moves optind */
    size_t count = argc - optind == 4 ? strtoul(words[0], NULL, 10) : 0;
    if (!count || count > PARTS_MAX)
        return 2;
    const char *name = words[2];
    client_options(rsh);
    o.test_mask = without;
    check(sl_address_parse(&from_address, words[1], &err), &err);
    check(sl_address_parse(&to_address, words[3], &err), &err);
    for (size_t i = 0; i < count && !failure.code; i++) {
        parts[i].from = open_one(&from_address, SL_SIDE_SOURCE, &parts[i].from_dir);
        parts[i].to = open_one(&to_address, SL_SIDE_DEST, &parts[i].to_dir);
    }
    struct sl_entry e = { .type = SL_TYPE_FILE, .mode = 0640, .mtime_s = 1000000000, .name = name, .name_len = strlen(name) };
    if (!failure.code)
        e.size = size_of(parts[0].from, name);
    if (confined && !failure.code)
        confine(from_address.path, to_address.path);
    for (size_t i = 0; i < count && !failure.code; i++) {
        parts[i].at = e.size / count * i;
        parts[i].len = i == count - 1 ? e.size - parts[i].at : e.size / count;
        if (!parts[i].to->parts || !parts[i].from->versions)
            check(SL_E_UNSUPPORTED, &(struct sl_error){ .code = SL_E_UNSUPPORTED, .text = "it has no parts" });
    }
    struct sl_new n = { .meta = META, .flags = flags, .entry = &e };
    sl_stage_token(token);
    if (!failure.code)
        run(parts, count, &n, token);
    if (!failure.code || (drop >= 0 && parts[count - 1].to))
        finish(&parts[count - 1], &n, token, drop);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].from)
            parts[i].from->ops->free(parts[i].from);
        if (parts[i].to)
            parts[i].to->ops->free(parts[i].to);
    }
    sl_options_clear(&o);
    sl_address_clear(&from_address);
    sl_address_clear(&to_address);
    if (failure.code)
        printf("failed: %s %s\n", sl_code_name(failure.code), failure.text);
    else
        puts(drop >= 0 ? "dropped" : "joined");
    return failure.code ? 1 : 0;
}
