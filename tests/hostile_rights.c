/* SPDX-License-Identifier: ISC */
/*
 * hostile_rights - every verb under the rights that the server gives: what they do not cover must be refused and nothing changed.
 * Where the tree can be seen (--tree), what became of it is looked at as well.
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
#include <sys/xattr.h>
#include <unistd.h>

enum { STRANGER = 12345 };

/* ---- the tree, seen from here ---- */

static char *below(const struct peer *p, const char *name)
{
    return sl_asprintf("%s/%s", p->plan->tree, name);
}

static bool look(const struct peer *p, const char *name, struct stat *st)
{
    char *path = below(p, name);
    bool there = lstat(path, st) == 0;
    free(path);
    return there;
}

static void put_file(const struct peer *p, const char *name, const char *content)
{
    char *path = below(p, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, content, strlen(content)) < 0)
        printf("Bail out! %s: %s\n", path, strerror(errno));
    close(fd);
    free(path);
}

static bool holds(const struct peer *p, const char *name, const char *content)
{
    char *path = below(p, name), buf[64] = "";
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof buf - 1);
    if (fd >= 0)
        close(fd);
    free(path);
    return n == (ssize_t)strlen(content) && memcmp(buf, content, (size_t)n) == 0;
}

/* ---- the table ---- */

static const struct row {
    const char *what;
    uint8_t type;
    enum sl_type kind;
    const char *name;
    uint32_t flags, rights;              /* rights: all are needed */
    uint64_t good;                       /* what may happen then */
} rows[] = {
    { "put", SL_MSG_PUT, SL_TYPE_FILE, "h-r-put", 0, SL_RIGHT_CREATE, DONE | BIT(SL_E_EXISTS) },
    { "put over", SL_MSG_PUT, SL_TYPE_FILE, "h-keep", SL_PUT_REPLACE, SL_RIGHT_CREATE | SL_RIGHT_OVERWRITE, DONE },
    { "put where something is", SL_MSG_PUT, SL_TYPE_FILE, "h-keep2", 0, SL_RIGHT_CREATE, BIT(SL_E_EXISTS) },
    { "mkdir", SL_MSG_MKDIR, SL_TYPE_DIR, "h-r-dir", 0, SL_RIGHT_CREATE, DONE | BIT(SL_E_EXISTS) },
    { "mkdir over", SL_MSG_MKDIR, SL_TYPE_DIR, "h-keep2", SL_PUT_REPLACE, SL_RIGHT_CREATE, BIT(SL_E_EXISTS) | BIT(SL_E_RIGHTS) },
    { "symlink", SL_MSG_SYMLINK, SL_TYPE_LINK, "h-r-link", 0, SL_RIGHT_CREATE, DONE | BIT(SL_E_EXISTS) },
    { "symlink over", SL_MSG_SYMLINK, SL_TYPE_LINK, "h-keep3", SL_PUT_REPLACE, SL_RIGHT_CREATE | SL_RIGHT_OVERWRITE, DONE },
    { "mknod char", SL_MSG_MKNOD, SL_TYPE_CHAR, "h-r-char", 0, SL_RIGHT_CREATE | SL_RIGHT_SPECIAL, DONE | BIT(SL_E_DENIED) | BIT(SL_E_EXISTS) },
    { "mknod block", SL_MSG_MKNOD, SL_TYPE_BLOCK, "h-r-block", 0, SL_RIGHT_CREATE | SL_RIGHT_SPECIAL, DONE | BIT(SL_E_DENIED) | BIT(SL_E_EXISTS) },
    { "mknod fifo", SL_MSG_MKNOD, SL_TYPE_FIFO, "h-r-fifo", 0, SL_RIGHT_CREATE | SL_RIGHT_SPECIAL, DONE | BIT(SL_E_EXISTS) },
    { "mknod socket", SL_MSG_MKNOD, SL_TYPE_SOCKET, "h-r-socket", 0, SL_RIGHT_CREATE | SL_RIGHT_SPECIAL, DONE | BIT(SL_E_EXISTS) },
    { "mknod over", SL_MSG_MKNOD, SL_TYPE_FIFO, "h-keep4", SL_PUT_REPLACE, SL_RIGHT_CREATE | SL_RIGHT_SPECIAL | SL_RIGHT_OVERWRITE, DONE },
    { "metadata", SL_MSG_SET_META, SL_TYPE_FILE, "h-keep2", 0, SL_RIGHT_META, DONE },
    { "metadata of the root", SL_MSG_SET_META, SL_TYPE_DIR, "", 0, SL_RIGHT_META, DONE },
    { "metadata as another type", SL_MSG_SET_META, SL_TYPE_DIR, "h-keep2", 0, SL_RIGHT_META, BIT(SL_E_TYPE) },
    { "remove", SL_MSG_REMOVE, SL_TYPE_FILE, "h-remove", 0, SL_RIGHT_DELETE, DONE },
    { "remove directory", SL_MSG_REMOVE, SL_TYPE_DIR, "h-rmdir", 0, SL_RIGHT_DELETE, DONE },
    { "remove a full one", SL_MSG_REMOVE, SL_TYPE_DIR, "dir", 0, SL_RIGHT_DELETE, BIT(SL_E_NOT_EMPTY) },
    { "list", SL_MSG_LIST, SL_TYPE_NONE, "", 0, SL_RIGHT_LIST, DONE },
    { "list and clean", SL_MSG_LIST, SL_TYPE_NONE, "", SL_LIST_CHILDREN | SL_LIST_CLEAN, SL_RIGHT_LIST, DONE },
    { "hash", SL_MSG_HASH, SL_TYPE_NONE, "file", 0, SL_RIGHT_HASH, DONE },
    { "chunks", SL_MSG_CHUNKS, SL_TYPE_NONE, "file", 0, SL_RIGHT_HASH, DONE },
};
static const char *const kept[] = { "h-keep", "h-keep2", "h-keep3", "h-keep4", "h-remove" };

static uint64_t ask_row(struct peer *p, const struct row *r)
{
    struct sl_entry e = entry_of(r->kind ? r->kind : SL_TYPE_FILE, r->name);
    struct sl_buf b = { 0 };
    if (r->type == SL_MSG_LIST)
        return ask_list(p, 1, 0, r->name, r->flags);
    if (r->type == SL_MSG_HASH || r->type == SL_MSG_CHUNKS)
        return ask_named(p, 1, r->type, 0, r->name);
    if (r->type == SL_MSG_REMOVE) {
        struct sl_msg_remove m = { .kind = r->kind, .name = r->name, .name_len = strlen(r->name) };
        sl_remove_encode(&b, &m);
        return ask_buf(p, 1, r->type, &b);
    }
    e.mode = r->type == SL_MSG_SET_META ? r->kind == SL_TYPE_DIR ? 0755 : 0604 : 0640;
    return ask_make(p, 1, r->type, 0, &e, SL_META_MODE | SL_META_MTIME, r->flags, r->type == SL_MSG_PUT ? "made\n" : NULL);
}

static void prepare(const struct peer *p)
{
    char *dir = below(p, "h-rmdir");
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        put_file(p, kept[i], "kept\n");
    put_file(p, ".old.abcdefgh.slpart", "kept\n");
    mkdir(dir, 0755);
    free(dir);
}

static void kept_all(struct peer *p)
{
    struct stat st;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        bool goes = i == 4 ? may(p, SL_RIGHT_DELETE) : i != 1 && may(p, SL_RIGHT_CREATE | SL_RIGHT_OVERWRITE);
        if (!goes && !holds(p, kept[i], "kept\n"))
            bad(p, "%s WAS CHANGED", kept[i]);
        if (look(p, kept[i], &st) && S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0604 && !may(p, SL_RIGHT_META))
            bad(p, "THE MODE OF %s WAS CHANGED", kept[i]);
    }
    if (!holds(p, ".old.abcdefgh.slpart", "kept\n"))
        bad(p, "A FRESH STAGED FILE WAS REMOVED");
    if (!may(p, SL_RIGHT_DELETE) && !look(p, "h-rmdir", &st))
        bad(p, "A DIRECTORY WAS REMOVED");
    static const char *const special[] = { "h-r-char", "h-r-block", "h-r-fifo", "h-r-socket" };
    for (size_t i = 0; i < 4; i++)
        if (look(p, special[i], &st) && !may(p, SL_RIGHT_CREATE | SL_RIGHT_SPECIAL))
            bad(p, "%s WAS MADE", special[i]);
}

static void write_over(struct peer *p, const char *name, uint32_t flags, uint64_t good)
{
    uint8_t hash[SL_HASH_LEN];
    sl_hash_once("written\n", 8, hash);
    uint64_t w = ask_simple(p, 1, SL_MSG_WRITE, 0, name, flags);
    ask_raw(p, 1, SL_MSG_DATA, "written\n", 8);
    uint64_t c = ask_raw(p, 1, SL_MSG_COMMIT, hash, sizeof hash);
    want(p, 1, w, if_may(p, SL_RIGHT_CREATE, DONE), "write");
    want(p, 1, c, may(p, SL_RIGHT_CREATE) ? good : DONE, flags ? "commit over" : "commit");
}

static void verbs(struct peer *p)
{
    hello(p);
    if (p->plan->tree)
        prepare(p);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (p->plan->tree || !strncmp(rows[i].name, "h-r-", 4))
            want(p, 1, ask_row(p, &rows[i]), if_may(p, rows[i].rights, rows[i].good), rows[i].what);
    want_read(p, 1, 0, "file", if_may(p, SL_RIGHT_READ, DONE), "read");
    write_over(p, "h-r-write", 0, DONE | BIT(SL_E_EXISTS));
    if (p->plan->tree) {
        write_over(p, "h-keep", SL_PUT_REPLACE, may(p, SL_RIGHT_OVERWRITE) ? DONE : BIT(SL_E_RIGHTS));
        kept_all(p);
    }
    want(p, 1, ask_raw(p, 1, SL_MSG_OWNER, "\0\0\4root", 7), if_may(p, SL_RIGHT_LIST, DONE), "owner");
}

/* Without `meta` nothing new has another's owner or a bit that runs with somebody's rights. */
static void setuid_bits(struct peer *p)
{
    static const struct { uint8_t type; enum sl_type kind; const char *name; } new[] = {
        { SL_MSG_PUT, SL_TYPE_FILE, "h-s-put" }, { SL_MSG_MKDIR, SL_TYPE_DIR, "h-s-dir" }, { SL_MSG_WRITE, SL_TYPE_FILE, "h-s-write" },
        { SL_MSG_MKNOD, SL_TYPE_FIFO, "h-s-fifo" },
    };
    uint8_t hash[SL_HASH_LEN];
    struct stat st;
    hello(p);
    sl_hash_once("", 0, hash);
    for (size_t i = 0; i < sizeof new / sizeof new[0]; i++) {
        struct sl_entry e = entry_of(new[i].kind, new[i].name);
        e.mode = 07755;
        e.uid = e.gid = STRANGER;
        ask_make(p, 1, new[i].type, 0, &e, SL_META_MODE | SL_META_UID | SL_META_GID, 0, NULL);
        if (new[i].type == SL_MSG_WRITE)
            ask_raw(p, 1, SL_MSG_COMMIT, hash, sizeof hash);
    }
    want_alive(p, 1, "made");
    for (size_t i = 0; i < sizeof new / sizeof new[0]; i++) {
        if (!look(p, new[i].name, &st) || may(p, SL_RIGHT_META))
            continue;
        if (st.st_mode & 07000)
            bad(p, "%s HAS MODE %o", new[i].name, (unsigned)st.st_mode & 07777);
        if (st.st_uid == STRANGER || st.st_gid == STRANGER)
            bad(p, "%s WAS GIVEN AWAY", new[i].name);
    }
}

/* Who may not list must not learn names by asking for them: where a link leads is told to those who may. */
static void link_targets(struct peer *p)
{
    hello(p);
    want(p, 1, ask_open(p, 1, 0, 5, "out-dir"), may(p, SL_RIGHT_LIST) ? BIT(SL_E_LINK) : BIT(SL_E_NOT_DIR) | BIT(SL_E_RIGHTS), "open a link");
    const char *text = peer_lane(p, 1)->fail_text;
    if (!may(p, SL_RIGHT_LIST) && p->plan->outside && strstr(text, p->plan->outside))
        bad(p, "WHERE A LINK LEADS IS TOLD WITHOUT THE RIGHT TO LIST");
}

/* ---- another name ---- */

static void moves(struct peer *p)
{
    static const char staged[] = ".x.abcdefgh.slpart";
    const uint32_t links = SL_RIGHT_CREATE | SL_RIGHT_READ, renames = SL_RIGHT_CREATE | SL_RIGHT_RENAME;
    const uint64_t over = may(p, SL_RIGHT_OVERWRITE) ? DONE : BIT(SL_E_RIGHTS);
    struct stat st;
    hello(p);
    put_file(p, "h-m-from", "from\n");
    put_file(p, "h-m-to", "to\n");
    want(p, 1, ask_move(p, 1, SL_MSG_LINK, "h-m-from", "h-m-to", 0), if_may(p, links, BIT(SL_E_EXISTS)), "link to what is there");
    want(p, 1, ask_move(p, 1, SL_MSG_RENAME, "h-m-from", "h-m-to", 0), if_may(p, renames, BIT(SL_E_EXISTS)), "rename to what is there");
    want(p, 1, ask_move(p, 1, SL_MSG_LINK, "dir", "h-m-dir", 0), if_may(p, links, BIT(SL_E_IS_DIR)), "link a directory");
    want(p, 1, ask_move(p, 1, SL_MSG_RENAME, "dir", "h-m-dir", 0), if_may(p, renames, BIT(SL_E_IS_DIR)), "rename a directory");
    for (uint8_t type = SL_MSG_LINK; type <= SL_MSG_RENAME; type++)
        want(p, 1, ask_move(p, 1, type, "h-m-from", staged, 0), if_may(p, type == SL_MSG_LINK ? links : renames, BIT(SL_E_RIGHTS)), "a staged name");
    if (!holds(p, "h-m-from", "from\n") || !holds(p, "h-m-to", "to\n"))
        bad(p, "A REFUSED LINK OR NAME CHANGED SOMETHING");
    want(p, 1, ask_move(p, 1, SL_MSG_LINK, "h-m-from", "h-m-to", SL_PUT_REPLACE), if_may(p, links, over), "link over");
    want(p, 1, ask_move(p, 1, SL_MSG_RENAME, "h-m-from", "h-m-to", SL_PUT_REPLACE), if_may(p, renames, over), "rename over");
    if (look(p, "h-m-from", &st) == may(p, renames | SL_RIGHT_OVERWRITE))
        bad(p, "A FILE WAS RENAMED THAT MUST NOT BE, OR WAS NOT");
    if (!may(p, SL_RIGHT_OVERWRITE) && !holds(p, "h-m-to", "to\n"))
        bad(p, "A FILE WAS REPLACED");
}

/* ---- attributes ---- */

/* What a set may not be, and what it may under which rights; whether any of it was set. */
static void attributes(struct peer *p)
{
    const bool meta = may(p, SL_RIGHT_META), special = geteuid() == 0 && may(p, SL_RIGHT_SPECIAL);
    const uint64_t no = BIT(SL_E_ATTRS), set = if_may(p, SL_RIGHT_META, DONE | no);
    char value[8];
    hello(p);
    put_file(p, "h-a", "attributes\n");
    char *path = below(p, "h-a");
    struct sl_entry e = entry_of(SL_TYPE_FILE, "h-a");
    want(p, 1, ask_attrs(p, 1, SL_ATTRS_XATTRS, "trusted.hostile", "1"), meta ? special ? DONE : no : BIT(SL_E_RIGHTS), "trusted");
    want(p, 1, ask_make(p, 1, SL_MSG_SET_META, 0, &e, 0, 0, NULL), set, "set it");
    if (lgetxattr(path, "trusted.hostile", value, sizeof value) > 0 && !(meta && special))
        bad(p, "A PRIVILEGED ATTRIBUTE WAS SET");
    want(p, 1, ask_attrs(p, 1, SL_ATTRS_XATTRS, "user.hostile", "1"), if_may(p, SL_RIGHT_META, DONE), "user");
    want(p, 1, ask_make(p, 1, SL_MSG_SET_META, 0, &e, 0, 0, NULL), set, "set it");
    if (lgetxattr(path, "user.hostile", value, sizeof value) > 0 && !meta)
        bad(p, "AN ATTRIBUTE WAS SET");
    want(p, 1, ask_attrs(p, 1, SL_ATTRS_XATTRS | SL_ATTRS_USER, "trusted.hostile", "2"), if_may(p, SL_RIGHT_META, no), "of another kind");
    want(p, 1, ask_attrs(p, 1, SL_ATTRS_ACLS, "user.hostile", "2"), if_may(p, SL_RIGHT_META, no), "as an ACL");
    want(p, 1, ask_attrs(p, 1, SL_ATTRS_ACLS, SL_ACL_ACCESS, "\4"), if_may(p, SL_RIGHT_META, no), "half an ACL");
    want(p, 1, ask_attrs(p, 1, SL_ATTRS_XATTRS, "system.other", "2"), if_may(p, SL_RIGHT_META, no), "of the system");
    want(p, 1, ask_attrs(p, 1, SL_ATTRS_XATTRS | SL_ATTRS_GOES_ON, "user.hostile", "2"), if_may(p, SL_RIGHT_META, DONE), "the rest of nothing");
    want(p, 1, ask_make(p, 1, SL_MSG_SET_META, 0, &e, 0, 0, NULL), if_may(p, SL_RIGHT_META, DONE), "nothing is set");
    want(p, 1, ask_named(p, 1, SL_MSG_GET_ATTRS, 0, "h-a"), if_may(p, SL_RIGHT_LIST | SL_RIGHT_READ, DONE), "get");
    want(p, 1, ask_named(p, 1, SL_MSG_GET_ATTRS, 0, ""), if_may(p, SL_RIGHT_LIST | SL_RIGHT_READ, DONE), "get of the root");
    want(p, 1, ask_list(p, 1, 0, "h-a", SL_ATTRS_XATTRS), if_may(p, SL_RIGHT_LIST | SL_RIGHT_READ, DONE), "list");
    free(path);
}

/* ---- backups ---- */

static void backups(struct peer *p)
{
    static const char staged[] = ".x.abcdefgh.slpart";
    const uint32_t needed = SL_RIGHT_CREATE | SL_RIGHT_READ;
    const uint64_t over = may(p, SL_RIGHT_OVERWRITE) ? DONE : BIT(SL_E_RIGHTS);
    struct stat st;
    hello(p);
    put_file(p, "h-b-from", "from\n");
    put_file(p, "h-b-to", "to\n");
    want(p, 1, ask_move(p, 1, SL_MSG_BACKUP, "h-b-from", staged, 0), if_may(p, needed, BIT(SL_E_RIGHTS)), "a staged name");
    want(p, 1, ask_move(p, 1, SL_MSG_BACKUP, "h-b-from", "h-b-to", 0), if_may(p, needed, BIT(SL_E_EXISTS)), "a backup of what is there");
    /* What it was for is not done, whatever the reason. */
    want(p, 1, ask_named(p, 1, SL_MSG_REMOVE, 0, "h-b-from"), BIT(SL_E_RIGHTS) | BIT(SL_E_INVALID), "remove without a backup");
    if (!holds(p, "h-b-from", "from\n") || !holds(p, "h-b-to", "to\n"))
        bad(p, "SOMETHING WAS LOST OF WHICH THERE IS NO BACKUP");
    want(p, 1, ask_move(p, 1, SL_MSG_BACKUP, "h-b-from", "h-b-to", SL_PUT_REPLACE), if_may(p, needed, over), "a backup over another");
    if (!may(p, SL_RIGHT_OVERWRITE) && !holds(p, "h-b-to", "to\n"))
        bad(p, "A BACKUP WAS REPLACED");
    want(p, 1, ask_named(p, 1, SL_MSG_REMOVE, 0, "h-b-to"), may(p, SL_RIGHT_DELETE) ? DONE | BIT(SL_E_INVALID) : BIT(SL_E_RIGHTS) | BIT(SL_E_INVALID),
         "remove");
    want(p, 1, ask_move(p, 1, SL_MSG_BACKUP, "h-b-from", "h-b-copy", 2), if_may(p, needed, DONE), "a copy");
    if (may(p, needed) && (!look(p, "h-b-copy", &st) || st.st_nlink != 1))
        bad(p, "A COPY IS NONE");
    want(p, 1, ask_move(p, 1, SL_MSG_BACKUP, "h-b-absent", "h-b-none", 0), if_may(p, needed, DONE), "a backup of nothing");
    if (look(p, "h-b-none", &st))
        bad(p, "A BACKUP OF NOTHING IS THERE");
}

/* ---- where files are staged, and room for them ---- */

static void staging(struct peer *p)
{
    struct sl_entry e = { .type = SL_TYPE_FILE, .name = "h-s", .name_len = 3, .mode = 0644, .size = 4 };
    struct stat st;
    hello(p);
    want(p, 1, ask_raw(p, 1, SL_MSG_RESERVE, "\1", 1), BIT(SL_E_INVALID), "room for nothing");
    want(p, 1, ask_raw(p, 1, SL_MSG_STAGE_IN, "\115", 1), if_may(p, SL_RIGHT_CREATE, BIT(SL_E_INVALID)), "in a directory that is not open");
    want(p, 1, ask_raw(p, 1, SL_MSG_STAGE_IN, "\0", 1), if_may(p, SL_RIGHT_CREATE, DONE), "in the root");
    want(p, 1, ask_make(p, 1, SL_MSG_PUT, 0, &e, 0, 0, "new\n"), if_may(p, SL_RIGHT_CREATE, DONE), "a file");
    if (may(p, SL_RIGHT_CREATE) != holds(p, "h-s", "new\n"))
        bad(p, "A FILE IS NOT WHERE IT IS TO BE");
    e.name = "h-s-two";
    e.name_len = 7;
    want(p, 1, ask_make(p, 1, SL_MSG_WRITE, 0, &e, 0, 0, NULL), if_may(p, SL_RIGHT_CREATE, DONE), "begin");
    if (may(p, SL_RIGHT_CREATE)) {
        want(p, 1, ask_raw(p, 1, SL_MSG_STAGE_IN, "\0", 1), BIT(SL_E_INVALID), "within a file");
        want(p, 1, ask_raw(p, 1, SL_MSG_RESERVE, "\377\377\377\377\377\377\377\377\177", 9), BIT(SL_E_NO_SPACE) | BIT(SL_E_IO) | BIT(SL_E_TOO_BIG) | BIT(SL_E_LIMIT) | BIT(SL_E_UNSUPPORTED) | BIT(SL_E_INVALID),
             "all the room there is");
        want(p, 1, ask_raw(p, 1, SL_MSG_ABORT, "", 0), DONE, "give it up");
    }
    if (look(p, "h-s-two", &st))
        bad(p, "A FILE THAT WAS GIVEN UP IS THERE");
}

/* ---- devices as files ---- */

static void devices(struct peer *p)
{
    hello(p);
    /* Who could make one would be out of its confinement by reading it. */
    want(p, 1, ask_list(p, 1, 0, "", SL_LIST_CHILDREN | SL_LIST_DEVICES), BIT(SL_E_RIGHTS), "a listing of devices as files");
    want(p, 1, ask_list(p, 1, 0, "", SL_LIST_CHILDREN | SL_LIST_DEVICE_SIZES), BIT(SL_E_RIGHTS), "a listing of what is on devices");
}

/* ---- what waits for its name ---- */

static void waiting(struct peer *p)
{
    const uint32_t needed = SL_RIGHT_CREATE | SL_RIGHT_OVERWRITE;
    struct sl_entry e = { .type = SL_TYPE_FILE, .name = "h-w", .name_len = 3, .mode = 0644, .size = 4 };
    struct stat st;
    hello(p);
    put_file(p, "h-w", "old\n");
    want(p, 1, ask_make(p, 1, SL_MSG_PUT, 0, &e, 0, SL_PUT_REPLACE | SL_PUT_HOLD, "new\n"), if_may(p, needed, DONE), "a file that waits");
    if (!holds(p, "h-w", "old\n"))
        bad(p, "WHAT WAITS HAS ITS NAME");
    want(p, 1, ask_move(p, 1, SL_MSG_LINK, "h-w", "h-w-two", SL_PUT_HOLD), if_may(p, needed | SL_RIGHT_READ, DONE), "a link of what waits");
    want(p, 1, ask_move(p, 1, SL_MSG_RENAME, "h-w", "h-w-two", SL_PUT_HOLD), if_may(p, SL_RIGHT_CREATE | SL_RIGHT_RENAME, BIT(SL_E_INVALID)), "renamed");
    want(p, 1, ask_named(p, 1, SL_MSG_RELEASE, 0, "h-w"), if_may(p, needed, DONE), "release");
    if (!holds(p, "h-w", may(p, needed) ? "new\n" : "old\n"))
        bad(p, "A RELEASE DID SOMETHING ELSE");
    want(p, 1, ask_named(p, 1, SL_MSG_RELEASE, 0, "h-w"), if_may(p, needed, BIT(SL_E_NOT_FOUND)), "release of nothing");
    want(p, 1, ask_named(p, 1, SL_MSG_RELEASE, 0, ".x.abcdefgh.slheld"), if_may(p, needed, BIT(SL_E_RIGHTS)), "release of a staged name");
    want(p, 1, ask_make(p, 1, SL_MSG_PUT, 0, &e, 0, SL_PUT_REPLACE | SL_PUT_HOLD | SL_PUT_INPLACE, "new\n"), if_may(p, SL_RIGHT_CREATE, BIT(SL_E_INVALID)), "in place");
    if (look(p, "h-w-two", &st))
        bad(p, "A LINK OF WHAT WAITS HAS ITS NAME");
}

/* ---- what the module excludes ---- */

/* The private directory and every name that ends in .key: asked for, they are answered as a name that is not there is; they can't
 * be made, and what is there stays. */
static void excluded(struct peer *p)
{
    static const uint8_t seen[] = { SL_MSG_OPEN_DIR, SL_MSG_LIST, SL_MSG_HASH, SL_MSG_CHUNKS, SL_MSG_READ_RANGES, SL_MSG_READ_SOME, SL_MSG_REMOVE, SL_MSG_GET_ATTRS };
    static const uint8_t made[] = { SL_MSG_PUT, SL_MSG_WRITE, SL_MSG_MKDIR, SL_MSG_SYMLINK, SL_MSG_MKNOD };
    static const char *const names[] = { "h.key", "private" };
    struct stat st;
    hello(p);
    for (size_t n = 0; n < 2; n++) {
        for (size_t i = 0; i < sizeof seen; i++) {
            uint64_t absent = outcome(p, 1, ask_named(p, 1, seen[i], 0, "h-absent"));
            want(p, 1, ask_named(p, 1, seen[i], 0, names[n]), absent, names[n]);
        }
        want_read(p, 1, 0, names[n], BIT(SL_E_NOT_FOUND), "read");
        want(p, 1, ask_simple(p, 1, SL_MSG_SET_META, 0, names[n], 0), BIT(SL_E_NOT_FOUND), "metadata");
        for (size_t i = 0; i < sizeof made; i++)
            want(p, 1, ask_simple(p, 1, made[i], 0, names[n], made[i] == SL_MSG_WRITE ? 0 : SL_PUT_REPLACE), BIT(SL_E_RIGHTS), "make");
        want(p, 1, ask_simple(p, 1, SL_MSG_PUT, 0, "h-new.key", 0), BIT(SL_E_RIGHTS), "make a new one");
        for (uint8_t type = SL_MSG_LINK; type <= SL_MSG_RENAME; type++) {
            uint32_t rights = SL_RIGHT_CREATE | (type == SL_MSG_LINK ? SL_RIGHT_READ : SL_RIGHT_RENAME);
            want(p, 1, ask_move(p, 1, type, names[n], "h-seen", 0), if_may(p, rights, BIT(SL_E_NOT_FOUND)), "another name for it");
            want(p, 1, ask_move(p, 1, type, "file", names[n], SL_PUT_REPLACE), if_may(p, rights, BIT(SL_E_RIGHTS)), "its name for another");
        }
        want(p, 1, ask_move(p, 1, SL_MSG_BACKUP, names[n], "h-seen", 0), if_may(p, SL_RIGHT_CREATE | SL_RIGHT_READ, BIT(SL_E_NOT_FOUND)), "a backup of it");
        want(p, 1, ask_named(p, 1, SL_MSG_RELEASE, 0, names[n]), if_may(p, SL_RIGHT_CREATE | SL_RIGHT_OVERWRITE, BIT(SL_E_RIGHTS)), "a release of it");
        ask_named(p, 1, SL_MSG_REMOVE, 0, "h-absent");
    }
    want(p, 1, ask_list(p, 1, 0, "", SL_LIST_RECURSE), if_may(p, SL_RIGHT_LIST, DONE), "list");
    struct lane *l = peer_lane(p, 1);
    const uint8_t *text = sl_buf_ptr(&l->text);
    size_t len = sl_buf_len(&l->text);
    if (memmem(text, len, ".key", 4) || memmem(text, len, "private", 7))
        bad(p, "AN EXCLUDED NAME IS LISTED");
    if (!holds(p, "h.key", "kept\n") || !holds(p, "private/in", "kept\n") || look(p, "h-new.key", &st))
        bad(p, "WHAT IS EXCLUDED WAS CHANGED");
}

/* ---- what opening alone does ---- */

/* A process that waits for somebody to read from a fifo must go on waiting: what is no file is not opened to find that out. */
static void fifo_opened(struct peer *p)
{
    char *path = below(p, "h-waiting-fifo");
    int status = 0;
    unlink(path);
    if (mkfifo(path, 0644) != 0)
        bad(p, "NO FIFO: %s", strerror(errno));
    pid_t writer = fork();
    if (writer == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(20);
        _exit(open(path, O_WRONLY | O_CLOEXEC) >= 0 ? 0 : 1);
    }
    usleep(50000);
    hello(p);
    want_read(p, 1, 0, "h-waiting-fifo", if_may(p, SL_RIGHT_READ, BIT(SL_E_TYPE)), "read");
    want(p, 1, ask_named(p, 1, SL_MSG_HASH, 0, "h-waiting-fifo"), if_may(p, SL_RIGHT_HASH, BIT(SL_E_TYPE)), "hash");
    usleep(50000);
    if (waitpid(writer, &status, WNOHANG) == writer)
        bad(p, "A WRITER WAS WOKEN: THE FIFO WAS OPENED");
    else {
        kill(writer, SIGKILL);
        waitpid(writer, &status, 0);
    }
    unlink(path);
    free(path);
}

/* ---- directories that leave ---- */

static void move_out(struct peer *p, bool out)
{
    char *in = below(p, "moved"), *away = sl_asprintf("%s-moved", p->plan->outside);
    if (rename(out ? in : away, out ? away : in) != 0)
        bad(p, "CANNOT MOVE IT: %s", strerror(errno));
    free(in);
    free(away);
}

/* Its descriptor was taken back in between: it is looked for below the root, where it is not. */
static void moved_and_evicted(struct peer *p)
{
    hello(p);
    want(p, 1, ask_open(p, 1, 0, 5, "moved"), DONE, "open");
    want(p, 1, ask_open(p, 1, 5, 6, "deep"), DONE, "and one in it");
    for (uint32_t i = 0; i < 80; i++)
        ask_open(p, 1, 0, 100 + i, "dir");
    want_alive(p, 1, "80 others");
    move_out(p, true);
    for (uint32_t id = 5; id <= 6; id++) {
        want(p, 1, ask_list(p, 1, id, "", SL_LIST_RECURSE), if_may(p, SL_RIGHT_LIST, BIT(SL_E_CHANGED)), "list");
        want(p, 1, ask_simple(p, 1, SL_MSG_PUT, id, "h-escaped", 0), if_may(p, SL_RIGHT_CREATE, BIT(SL_E_CHANGED)), "put");
        want(p, 1, ask_open(p, 1, id, 7, "deep"), BIT(SL_E_CHANGED), "open");
    }
    move_out(p, false);
    want(p, 1, ask_open(p, 1, 5, 7, "deep"), DONE, "open, when it is back");
}

/* Its descriptor is still open: only the kernel can tell then that it is no longer below the root. */
static void moved_while_open(struct peer *p)
{
    uint64_t no = BIT(SL_E_DENIED) | BIT(SL_E_CHANGED) | BIT(SL_E_NOT_FOUND);
    if (!p->plan->confined) {
        tell(p, "not tried: the kernel does not keep this server in; ");
        return;
    }
    hello(p);
    want(p, 1, ask_open(p, 1, 0, 5, "moved"), DONE, "open");
    move_out(p, true);
    want_read(p, 1, 5, "in", if_may(p, SL_RIGHT_READ, no), "read");
    want(p, 1, ask_simple(p, 1, SL_MSG_PUT, 5, "h-escaped", 0), if_may(p, SL_RIGHT_CREATE, no), "put");
    want(p, 1, ask_open(p, 1, 5, 7, "deep"), no, "open below it");
    move_out(p, false);
}

const struct attack right_attacks[] = {
    { "rights-verbs", verbs, 0 },            { "rights-setuid", setuid_bits, TREE },           { "rights-link-targets", link_targets, 0 },
    { "rights-moves", moves, TREE },         { "rights-attributes", attributes, TREE },         { "rights-backups", backups, TREE },         { "rights-waiting", waiting, TREE },         { "rights-staging", staging, TREE },         { "rights-devices", devices, TREE },         { "excluded", excluded, HIDES },
    { "special-fifo", fifo_opened, TREE },   { "moved-and-evicted", moved_and_evicted, TREE }, { "moved-while-open", moved_while_open, TREE },
    { NULL, NULL, 0 },
};
