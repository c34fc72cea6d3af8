/* SPDX-License-Identifier: ISC */
/* hostile_names - attacks by what is no name, by symbolic links that lead out, and by directory ids. */
#include "config.h"
#include "tests/hostile.h"

#include <string.h>

static const uint8_t verbs[] = { SL_MSG_OPEN_DIR, SL_MSG_LIST, SL_MSG_READ, SL_MSG_HASH, SL_MSG_REMOVE, SL_MSG_PUT, SL_MSG_WRITE,
                                 SL_MSG_MKDIR, SL_MSG_SYMLINK, SL_MSG_MKNOD, SL_MSG_SET_META, SL_MSG_CHUNKS, SL_MSG_READ_RANGES, SL_MSG_BASIS,
                                 SL_MSG_PART, SL_MSG_JOIN, SL_MSG_DROP, SL_MSG_LINK, SL_MSG_RENAME, SL_MSG_BACKUP, SL_MSG_READ_SOME, SL_MSG_RELEASE };
static const char *const verb_names[] = { "open", "list", "read", "hash", "remove", "put", "write", "mkdir", "symlink", "mknod", "meta", "chunks",
                                         "ranges", "basis", "part", "join", "drop", "link", "rename", "backup", "some", "release" };
enum { VERBS = sizeof verbs };

/* Each verb, each on a connection of its own, for the session ends. A READ may also fail alone; one without the right to make
 * anything has its entries passed over unseen. */
static void every_verb(struct peer *p, const char *name, size_t len, bool may_be_empty)
{
    for (size_t i = 0; i < VERBS; i++) {
        uint8_t v = verbs[i];
        if (may_be_empty && len == 0 && (v == SL_MSG_LIST || v == SL_MSG_SET_META))
            continue;
        hello(p);
        uint64_t n = ask_bytes(p, 1, v, 0, name, len);
        uint64_t after = ask_raw(p, 1, 60, NULL, 0);
        want(p, 1, n, ENDED | BIT(SL_E_RIGHTS) | (v == SL_MSG_READ ? BIT(SL_E_INVALID) : 0), verb_names[i]);
        if (p->eof && outcome(p, 1, after) != ENDED)
            bad(p, "MORE WAS DONE AFTER A BROKEN REQUEST");
        if (i + 1 < VERBS)
            peer_again(p);
    }
}

static void slash(struct peer *p) { every_verb(p, "dir/in", 6, false); }
static void absolute(struct peer *p) { every_verb(p, "/etc/passwd", 11, false); }
static void dotdot(struct peer *p) { every_verb(p, "..", 2, false); }
static void dotdot_slash(struct peer *p) { every_verb(p, "../x", 4, false); }
static void dot(struct peer *p) { every_verb(p, ".", 1, false); }
static void empty(struct peer *p) { every_verb(p, "", 0, true); }
static void nul(struct peer *p) { every_verb(p, "file\0x", 6, false); }
static void only_nul(struct peer *p) { every_verb(p, "\0", 1, false); }

static void long_name(struct peer *p)
{
    char name[256];
    memset(name, 'n', sizeof name);
    every_verb(p, name, sizeof name, false);
}

/* A name of the form of staged files is a legal one; it must not make a file that an honest one could not. */
static void staged_form(struct peer *p)
{
    static const char name[] = ".x.abcdefgh.slpart";
    hello(p);
    uint64_t may_make = if_may(p, SL_RIGHT_CREATE, DONE | BIT(SL_E_NAME) | BIT(SL_E_EXISTS) | BIT(SL_E_RIGHTS));
    uint64_t got = want(p, 1, ask_simple(p, 1, SL_MSG_PUT, 0, name, 0), may_make, "put");
    want_read(p, 1, 0, name, if_may(p, SL_RIGHT_READ, DONE | BIT(SL_E_NOT_FOUND) | BIT(SL_E_NAME)), "read");
    want(p, 1, ask_list(p, 1, 0, "", SL_LIST_CHILDREN | SL_LIST_CLEAN), if_may(p, SL_RIGHT_LIST, DONE), "list");
    struct sl_buf *text = &peer_lane(p, 1)->text;
    if (sl_buf_len(text) && memmem(sl_buf_ptr(text), sl_buf_len(text), name, sizeof name - 1))
        bad(p, "IT IS LISTED");
    want(p, 1, ask_named(p, 1, SL_MSG_REMOVE, 0, name), if_may(p, SL_RIGHT_DELETE, got == DONE ? DONE : BIT(SL_E_NOT_FOUND) | BIT(SL_E_NAME)),
         "remove");
}

const struct attack name_attacks[] = {
    { "name-slash", slash, 0 },     { "name-absolute", absolute, 0 },         { "name-dotdot", dotdot, 0 },
    { "name-dotdot-slash", dotdot_slash, 0 }, { "name-dot", dot, 0 },         { "name-empty", empty, 0 },
    { "name-nul", nul, 0 },         { "name-only-nul", only_nul, 0 },         { "name-256", long_name, 0 },
    { "name-staged", staged_form, 0 }, { NULL, NULL, 0 },
};

/* ---- links ---- */

/* How opening a link is refused: where it leads is told only to who may list. */
static uint64_t refused_link(const struct peer *p)
{
    return may(p, SL_RIGHT_LIST) ? BIT(SL_E_LINK) : BIT(SL_E_NOT_DIR);
}

/* Everything through an id that was opened, if it was, by a link; sent without waiting for anything. */
static void through(struct peer *p, uint32_t id, const char *file, uint64_t first, const char *opened)
{
    uint64_t n[VERBS];
    for (size_t i = 0; i < VERBS; i++)
        n[i] = verbs[i] == SL_MSG_OPEN_DIR ? ask_open(p, 1, id, id + 1, "sub")
               : verbs[i] == SL_MSG_LIST   ? ask_list(p, 1, id, "", SL_LIST_RECURSE)
               : (verbs[i] >= SL_MSG_PUT && verbs[i] <= SL_MSG_SET_META) || verbs[i] == SL_MSG_JOIN
                   ? ask_simple(p, 1, verbs[i], id, file, SL_PUT_REPLACE)
                   : ask_named(p, 1, verbs[i], id, file);
    uint64_t abort_ = ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
    if (first)
        want(p, 1, first, refused_link(p) | BIT(SL_E_NOT_FOUND), opened);
    for (size_t i = 0; i < VERBS; i++)
        want(p, 1, n[i], BIT(SL_E_INVALID) | BIT(SL_E_RIGHTS) | (verbs[i] == SL_MSG_BASIS ? DONE : 0) /* of a WRITE that failed */, verb_names[i]);
    outcome(p, 1, abort_);
}

static void open_link(struct peer *p)
{
    static const char *const links[] = { "out-dir", "up", "abs" };
    hello(p);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t id = 10 + 2 * i;
        through(p, id, "secret", ask_open(p, 1, 0, id, links[i]), links[i]);
    }
}

static void use_before_open(struct peer *p)
{
    hello(p);
    through(p, 20, "secret", 0, "");
    through(p, 20, "secret", ask_open(p, 1, 0, 20, "out-dir"), "out-dir");
    through(p, 20, "secret", 0, "");
}

/* d -> outside, then d/secret, and the other way round: first d/x, then d becomes a link. */
static void made_link(struct peer *p)
{
    struct sl_entry e = entry_of(SL_TYPE_LINK, "h-made-link");
    hello(p);
    e.target = p->plan->outside ? p->plan->outside : "/etc";
    e.target_len = strlen(e.target);
    uint64_t good = if_may(p, SL_RIGHT_CREATE, DONE | BIT(SL_E_EXISTS) | BIT(SL_E_RIGHTS));
    uint64_t dir = ask_open(p, 1, 0, 30, "h-made-link");
    uint64_t made = ask_make(p, 1, SL_MSG_SYMLINK, 0, &e, 0, SL_PUT_REPLACE, NULL);
    through(p, 30, "secret", ask_open(p, 1, 0, 30, "h-made-link"), "open the new link");
    want(p, 1, dir, BIT(SL_E_NOT_FOUND) | refused_link(p), "open before it is there");
    want(p, 1, made, good, "make the link");
    want(p, 1, ask_simple(p, 1, SL_MSG_MKDIR, 0, "h-made-link", 0), if_may(p, SL_RIGHT_CREATE, BIT(SL_E_EXISTS)), "a directory there");
}

/* A file through a link to one. */
static void link_to_file(struct peer *p)
{
    struct sl_entry e = entry_of(SL_TYPE_FILE, "out-file");
    hello(p);
    want_read(p, 1, 0, "out-file", if_may(p, SL_RIGHT_READ, BIT(SL_E_TYPE)), "read");
    want(p, 1, ask_named(p, 1, SL_MSG_HASH, 0, "out-file"), if_may(p, SL_RIGHT_HASH, BIT(SL_E_TYPE)), "hash");
    want(p, 1, ask_named(p, 1, SL_MSG_CHUNKS, 0, "out-file"), if_may(p, SL_RIGHT_HASH, BIT(SL_E_TYPE)), "chunks");
    want(p, 1, ask_named(p, 1, SL_MSG_READ_RANGES, 0, "out-file"), if_may(p, SL_RIGHT_READ, BIT(SL_E_TYPE)), "ranges");
    want(p, 1, ask_named(p, 1, SL_MSG_READ_SOME, 0, "out-file"), if_may(p, SL_RIGHT_READ | SL_RIGHT_HASH, BIT(SL_E_TYPE)), "some");
    ask_simple(p, 1, SL_MSG_WRITE, 0, "h-of-link", 0);
    want(p, 1, ask_named(p, 1, SL_MSG_BASIS, 0, "out-file"), if_may(p, SL_RIGHT_READ, may(p, SL_RIGHT_CREATE) ? BIT(SL_E_TYPE) : DONE), "basis");
    ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
    want(p, 1, ask_make(p, 1, SL_MSG_SET_META, 0, &e, SL_META_ALL & ~(uint32_t)SL_META_UMASK, 0, NULL),
         if_may(p, SL_RIGHT_META, BIT(SL_E_TYPE)), "set metadata as of a file");
    e = entry_of(SL_TYPE_LINK, "out-file");
    e.mode = 0777;
    want(p, 1, ask_make(p, 1, SL_MSG_SET_META, 0, &e, SL_META_MODE | SL_META_MTIME | SL_META_UID | SL_META_GID, 0, NULL),
         if_may(p, SL_RIGHT_META, DONE), "as of a link");
    want(p, 1, ask_simple(p, 1, SL_MSG_PUT, 0, "out-file", 0), if_may(p, SL_RIGHT_CREATE, BIT(SL_E_EXISTS)), "put");
    want(p, 1, ask_open(p, 1, 0, 40, "out-file"), refused_link(p), "open");
}

/* A file replaces the link, never what it leads to; a file with a name outside is replaced by name only. */
static void replace_links(struct peer *p)
{
    static const char *const names[] = { "h-link", "h-hard" };
    hello(p);
    for (size_t i = 0; i < 2; i++) {
        want(p, 1, ask_simple(p, 1, SL_MSG_PUT, 0, names[i], SL_PUT_REPLACE),
             if_may(p, SL_RIGHT_CREATE, may(p, SL_RIGHT_OVERWRITE) ? DONE : BIT(SL_E_RIGHTS)), names[i]);
        uint8_t hash[SL_HASH_LEN];
        sl_hash_once("x", 1, hash);
        uint64_t w = ask_simple(p, 1, SL_MSG_WRITE, 0, names[i], SL_PUT_REPLACE);
        ask_raw(p, 1, SL_MSG_DATA, "x", 1);
        uint64_t c = ask_raw(p, 1, SL_MSG_COMMIT, hash, sizeof hash);
        want(p, 1, w, if_may(p, SL_RIGHT_CREATE, DONE), "write");
        want(p, 1, c, !may(p, SL_RIGHT_CREATE) || may(p, SL_RIGHT_OVERWRITE) ? DONE : BIT(SL_E_RIGHTS), "commit");
    }
}

/* A listing stays inside: it has the links, and nothing of what they lead to. */
static void list_all(struct peer *p)
{
    hello(p);
    uint64_t good = if_may(p, SL_RIGHT_LIST, DONE);
    want(p, 1, ask_list(p, 1, 0, "", SL_LIST_RECURSE), good, "all");
    want(p, 1, ask_list(p, 1, 0, "out-dir", SL_LIST_RECURSE), good, "a link");
    want(p, 1, ask_list(p, 1, 0, "up", SL_LIST_RECURSE | SL_LIST_CHILDREN), good, "the link to ..");
    if (may(p, SL_RIGHT_LIST) && peer_lane(p, 1)->records > 100000)
        bad(p, "%llu RECORDS", (unsigned long long)peer_lane(p, 1)->records);
}

const struct attack link_attacks[] = {
    { "link-open-then-use", open_link, 0 },     { "link-use-then-open", use_before_open, 0 }, { "link-made-by-the-peer", made_link, 0 },
    { "link-to-a-file", link_to_file, 0 },      { "link-replaced", replace_links, 0 },        { "link-in-a-listing", list_all, 0 },
    { NULL, NULL, 0 },
};
