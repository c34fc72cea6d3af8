/* SPDX-License-Identifier: ISC */
/*
 * endpoint - one side of a copy: a local tree or a remote one behind one interface. The planner knows nothing else, so
 * push, pull, local and remote-to-remote copies are the same code.
 *
 * Work is asked for by operations that never wait. Each takes a ticket (counted per lane); failures come back against
 * tickets through the `failed` hook, success by `acked` moving on. A local tree answers within the call.
 */
#ifndef SL_CLIENT_ENDPOINT_H
#define SL_CLIENT_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/entry.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/helper.h"
#include "delta/chunk.h"
#include "delta/trail.h"

/* What an endpoint does side by side; each is a channel of its own where the tree is remote. */
enum sl_job { SL_JOB_LIST = 0, SL_JOB_WORK = 1, SL_JOB_HASH = 2, SL_JOB_LOOK = 3, SL_JOBS = 4 };

/* Where something is: below root (an open directory of every job), the real path base ("" or "a/b"), then name ("" for
 * the directory base itself). Strings are owned. */
struct sl_place {
    uint32_t root;
    char *base, *name;
    bool exists;
    struct sl_entry entry;        /* type, mode, size, times, when it exists; no name, no target */
    uint64_t dev, ino;            /* local only */
    char *top;                    /* the absolute path of root and base, as far as this side can tell; "" is the top */
};

enum sl_event_kind { SL_EVENT_ENTRY, SL_EVENT_END, SL_EVENT_ERROR };
struct sl_resolve;
struct sl_event {                 /* one event of a listing; borrowed until the next call */
    enum sl_event_kind kind;
    struct sl_entry entry;
    struct sl_error error;
    const char *name;             /* ERROR: the entry, or "" for the directory that is open */
    bool named;                   /* ENTRY: what an argument named, or a directory on the way to it; set by streams */
    bool kept;                    /* ENTRY: a directory that is not pruned when it is empty (--prune-empty-dirs); set by streams */
    const char *real;             /* ENTRY: where it is below its origin's root, when links were followed on the way to it; else NULL */
    bool of_link;                 /* ERROR: a link could not be followed; ENTRY: a link on the way to names that leads to nothing; set by follow.c */
    bool implied;                 /* ENTRY: a directory on the way to what was named (-R); set by streams */
    bool entered;                 /* ENTRY: a directory whose own entries follow, if it has any; set by streams */
    bool unnamed;                 /* ERROR: of an entry whose name can't be converted (--iconv); name is as it is there, entry.type its type */
    struct sl_look **below;       /* ENTRY: its entries were asked for already: who takes them sets that to NULL; within follow.c; NULL: they were not */
    struct sl_resolve **link;     /* ENTRY: where it leads is being found out already: who takes that sets it to NULL; set by ahead.c, NULL: it is not */
};

enum sl_piece_kind { SL_PIECE_WHOLE, SL_PIECE_DATA, SL_PIECE_HOLE, SL_PIECE_END, SL_PIECE_FAILED };
struct sl_piece {                 /* one piece of a file's content; borrowed until taken */
    enum sl_piece_kind kind;
    const void *data;
    size_t len;
    uint64_t hole;
    const uint8_t *hash;          /* WHOLE, END; NULL: none needed (both sides are here) */
    bool changed;
    bool more;                    /* END of ranges: the file goes on behind the last one */
    uint64_t version;             /* END of ranges: of the file that they were read from, as it was at opening; 0: not known */
    struct sl_error error;
};

struct sl_new {                   /* something to be made or changed */
    uint32_t dir;
    uint32_t meta, flags;         /* enum sl_meta; enum sl_put_flag of proto/msg.h */
    const struct sl_entry *entry;
};

struct sl_names {                 /* of what gets another name; borrowed for the call */
    uint32_t from_dir, to_dir;    /* of the writing job */
    const char *from, *to;
    uint32_t flags;               /* SL_PUT_REPLACE: a non-directory of the name `to` may be replaced; SL_PUT_HOLD: a link of what waits, which waits */
};

struct sl_chunk_ask {             /* a chunk list that is wanted */
    const char *name;             /* borrowed for the call */
    uint64_t size;                /* of the file, as far as known: a list of much more is not taken */
    unsigned flags;               /* enum sl_chunks_flag of proto/msg.h */
    unsigned grain, hash_bytes;
    struct sl_ranges ranges;      /* borrowed for the call; none: the whole file; of a portion: one */
    struct sl_trail *trail;       /* of a local tree: the list is to have what is found of another file's blocks (delta/trail.h), as far as they are known when its
                                   * turn comes; borrowed until the answer. Flags: what of the file is hashed begins and ends at its position. NULL: any other list */
};
struct sl_chunk_answer {          /* handed to the `chunked` hook, which may take the chunks over and leave none */
    enum sl_code code;            /* SL_OK, or why there is no list: err */
    struct sl_error err;
    struct sl_chunks chunks;
    bool changed, has_hash;
    bool longer;                  /* the file is much longer than it was said to be, or all in pieces: the list ends before it */
    bool end;                     /* of a portion: the file ends in it */
    uint8_t hash[SL_HASH_MOST];
};

enum { SL_FETCH_MAX = 1024 * 1024 };
struct sl_fetch_room {            /* what texts may take together that nobody needs yet */
    size_t used, most;
};
struct sl_fetch {                 /* the content of a small file; allocated by who asks, given up by sl_fetch_drop */
    bool done, dropped;
    enum sl_code code;            /* when done: SL_OK, or why there is none (err); SL_E_NOT_FOUND: nothing of that name, or no such
                                     directory; SL_E_TOO_BIG beyond SL_FETCH_MAX */
    struct sl_error err;
    char *text;                   /* owned; NULL when it is empty */
    size_t len, cap;
    struct sl_fetch_room *room;   /* borrowed; NULL: it counts nowhere */
    bool crowded;                 /* there was no room for it: it has to be asked for again */
};
/* Frees it, or leaves that to the endpoint when it is still under way. */
void sl_fetch_drop(struct sl_fetch *f);
/* It is needed now, and counts nowhere any more. */
void sl_fetch_claim(struct sl_fetch *f);
/* For endpoints: more of it, zeros where data is NULL; false: it is beyond SL_FETCH_MAX (err), or nobody will read it. */
bool sl_fetch_add(struct sl_fetch *f, const void *data, uint64_t len);
/* Reads a file of this machine into f, at once; returns f->err.code. */
enum sl_code sl_fetch_file(struct sl_fetch *f, int dirfd, const char *name);
/* For endpoints: it is there, or will never be. */
void sl_fetch_done(struct sl_fetch *f, enum sl_code code);

struct sl_look;
struct sl_endpoint;
struct sl_charset_side;
/* For endpoints: its directory is not open; err says so, or better why. */
void sl_fetch_explain(struct sl_fetch *f, const struct sl_endpoint *e);

struct sl_endpoint_ops {
    void (*free)(struct sl_endpoint *e);

    /* Set-up; these wait. follow: a symlink in last place is followed. A missing last name is no failure: exists is false. */
    enum sl_code (*place)(struct sl_endpoint *e, const char *path, bool follow, struct sl_place *out, struct sl_error *err);

    /* NULL where place does not wait for another machine. place will be asked for this path: it is begun beside those begun before. False: there is
     * room for no more of them now. Before anything else is listed placed() is called, which forgets what has not been asked for. */
    bool (*place_ahead)(struct sl_endpoint *e, const char *path, bool follow);
    enum sl_code (*placed)(struct sl_endpoint *e, struct sl_error *err);

    /* Payload bytes that the next operation of a job may have; 0: none now. Every operation below needs room for itself. */
    size_t (*room)(struct sl_endpoint *e, enum sl_job job);
    void (*open_dir)(struct sl_endpoint *e, enum sl_job job, uint32_t parent, uint32_t id, const char *name);
    void (*close_dir)(struct sl_endpoint *e, enum sl_job job, uint32_t id);

    /* Listings, in the order asked. next: SL_OK with an event; SL_AGAIN; SL_EOF: this listing is complete and the next one
     * begins; else this listing failed (*err) and the next one begins. */
    void (*list)(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags);
    enum sl_code (*list_next)(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *err);
    void (*list_skip)(struct sl_endpoint *e, uint64_t number);

    /* Content of files, in the order asked. names: how many of one directory in one request. */
    void (*read)(struct sl_endpoint *e, uint32_t dir, const char *const *names, size_t count);
    /* Of one file, some ranges (one at least), as pieces of data. */
    void (*read_ranges)(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *ranges, size_t count);
    /* Of one file, one range, as pieces of data and of holes: what a part is made of. Where `versions` says so. */
    void (*read_part)(struct sl_endpoint *e, uint32_t dir, const char *name, uint64_t from, uint64_t len);
    /* Of one file, some ranges (or none) of the len bytes at `from`, as pieces of data; END's hash is that of all these bytes, holes among what is not
     * sent told apart. What a part of a delta is made of. Where `reads_some` says so. */
    void (*read_some)(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *all, const struct sl_ranges *ranges);
    /* As read_ranges of one range, before it is sure that it is wanted: returns a number for it, or 0: not now. Further ones of the same file go behind it, by
     * its number. All of them are forgotten, and their pieces never seen, when something else is read before claim_early says (true) that they
     * still hold. NULL: there is no such thing. */
    uint64_t (*read_early)(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *range, uint64_t behind);
    bool (*claim_early)(struct sl_endpoint *e, uint64_t early);
    enum sl_code (*piece)(struct sl_endpoint *e, struct sl_piece *out, struct sl_error *err);
    void (*piece_taken)(struct sl_endpoint *e);

    /* Content hashes, in the order asked; hash_next: SL_AGAIN, SL_OK, or why there is none. */
    void (*hash)(struct sl_endpoint *e, uint32_t dir, const char *name);
    enum sl_code (*hash_next)(struct sl_endpoint *e, uint8_t out[SL_HASH_MOST], struct sl_error *err);

    /* A small file beside all that is read: dir is one of the hashes' job. f is done when the answer is there. */
    void (*fetch)(struct sl_endpoint *e, uint32_t dir, const char *name, struct sl_fetch *f);

    /* A thing's whole set of attributes (base/attrs.h), beside all that is read, as fetch does: where `attrs` says that there are any. name "": dir
     * itself. What comes is not checked. */
    void (*get_attrs)(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags, struct sl_fetch *f);
    /* n bytes, from `from` on, of the set that the next put, write, make, set_meta or join is to give; all of it in order, right before. */
    void (*attrs)(struct sl_endpoint *e, const struct sl_attrs_want *w, size_t from, size_t n);
    /* Beside the listing that runs (look.h): dir is one of the looking job's, whose OPEN_DIRs may fail without a word. flags: of LIST, of which
     * SL_LIST_RECURSE is not possible. */
    void (*look)(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags, struct sl_look *k);

    /* Chunk lists, each of which comes back by the `chunked` hook with its cookie. work: goes on with what a local tree does in between;
     * SL_AGAIN: nothing. */
    void (*chunks)(struct sl_endpoint *e, uint32_t dir, const struct sl_chunk_ask *ask, void *cookie);
    enum sl_code (*work)(struct sl_endpoint *e);

    /* Writing. hash NULL: nothing to verify against. One file at a time between write and commit or abort. */
    void (*put)(struct sl_endpoint *e, const struct sl_new *n, const void *data, size_t len, const uint8_t *hash);
    void (*write)(struct sl_endpoint *e, const struct sl_new *n);
    void (*data)(struct sl_endpoint *e, const void *data, size_t len);
    void (*hole)(struct sl_endpoint *e, uint64_t len);
    /* Files that copies may refer to, numbered from 0, between write and the first copy; copies of at most SL_COPY_MAX bytes. */
    /* Where interrupted files are kept from now on: a directory of that name beside each. Borrowed as long as e lives. */
    void (*kept_in)(struct sl_endpoint *e, const char *name);
    /* Files are staged in that directory of the writing job from now on, where `stages_in` says that they can. */
    void (*stage_in)(struct sl_endpoint *e, uint32_t dir);
    /* Behind write or the first part: room for so many bytes is taken ahead, where `reserves` says that it can. SL_E_UNSUPPORTED: not on this
     * file system; nothing else follows from it. */
    void (*reserve)(struct sl_endpoint *e, uint64_t len);
    void (*basis)(struct sl_endpoint *e, uint32_t dir, const char *name, unsigned flags);
    void (*copy)(struct sl_endpoint *e, unsigned basis, uint64_t from, uint32_t len);
    /* Behind the first `len` bytes of the file that is written in place, which are all it has: they stay, and are no part of the hash. */
    void (*keep)(struct sl_endpoint *e, uint64_t len);
    /* Behind write: commit's hash is one by blocks (base/hash.h), under the endpoint's seed. NULL: it can't be. */
    void (*hash_blocks)(struct sl_endpoint *e, unsigned grain);
    void (*commit)(struct sl_endpoint *e, const uint8_t *hash);
    void (*abort)(struct sl_endpoint *e);

    /* One file in parts, which several endpoints may write at the same time, where `parts` says that they can. n is that of the whole file for all
     * of them, token one of sl_stage_token (tree/stage.h). A part begins at `from`; then content as after write, and commit with the hash of what this part
     * had, or abort. The part that is begun first has SL_PUT_FIRST in its flags (SL_E_EXISTS: there is one already), no other has it, and none is begun before that one
     * was: before its ticket is acked (SL_E_NOT_FOUND else; so no part can go into another file than the rest). A part may be begun again, by any
     * endpoint. SL_E_UNSUPPORTED: not on this file system; write it in one. SL_E_BUSY of join and drop: a part is still open somewhere, maybe of an
     * endpoint that has failed. join: all were confirmed; as commit of the whole file. drop: what is there is kept, or not, as n's flags say of a
     * file whose session ends; where neither comes, it is kept. A failed join leaves nothing, but for SL_E_BUSY, and SL_E_INVALID where the size is not the
     * entry's. */
    void (*part)(struct sl_endpoint *e, const struct sl_new *n, const char *token, uint64_t from);
    void (*join)(struct sl_endpoint *e, const struct sl_new *n, const char *token);
    void (*drop)(struct sl_endpoint *e, uint32_t dir, const char *name, const char *token, uint32_t flags);
    void (*make)(struct sl_endpoint *e, const struct sl_new *n);       /* directory, symlink, device, fifo, socket */
    void (*set_meta)(struct sl_endpoint *e, const struct sl_new *n);
    void (*remove)(struct sl_endpoint *e, uint32_t dir, enum sl_type kind, const char *name);
    /* A hard link, where `links` says that it can; another name in place of the one it has, where `renames` does. No directories.
     * SL_E_UNSUPPORTED: the two are on different file systems. */
    void (*link)(struct sl_endpoint *e, const struct sl_names *n);
    void (*rename)(struct sl_endpoint *e, const struct sl_names *n);
    /* What waits for that name (SL_PUT_HOLD, where `holds` says that it can) gets it. flags: SL_PUT_REPLACE, SL_PUT_FSYNC. */
    void (*release)(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags);
    /* Removes what is no directory, if type, size and time are those of `as`; SL_E_CHANGED else. Where `takes` says that it can. */
    void (*take)(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_entry *as);
    /* A second name, or a copy, for what is about to be replaced or removed, where `backups` says that it can. flags: SL_PUT_REPLACE of the
     * backup, and enum sl_backup_flag of tree/backup.h; as: size and time, for SL_BACKUP_AS. Nothing of the first name is no failure; of a
     * directory an empty one with its metadata is made, if there is none. When it fails, so does the next put, write, commit, join, make
     * of a non-directory, rename or remove. */
    void (*backup)(struct sl_endpoint *e, const struct sl_names *n, const struct sl_entry *as);

    /* What number an owner has there: SL_AGAIN until known. */
    enum sl_code (*owner)(struct sl_endpoint *e, bool group, uint32_t number, const char *name, bool *settable,
                          uint32_t *there);
};

struct sl_endpoint {
    const struct sl_endpoint_ops *ops;
    enum sl_side side;
    bool remote;
    bool reads_ahead;             /* content is to be asked for before it is needed */
    bool verify;                  /* content comes with hashes */
    uint32_t rights;              /* enum sl_right */
    bool can_chown;
    uint32_t fake;                /* SL_FAKE, SL_FAKE_ONLY of tree/fake.h: the tree stands for another one; it may then set all that a superuser may */
    bool parts;                   /* it has part, join and drop */
    bool links, renames;          /* it has link; rename */
    bool backups, takes;          /* it has backup; take */
    bool writes_devices;          /* it can write them as if they were files */
    bool reads_devices;           /* it can read them as files; and: */
    bool devices;                 /* set by who owns it: it is to, and tells of them so, where LISTs ask for it */
    bool mounts;                  /* its listings can tell of directories of other file systems */
    bool stages_in, reserves;     /* it has stage_in; reserve */
    bool holds;                   /* it knows SL_PUT_HOLD, and has release */
    bool syncs;                   /* it knows SL_PUT_FSYNC */
    bool versions;                /* ranges that are read come with the version of their file; it has read_part */
    bool reads_some;              /* it has read_some */
    bool grids;                   /* its chunk lists may be of a grid, and of portions */
    bool marks;                   /* the blocks of a grid may have marks */
    bool attrs;                   /* it has attrs and get_attrs, and no_atime works */
    bool no_atime;                /* set by who owns it: reading is not to change times of access, where that can be said */
    uint32_t tells;               /* likewise: attributes that its listings tell of (enum sl_attrs_flag) */
    uint32_t uid;                 /* of who writes there */
    uint32_t next_id;             /* for open_dir */
    uint64_t issued[SL_JOBS], acked[SL_JOBS];
    void (*failed)(void *ctx, struct sl_endpoint *e, enum sl_job job, uint64_t ticket, const struct sl_error *err);
    /* Called now and then while an operation of a local endpoint takes long, so that the other side is not left in silence. */
    void (*busy)(void *ctx);
    void (*chunked)(void *ctx, struct sl_endpoint *e, void *cookie, struct sl_chunk_answer *a);
    enum sl_hash_kind digest;     /* of whole files: the same on both sides */
    uint64_t seed;                /* of chunk lists: the same on both sides */
    struct sl_charset_side *charset;    /* --iconv: what converts its names (charset_side.h); owned; NULL: nothing does */
    struct sl_error unopened;     /* why the last directory of the hashes' job that could not be opened could not */
    uint64_t taste;               /* bytes of content to ask for at first, alone: by how they come it is found out how fast the line is. 0: that is known, or does not matter */
    bool slow;                    /* that was found out, and so it is */
    uint64_t rtt_us;              /* measured after it was opened; 0: not remote, or not known yet */
    void *ctx;                    /* of failed and chunked */
    void *busy_ctx;
};

/* Whether a path names a directory by its form alone: it is empty, or ends in "/", "." or "..". */
bool sl_path_names_directory(const char *path);
void sl_place_clear(struct sl_place *p);

/* A local tree; nothing can fail yet. verify: content is hashed because the other side is remote. names: who is asked for names
 * of owners, where this process may not ask itself; NULL. It is borrowed. */
struct sl_endpoint *sl_local_new(enum sl_side side, bool verify, struct sl_helper *names);
/* Another endpoint of the same tree, for work side by side: it has the same roots by the same ids, and nothing else that is open. */
enum sl_code sl_local_beside(struct sl_endpoint **out, const struct sl_endpoint *first, struct sl_error *err);
/* From now on places are below the root of the file system, with their real path, so that links can be followed from them. */
void sl_local_from_slash(struct sl_endpoint *e);
/* Another hash of whole files than XXH3-128. Before anything is read. */
void sl_local_digest(struct sl_endpoint *e, enum sl_hash_kind kind);

#endif
