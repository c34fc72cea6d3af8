/* SPDX-License-Identifier: ISC */
/* session_priv - what the files of the session share: a channel's state, and how requests are answered. */
#ifndef SL_SUBSYSTEM_SESSION_PRIV_H
#define SL_SUBSYSTEM_SESSION_PRIV_H

#include "base/hash.h"
#include "delta/lister.h"
#include "delta/portion.h"
#include "proto/msg.h"
#include "subsystem/session.h"
#include "tree/backup.h"
#include "tree/carry.h"
#include "tree/dirs.h"
#include "tree/kept.h"
#include "tree/meta.h"
#include "tree/part.h"
#include "tree/reader.h"
#include "tree/stage.h"
#include "tree/walk.h"

enum {
    SL_DIRS_MAX = 4096,                 /* directory ids open on one channel */
    SL_DIR_FDS = 64,                    /* of them, with a descriptor */
    SL_NAME_BYTES_MAX = 16 * 1024 * 1024, /* that the owners' names of all channels may take: 65536 ordinary ones are 5 MiB */
    SL_CONFIRM_EVERY = 256,             /* requests between two DONEs within one batch of input */
    SL_OUTPUT_HIGH = 1024 * 1024,       /* unsent bytes above which nothing is read or listed, and no request is begun */
    SL_CLEANED_MAX = 4,                 /* directories for staged files that a session looks through for stale ones, each once */
    SL_RANGES_MAX = 16384,              /* of one READ_SOME or CHUNKS, which are kept while it runs, on each channel; clients send 3,000 at most */
    SL_FRESH_MAX = 4096,                /* directories made here and not yet given their times, on one channel */
    SL_PATH_MAX = 16 * 1024             /* of a path that a pattern is held against; a longer one is excluded */
};

enum sl_writing { SL_WRITING_NOT, SL_WRITING, SL_WRITING_DEAD /* failed: the rest of it is passed over */ };

struct sl_fresh { dev_t dev; ino_t ino; };

struct sl_channel;
/* A request that takes more than one step. SL_OK: something was done; SL_AGAIN: waits for room; SL_EOF: it is over. */
typedef enum sl_code sl_long_step(struct sl_channel *ch, struct sl_error *err);

enum { SL_PAID_MAX = 512 }; /* of more files listed at once, some would count twice */

struct sl_channel {
    struct sl_session *s;
    uint8_t number;
    struct sl_dirs *dirs;               /* NULL before the first request */
    struct sl_entry_codec *in, *out;
    uint64_t requests, confirmed;       /* the last one taken; every one up to here is answered */
    uint32_t rights;                    /* none before something is attached */
    bool asked_list;                    /* and was refused: the next time it is told in the log */
    const struct sl_module *module;     /* NULL unless a module */
    const char *rule;                   /* the configuration's key that gave the rights, and its line, for the log */
    unsigned rule_line;
    /* directories that this channel made: their metadata may be set, once, also without the right to change any */
    struct sl_fresh *fresh;
    size_t fresh_len, fresh_cap;
    uint32_t fake;                      /* SL_FAKE, SL_FAKE_ONLY of tree/fake.h: how its trees are taken */
    bool lesser;                        /* the request that runs has only its lesser right */
    /* an answer that waits for room */
    struct sl_buf waiting;
    uint8_t waiting_type, waiting_flags;
    bool have_waiting;
    /* the long request that runs */
    sl_long_step *step;
    struct sl_buf scratch;
    struct sl_walk *walk;               /* LIST */
    bool list_atimes;
    char *list_base;                    /* owned: path of the directory that the listed thing is in; NULL: nothing is excluded */
    struct sl_buf names;                /* READ: its payload */
    struct sl_rd names_rd;
    uint32_t read_dir;
    uint8_t as_is;                      /* READ, READ_RANGES, READ_SOME: flags for the frames of the content */
    bool small;                         /* READ: a file beyond SL_SMALL_MAX fails instead */
    bool versioned, holes;              /* READ_RANGES: the version of the file is wanted too; holes are told */
    char name[SL_NAME_MAX + 1];
    struct sl_reader reader;            /* READ and HASH; fd -1 when none is open */
    struct sl_hash *hash;
    uint64_t hole_left;                 /* HASH: zeros of a hole still to be counted */
    uint64_t w_hole_left;               /* HOLE: zeros still to be written to a device */
    size_t module_at;                   /* MODULES */
    struct sl_seed *seed;               /* of CHUNKS; owned, NULL before SEED */
    struct sl_lister lister;            /* CHUNKS */
    struct sl_buf records;              /* of its answer, not yet sent */
    unsigned chunk_hash_bytes;
    uint8_t chunk_flags;                /* enum sl_chunks_flag */
    struct sl_carry carry;              /* between portions of a file, with its hash */
    uint64_t paid[SL_PAID_MAX];         /* versions of files whose further lists are made without counting as files */
    unsigned paid_next;                 /* the one to forget */
    uint64_t some_version;              /* of the file that ranges were read of last */
    bool listed;                        /* all of them are there */
    struct sl_kept_searched searched;   /* where interrupted files were looked for last */
    uint32_t searched_dir;              /* and where they are looked for now */
    char kept_in[SL_NAME_MAX + 1];      /* the partial directory; "" none */
    uint64_t range_end;                 /* READ_RANGES: of the last range taken from names_rd */
    struct sl_ranges ranges;            /* READ_SOME: what is to be sent; owned */
    struct sl_stretch stretch;
    bool silent;                        /* READ_SOME: what is being read is only hashed */
    /* the file being written */
    enum sl_writing writing;
    struct sl_stage stage;
    struct sl_entry w_entry;
    char w_name[SL_NAME_MAX + 1];
    uint32_t w_meta, w_flags;
    uint64_t prepaid;                   /* of the room that was taken for it ahead, as counted in figures.stored: not yet used */
    bool w_kept_back;                   /* replacing was asked for and is not among the rights */
    struct sl_hash *w_hash;
    /* attributes that were sent ahead of the request that they belong to; and those of the file being written */
    bool attrs_there, attrs_begun;      /* begun: more pieces are to come */
    struct sl_attrs_want attrs, w_attrs;
    struct sl_buf attrs_set, w_set;
    bool devices;                       /* what it reads may be a device */
    bool no_atime;                      /* what the request that runs reads is not to count as an access */
    bool unbacked;                      /* a BACKUP failed: what it was for fails too */
    struct sl_backup backup;            /* that is being copied */
    int away;                           /* the directory in which files are staged, a duplicate; -1: beside their places */
    int bases[SL_BASES_OPEN_MAX];       /* files that it may copy from; -1 behind the last */
    unsigned bases_len;
};

struct sl_session {
    const struct sl_policy *policy;
    struct sl_conn *conn;
    struct sl_owners *owners;
    struct sl_quota quota;
    struct sl_session_figures figures;
    struct sl_line_view line;                /* how it waits, as far as that is counted */
    uint64_t greeted_us;
    int replaced;                       /* a file that may have lost its last name; -1: none */
    enum sl_hash_kind digest;           /* of whole files, as the first ATTACH said */
    struct sl_steer steered;            /* the last STEER; its pack is 0 once that was done */
    struct sl_line_view steered_at;     /* at that time, or at the last look since then */
    uint64_t steered_rate;              /* bytes a second that the peer wants at most; 0: no limit */
    struct sl_channel *channels[SL_CHANNELS];
    bool attached;                      /* some channel has attached something: all hold to that namespace */
    const struct sl_module *module;     /* which; NULL: the plain one */
    uint8_t turn;                       /* the channel that steps next */
    unsigned begun;                     /* requests of this batch of input, or of this step of a channel */
    struct sl_fresh cleaned[SL_CLEANED_MAX]; /* directories for staged files whose stale ones were removed */
    unsigned cleaned_len;
    char *home;                         /* owned: login directory below "/", or "" */
    bool draining, bye;
};

/* ---- session.c ---- */
/* Counts n more against a limit; SL_E_LIMIT once there would be more than it allows. */
enum sl_spend { SL_SPEND_STORED, SL_SPEND_HASHED, SL_SPEND_READ_FILE, SL_SPEND_MADE_FILE };
enum sl_code sl_spend(struct sl_session *s, enum sl_spend what, uint64_t n, struct sl_error *err);
/* A line for the log: "WHAT 'PATH'DETAIL". name "" is the directory itself. */
void sl_note(struct sl_channel *ch, enum sl_session_note kind, const char *what, uint32_t dir, const char *name);

/* ---- visible.c: the one place that decides which names there are for this peer ---- */
/* Whether name in directory `dir` is excluded. Staged files' names are, everywhere. */
bool sl_hidden(struct sl_channel *ch, uint32_t dir, const char *name, bool is_dir);
/* Whether that is so of what would be kept of name in the partial directory. */
bool sl_hidden_kept(struct sl_channel *ch, uint32_t dir, const char *name);
/* The same of what a killed process left of name in searched_dir. ctx: the channel. */
bool sl_hidden_left(void *ctx, const char *name);
/* The same as sl_walk_hidden. ctx: the channel, whose list_base is the path of the LIST's directory. */
bool sl_hidden_in_walk(void *ctx, const char *path, bool is_dir);

/* ---- channel.c ---- */
struct sl_channel *sl_channel_new(struct sl_session *s, uint8_t number);
void sl_channel_free(struct sl_channel *ch);
/* Sends an answer, or keeps it until there is room; at most one may wait. `last` answers confirm all requests up to now. */
void sl_channel_answer(struct sl_channel *ch, enum sl_msg type, const struct sl_buf *payload);
void sl_channel_fail(struct sl_channel *ch, const struct sl_error *err);
/* Sends what waits; false while it still does. */
bool sl_channel_flush(struct sl_channel *ch);
/* DONE for what was not confirmed yet, unless an answer is still to come before it. */
void sl_channel_confirm(struct sl_channel *ch);
static inline bool sl_channel_busy(const struct sl_channel *ch) { return ch->step || ch->have_waiting; }
void sl_channel_end_long(struct sl_channel *ch);

/* ---- backup.c ---- */
/* What the channel is to put in some place, or to take away, is not to be done. */
void sl_backup_failed(struct sl_channel *ch);
/* Whether this request is it. A file that was being written is given up. */
bool sl_unbacked(struct sl_channel *ch, enum sl_msg type);

/* ---- requests.c ---- */
/* One frame of the peer. SL_AGAIN while the channel is busy; a failure ends the session. */
enum sl_code sl_request_frame(struct sl_channel *ch, const struct sl_frame *f, struct sl_error *err);

union sl_request {
    struct sl_msg_attach attach;
    struct sl_msg_open open;
    uint32_t id;
    struct sl_msg_list list;
    struct sl_msg_put put;
    struct sl_msg_remove remove;
    struct sl_msg_owner owner;
    struct sl_msg_name name;
    struct { const uint8_t *data; size_t len; } bytes;
    uint64_t hole, keep;
    uint64_t seed;
    const uint8_t *hash;
    struct sl_msg_chunks chunks;
    struct sl_msg_read_ranges read_ranges;
    struct sl_msg_read_some read_some;
    struct sl_msg_basis basis;
    struct sl_msg_copy copy;
    struct sl_msg_kept_in kept_in;
    struct sl_msg_part part;
    struct sl_msg_drop drop;
    struct sl_msg_attrs attrs;
    struct sl_msg_get_attrs get_attrs;
    struct sl_msg_move move;
    struct sl_msg_statfs statfs;
    struct sl_msg_backup backup;
    struct sl_msg_release release;
    uint64_t reserve;
};
/* A handler: SL_OK or the failure of this one request. Decoded names are not NUL-terminated unless they are an entry's. */
typedef enum sl_code sl_request_run(struct sl_channel *ch, const union sl_request *q, struct sl_error *err);

sl_request_run sl_run_attach, sl_run_modules;                                             /* attach.c */
sl_request_run sl_run_list;                                                               /* listing.c */
sl_request_run sl_run_read, sl_run_read_ranges, sl_run_read_some, sl_run_hash;            /* content.c */
sl_request_run sl_run_seed, sl_run_chunks;                                                /* chunks.c */
sl_request_run sl_run_basis, sl_run_copy, sl_run_keep, sl_run_kept_in;                                                 /* writing.c */
sl_request_run sl_run_put, sl_run_write, sl_run_data, sl_run_hole, sl_run_commit, sl_run_abort;    /* writing.c */
sl_request_run sl_run_make, sl_run_set_meta, sl_run_remove;
sl_request_run sl_run_part, sl_run_join, sl_run_drop;                                     /* parts.c */
sl_request_run sl_run_statfs;                                                             /* statfs.c */
sl_request_run sl_run_backup;                                                             /* backup.c */
sl_request_run sl_run_release, sl_run_reserve, sl_run_stage_in;                           /* placing.c */
/* Whether devices may be read: a peer that could make one would be out of its confinement by that. */
bool sl_may_devices(const struct sl_channel *ch);
/* n bytes more are about to be stored in the file being written: sl_spend, but for what is in room that was taken ahead. */
enum sl_code sl_store(struct sl_channel *ch, uint64_t n, struct sl_error *err);
/* That file is over. What was taken ahead and not used is given back; of a file that is written in place only what was behind its end. */
void sl_store_end(struct sl_channel *ch, bool complete);
/* Ranges of a request from offset `from` on, to be kept; SL_E_LIMIT: they are too many, and out is empty. */
enum sl_code sl_take_ranges(const struct sl_rd *rd, uint64_t from, struct sl_ranges *out, struct sl_error *err);
bool sl_may_write_devices(const struct sl_channel *ch);
/* Whether a LIST may have these flags; the flags of PUT or WRITE, as its frame says whether what has the name may be a device. */
enum sl_code sl_devices_listed(const struct sl_channel *ch, uint32_t flags, struct sl_error *err);
uint32_t sl_devices_written(const struct sl_channel *ch, uint32_t flags);
/* Opens what a request reads. */
enum sl_code sl_open_for_reading(const struct sl_channel *ch, struct sl_reader *r, int dirfd, const char *name, struct sl_error *err);
/* Whether flags of PUT, WRITE, JOIN or LINK that need more than a new file does are allowed. */
enum sl_code sl_may_write_so(const struct sl_channel *ch, uint32_t flags, struct sl_error *err);
/* The partial directory, where things of this name may be in it; else NULL: they are beside its place. */
const char *sl_held_in(struct sl_channel *ch, uint32_t dir, const char *name);
sl_request_run sl_run_link, sl_run_rename;                                                /* moves.c */
/* Whether a name may be made: one that is excluded, or has a staged file's form, may not. */
enum sl_code sl_may_make(struct sl_channel *ch, uint32_t dir, const char *name, bool is_dir, struct sl_error *err);
sl_request_run sl_run_attrs, sl_run_get_attrs;                                            /* attrs.c */
/* Nothing that was sent is kept. Hands what was sent to the entry of the request that it belongs to. Keeps that of w_entry beyond the request. */
void sl_attrs_forget(struct sl_channel *ch);
void sl_attrs_take(struct sl_channel *ch, struct sl_entry *e);
void sl_attrs_hold(struct sl_channel *ch);
/* Whether attributes of these kinds may be told of; flags without any always. */
enum sl_code sl_attrs_may_read(const struct sl_channel *ch, uint32_t flags, struct sl_error *err);
/* What of a new thing the rights allow: without `meta` nobody's files are given away and no setuid bit is set. Whether replacing was kept back. */
bool sl_limit(const struct sl_channel *ch, struct sl_entry *e, uint32_t *meta, uint32_t *flags);
/* Where only the missing right made the name's being taken a failure, the failure says so. */
enum sl_code sl_told(enum sl_code rc, bool kept_back, const char *name, struct sl_error *err);
/* The file being written, if any, is given up; what still comes of it is passed over. */
void sl_writing_dead(struct sl_channel *ch);
/* A file to compare with or copy from; flags: enum sl_chunks_flag. */
enum sl_code sl_open_basis(struct sl_channel *ch, struct sl_reader *r, uint32_t dir, const char *name, uint8_t flags, struct sl_error *err);
/* Closes the files that it may copy from. */
void sl_bases_close(struct sl_channel *ch);

#endif
