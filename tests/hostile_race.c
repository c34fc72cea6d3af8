/* SPDX-License-Identifier: ISC */
/*
 * hostile_race - requests through names that another process (swap.c) exchanges with links to outside all the while. No content
 * but that of inside may come, and whoever starts this looks at the outside afterwards.
 */
#include "config.h"
#include "tests/hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STOLEN "h-stolen"
enum { RACE = 50, INTO = 51, BATCH = 64 };

static void race_begin(struct peer *p)
{
    sl_hash_once(INSIDE, strlen(INSIDE), p->only_hash);
    p->hash_checked = true;
    hello(p);
    want(p, 1, ask_open(p, 1, 0, RACE, "race"), DONE, "race");
}

/* One try of each attack; `i` counts. */
typedef void race_try(struct peer *p, long i);

static uint64_t links_met(const struct lane *l)
{
    return l->by_code[SL_E_LINK] + l->by_code[SL_E_NOT_DIR] + l->by_code[SL_E_TYPE] + l->content_fails + l->links;
}

/* Goes on up to `patience` times as long where no link was met: on a busy machine the other process has to get its turn first. */
static uint64_t run_race(struct peer *p, race_try *one, long patience)
{
    struct lane *l = peer_lane(p, 1);
    long i = 0;
    race_begin(p);
    for (; (i < p->plan->tries || (i < p->plan->tries * patience && !links_met(l))) && !peer_over(p); i++) {
        one(p, i);
        if (i % BATCH == BATCH - 1)
            outcome(p, 1, ask_raw(p, 1, 60, NULL, 0));
    }
    want_alive(p, 1, "the end");
    uint64_t links = links_met(l), files = l->contents + l->hashes;
    tell(p, "%ld tries: %llu files, %llu records, %llu links met, %llu other refusals; ", i, (unsigned long long)files,
         (unsigned long long)l->records, (unsigned long long)links,
         (unsigned long long)(l->fail_count - l->by_code[SL_E_LINK] - l->by_code[SL_E_NOT_DIR] - l->by_code[SL_E_TYPE]));
    return links;
}

/* A race in which the link was never there is none. */
static void must_meet(struct peer *p, race_try *one)
{
    if (!run_race(p, one, 50) && p->plan->tries >= 1000)
        bad(p, "NO LINK WAS EVER MET: NOTHING RACED");
}

/* Into the directory, and everything in it. */
static void try_directory(struct peer *p, long i)
{
    (void)i;
    ask_open(p, 1, RACE, INTO, "d");
    ask_named(p, 1, SL_MSG_READ, INTO, "in");
    ask_named(p, 1, SL_MSG_HASH, INTO, "in");
    ask_list(p, 1, INTO, "", SL_LIST_RECURSE);
    ask_close(p, 1, INTO);
}

static void try_write(struct peer *p, long i)
{
    struct sl_entry e = entry_of(SL_TYPE_FILE, "in");
    (void)i;
    ask_open(p, 1, RACE, INTO, "d");
    ask_simple(p, 1, SL_MSG_PUT, INTO, "made", SL_PUT_REPLACE);
    ask_simple(p, 1, SL_MSG_WRITE, INTO, "written", SL_PUT_REPLACE);
    ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
    ask_simple(p, 1, SL_MSG_MKDIR, INTO, "made-dir", 0);
    ask_simple(p, 1, SL_MSG_SYMLINK, INTO, "made-link", SL_PUT_REPLACE);
    ask_make(p, 1, SL_MSG_SET_META, INTO, &e, SL_META_MODE | SL_META_MTIME, 0, NULL);
    ask_named(p, 1, SL_MSG_REMOVE, INTO, "made");
    ask_named(p, 1, SL_MSG_REMOVE, INTO, "made-link");
    ask_close(p, 1, INTO);
}

/* A file put together from one byte of another, with the hash that only the secret's first byte has. */
static void steal(struct peer *p)
{
    uint8_t hash[SL_HASH_LEN];
    sl_hash_once("t", 1, hash);
    ask_simple(p, 1, SL_MSG_WRITE, RACE, STOLEN, SL_PUT_REPLACE);
    ask_named(p, 1, SL_MSG_BASIS, RACE, "f");
    ask_raw(p, 1, SL_MSG_COPY, "\0\0\1", 3);
    ask_raw(p, 1, SL_MSG_COMMIT, hash, sizeof hash);
}

static void try_file(struct peer *p, long i)
{
    (void)i;
    ask_named(p, 1, SL_MSG_READ, RACE, "f");
    ask_named(p, 1, SL_MSG_HASH, RACE, "f");
    ask_named(p, 1, SL_MSG_READ_RANGES, RACE, "f");
    ask_named(p, 1, SL_MSG_CHUNKS, RACE, "f");
    steal(p);
}

/* Metadata of a file, and of the directory, that is a link now and then. Every value differs from the one before. */
static void try_metadata(struct peer *p, long i)
{
    struct sl_entry e = entry_of(SL_TYPE_FILE, "f"), d = entry_of(SL_TYPE_DIR, "d");
    e.mtime_s = d.mtime_s = 1000 + i;
    e.mode = i % 2 ? 0600 : 0644;
    d.mode = i % 2 ? 0755 : 0711;
    ask_make(p, 1, SL_MSG_SET_META, RACE, &e, SL_META_MODE | SL_META_MTIME, 0, NULL);
    ask_make(p, 1, SL_MSG_SET_META, RACE, &e, SL_META_MTIME, 0, NULL);
    ask_make(p, 1, SL_MSG_SET_META, RACE, &d, SL_META_MODE | SL_META_MTIME, 0, NULL);
    e.uid = e.gid = d.uid = d.gid = (uint32_t)(i % 2);
    ask_make(p, 1, SL_MSG_SET_META, RACE, &e, SL_META_UID | SL_META_GID, 0, NULL);
    ask_make(p, 1, SL_MSG_SET_META, RACE, &d, SL_META_UID | SL_META_GID, 0, NULL);
}

/* Attributes of what is a link now and then, read and set; all of these take the name once more than others do. */
static void try_attributes(struct peer *p, long i)
{
    static const char *const values[] = { "1", "2" };
    struct sl_entry e = entry_of(SL_TYPE_FILE, "f"), d = entry_of(SL_TYPE_DIR, "d");
    ask_named(p, 1, SL_MSG_GET_ATTRS, RACE, "f");
    ask_named(p, 1, SL_MSG_GET_ATTRS, RACE, "d");
    ask_attrs(p, 1, SL_ATTRS_XATTRS | SL_ATTRS_USER, "user.hostile", values[i % 2]);
    ask_make(p, 1, SL_MSG_SET_META, RACE, &e, 0, 0, NULL);
    ask_attrs(p, 1, SL_ATTRS_SETS | SL_ATTRS_USER, "user.hostile", values[i % 2]);
    ask_make(p, 1, SL_MSG_SET_META, RACE, &d, SL_META_MODE, 0, NULL);
}

/* Names that are replaced and removed while they change places. */
static void try_replace(struct peer *p, long i)
{
    struct sl_entry e = entry_of(SL_TYPE_FILE, "f");
    ask_make(p, 1, SL_MSG_PUT, RACE, &e, SL_META_MODE, SL_PUT_REPLACE, INSIDE);
    if (i % 8 == 0)
        ask_named(p, 1, SL_MSG_REMOVE, RACE, "f");
    if (i % 8 == 4)
        ask_named(p, 1, SL_MSG_REMOVE, RACE, "d");
}

/* A part, into what is a link now and then, and joined; what was made of it is read. */
static void try_parts(struct peer *p, long i)
{
    static const char text[] = "h-stolen";
    struct sl_entry e = entry_of(SL_TYPE_FILE, "p");
    uint8_t hash[SL_HASH_LEN];
    e.size = sizeof text - 1;
    sl_hash_once(text, sizeof text - 1, hash);
    ask_part(p, 1, RACE, "p", 0, 0, sizeof text - 1);
    ask_raw(p, 1, SL_MSG_DATA, text, sizeof text - 1);
    ask_raw(p, 1, SL_MSG_COMMIT, hash, sizeof hash);
    if (i % 8 == 0)
        ask_make(p, 1, SL_MSG_JOIN, RACE, &e, SL_META_MODE | SL_META_MTIME, SL_PUT_REPLACE, NULL);
    if (i % 8 == 4)
        ask_drop(p, 1, RACE, "p", SL_PUT_REPLACE | SL_PUT_PARTIAL);
    ask_named(p, 1, SL_MSG_READ, RACE, "p");
}

/* The walk looks at a name and enters it later. */
static void try_list(struct peer *p, long i)
{
    ask_list(p, 1, RACE, i % 2 ? "" : "d", SL_LIST_RECURSE);
}

static void directory(struct peer *p) { must_meet(p, try_directory); }
static void writes(struct peer *p) { must_meet(p, try_write); }

static void file(struct peer *p)
{
    if (may(p, SL_RIGHT_READ) || may(p, SL_RIGHT_HASH))
        must_meet(p, try_file);
    else
        run_race(p, try_file, 1);
    char *path = p->plan->tree ? sl_asprintf("%s/race/%s", p->plan->tree, STOLEN) : NULL;
    if (path && access(path, F_OK) == 0)
        bad(p, "A BYTE OF THE SECRET WAS COPIED");
    free(path);
}

static void metadata(struct peer *p)
{
    if (may(p, SL_RIGHT_META))
        must_meet(p, try_metadata);
    else
        run_race(p, try_metadata, 1);
}

static void attributes(struct peer *p)
{
    if (may(p, SL_RIGHT_META))
        must_meet(p, try_attributes);
    else
        run_race(p, try_attributes, 1);
}

static void lists(struct peer *p)
{
    if (may(p, SL_RIGHT_LIST))
        must_meet(p, try_list);
    else
        run_race(p, try_list, 1);
}

static void parts(struct peer *p)
{
    if (may(p, SL_RIGHT_CREATE | SL_RIGHT_READ))
        must_meet(p, try_parts);
    else
        run_race(p, try_parts, 1);
}

/* Each of these waits for the other process to leave the directory alone. */
static void replace(struct peer *p)
{
    struct plan fewer = *p->plan;
    fewer.tries = fewer.tries > 10000 ? fewer.tries : fewer.tries / 8;
    const struct plan *all = p->plan;
    p->plan = &fewer;
    run_race(p, try_replace, 1);
    p->plan = all;
}

const struct attack race_attacks[] = {
    { "race-directory", directory, RACES }, { "race-file", file, RACES },        { "race-list", lists, RACES },
    { "race-write", writes, RACES },        { "race-metadata", metadata, RACES }, { "race-replace", replace, RACES },
    { "race-parts", parts, RACES },         { "race-attributes", attributes, RACES },
    { NULL, NULL, 0 },
};
