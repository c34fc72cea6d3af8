/* SPDX-License-Identifier: ISC */
/*
 * msg - the messages of channels >= 1: types, structures, encode and decode side by side. doc/PROTOCOL.md is normative.
 *
 * A channel is a context of its own: it has its own directory ids, entry context (each way) and request numbers. Every
 * frame that the client sends on it, but SKIP, is a request; requests are numbered from 1 in the order sent. The server
 * answers them in order: a FAIL names the request that failed, DONE n says that every request up to n that has no FAIL
 * and no answer of its own succeeded.
 */
#ifndef SL_PROTO_MSG_H
#define SL_PROTO_MSG_H

#include "base/attrs.h"
#include "base/entry.h"
#include "base/error.h"
#include "proto/conn.h"
#include "proto/entrycodec.h"
#include "proto/wire.h"

#define SL_FEATURE_SHA256 "sha256"
#define SL_FEATURE_PARTS "parts"
#define SL_FEATURE_LINKS "links"
#define SL_FEATURE_RENAME "rename"
#define SL_FEATURE_STATFS "statfs"
#define SL_FEATURE_ATTRS "attrs"
#define SL_FEATURE_BACKUP "backup"
#define SL_FEATURE_FSYNC "fsync"
#define SL_FEATURE_REMOVE_AS "remove-as"
#define SL_FEATURE_FAKE_SUPER "fake-super"
#define SL_FEATURE_READ_SOME "read-some"
#define SL_FEATURE_HOLD "hold"
#define SL_FEATURE_MOUNTS "mounts"
#define SL_FEATURE_DEVICES "devices"
#define SL_FLAG_DEVICES 64u       /* frame flag of READ, READ_RANGES, READ_SOME, HASH, CHUNKS: a device is read as a file, where ATTACHED says that it may be */
#define SL_FEATURE_WRITE_DEVICES "write-devices"   /* and of PUT, WRITE: a device that has the name is written, where ATTACHED says that it may be; of BASIS */
#define SL_FEATURE_STAGE_IN "stage-in"
#define SL_FEATURE_RESERVE "reserve"
#define SL_FEATURE_GRID "grid"
#define SL_FEATURE_MARKS "marks"
#define SL_FLAG_VERSION 4u        /* frame flag of READ_RANGES: END is to say which version of the file it was */
#define SL_FLAG_HOLES 8u          /* frame flag of READ_RANGES: holes are told, not sent as zeros */
#define SL_FLAG_NO_ATIME 32u      /* frame flag of READ, READ_RANGES, READ_SOME, HASH, CHUNKS: the time of the last access is not to change */
#define SL_FLAG_AS_IS 2u          /* frame flag of READ, READ_RANGES and READ_SOME: compressing this content does not pay */
#define SL_FEATURE_SMALL "small"
#define SL_FLAG_SMALL 16u         /* frame flag of READ: what is longer than SL_SMALL_MAX is not to be sent */
#define SL_SMALL_MAX (1024u * 1024u)
#define SL_DIR_ID_MAX 0xffffffffu
#define SL_TEXT_MAX 4096u                /* bytes of a message text */
#define SL_READ_NAMES_MAX 4096u          /* files in one READ */
#define SL_PUT_MAX (128u * 1024u)        /* content bytes in a PUT */

enum sl_msg {
    /* requests */
    SL_MSG_ATTACH = 16,      /* root id, how, module -> ATTACHED */
    SL_MSG_OPEN_DIR = 17,    /* parent id, new id, name */
    SL_MSG_CLOSE_DIR = 18,   /* id */
    SL_MSG_LIST = 19,        /* id, flags, name or "" -> LISTED... */
    SL_MSG_SKIP = 20,        /* signal: directory number in the LIST that runs; no request number */
    SL_MSG_READ = 21,        /* id, names -> CONTENT... */
    SL_MSG_PUT = 22,         /* id, meta, flags, entry, hash, content: a whole file */
    SL_MSG_WRITE = 23,       /* id, meta, flags, entry: a staged file; one at a time on a channel */
    SL_MSG_DATA = 24,        /* content, the whole payload */
    SL_MSG_HOLE = 25,        /* uv length */
    SL_MSG_COMMIT = 26,      /* hash */
    SL_MSG_ABORT = 27,       /* nothing */
    SL_MSG_MKDIR = 28,       /* id, meta, flags, entry */
    SL_MSG_SYMLINK = 29,     /* the same; the target is in the entry */
    SL_MSG_MKNOD = 30,       /* the same; devices, fifos, sockets */
    SL_MSG_SET_META = 31,    /* the same, of what exists; the entry's type must be right; "" is the directory itself */
    SL_MSG_REMOVE = 32,      /* id, kind (SL_TYPE_DIR: an empty directory; else anything but a directory), name */
    SL_MSG_OWNER = 33,       /* kind (0 user, 1 group), number, name -> OWNER_IS */
    SL_MSG_HASH = 34,        /* id, name -> HASH_IS */
    SL_MSG_MODULES = 35,     /* nothing -> MODULE..., then DONE */
    SL_MSG_SEED = 36,        /* u64: what CHUNKS of this channel are cut and hashed with */
    SL_MSG_CHUNKS = 37,      /* id, flags, grain, hash bytes, name, ranges -> CHUNKED... */
    SL_MSG_READ_RANGES = 38, /* id, name, ranges -> CONTENT */
    SL_MSG_BASIS = 39,       /* id, flags, name: a file that COPYs of the file being written may refer to */
    SL_MSG_COPY = 40,        /* number of the basis, offset, length: the next content of the file being written */
    SL_MSG_KEEP = 41,        /* uv length: so long is the file that is written in place, and all of it stays; after WRITE */
    SL_MSG_KEPT_IN = 42,     /* bs name: the directory beside each file in which this channel keeps what is interrupted */
    SL_MSG_PART = 43,        /* id, flags, token, name, from, size: a part of a file follows as after WRITE */
    SL_MSG_JOIN = 44,        /* id, meta, flags, entry, token: all parts are there; the file gets its name */
    SL_MSG_DROP = 45,        /* id, flags, token, name: the parts are given up */
    SL_MSG_LINK = 46,        /* id, name, id, name, flags: what has the first name gets the second, too */
    SL_MSG_RENAME = 47,      /* the same, but it loses the first */
    SL_MSG_ATTRS = 48,       /* attributes of what the next request makes or changes; or a piece of them */
    SL_MSG_GET_ATTRS = 49,   /* id, flags, name or "" -> ATTRS_ARE... */
    SL_MSG_STATFS = 50,      /* id -> STATFS_IS */
    SL_MSG_BACKUP = 55,      /* id, name, id, name, flags, [size, time]: what has the first name gets the second, too, or a copy of it does */
    SL_MSG_RELEASE = 56,     /* id, flags, name: what waits for that name (SL_PUT_HOLD) gets it */
    SL_MSG_RESERVE = 57,     /* uv length: room for so many bytes is taken for the file being written */
    SL_MSG_STAGE_IN = 58,    /* id: files of this channel are staged in that directory from now on */
    SL_MSG_READ_SOME = 64,   /* id, name, from, length, ranges -> CONTENT: these ranges, and the hash of all that lies between */
    /* answers, whose numbers are their own */
    SL_MSG_DONE = 64,        /* uv request */
    SL_MSG_FAIL = 65,        /* uv request, code, text */
    SL_MSG_ATTACHED = 66,
    SL_MSG_LISTED = 67,      /* uv request, records; SL_FLAG_LAST on the last frame */
    SL_MSG_CONTENT = 68,     /* records; which file they belong to follows from the order of the READs */
    SL_MSG_OWNER_IS = 69,    /* uv request, uv number + 1, or 0: cannot be set here */
    SL_MSG_HASH_IS = 70,     /* uv request, hash */
    SL_MSG_MODULE = 71,      /* bs name, bs comment */
    SL_MSG_ATTRS_ARE = 73,   /* uv request, a piece of the set; SL_FLAG_LAST on the last frame */
    SL_MSG_CHUNKED = 72,     /* uv request, [flags, hash when it is the last frame], records; SL_FLAG_LAST on the last frame */
    SL_MSG_STATFS_IS = 74    /* uv request, sv and u32 time, uv total, free, files free, name max, u8 flags, bs type */
};

#define SL_FLAG_LAST 1u

/* ---- rights: one bit an operation class ---- */
enum sl_right {
    SL_RIGHT_LIST = 1, SL_RIGHT_READ = 2, SL_RIGHT_CREATE = 4, SL_RIGHT_OVERWRITE = 8, SL_RIGHT_DELETE = 16,
    SL_RIGHT_DEVICE = 1024,  /* what is on devices, as if they were files; no part of ALL */
    SL_RIGHT_RENAME = 32, SL_RIGHT_META = 64, SL_RIGHT_SPECIAL = 128, SL_RIGHT_HASH = 256, SL_RIGHT_PUBLISH = 512,
    SL_RIGHT_ALL = 1023
};

/* ---- ATTACH ---- */
enum sl_attach_how { SL_ATTACH_ROOT = 0, SL_ATTACH_HOME = 1, SL_ATTACH_MODULE = 2 };
struct sl_msg_attach {
    uint32_t id;             /* the client's choice, not in use */
    enum sl_attach_how how;
    const char *module;      /* borrowed, not NUL-terminated when decoded; "" unless SL_ATTACH_MODULE */
    size_t module_len;
    uint8_t flags;           /* enum sl_attach_flag; encoded where it is not 0 */
};
enum sl_attach_flag { SL_ATTACH_SHA256 = 1 /* the hash of whole files; else XXH3-128 */,
                      SL_ATTACH_FAKE = 2 /* what takes a superuser is kept in attributes */,
                      SL_ATTACH_FAKE_ONLY = 4 /* with it: privileged attributes of the files themselves don't count */,
                      SL_ATTACH_FLAGS = 7 };
enum sl_attached_flag { SL_ATTACHED_CHOWN = 1 /* the server may give files away */,
                        SL_ATTACHED_ENFORCED = 2 /* the rights bind: the peer can do nothing else here */,
                        SL_ATTACHED_FAKE = 4, /* what takes a superuser is kept in attributes, asked for or not */
                        SL_ATTACHED_DEVICES = 8, /* it may read devices as files */
                        SL_ATTACHED_WRITE_DEVICES = 16 /* and write them (feature `write-devices`) */ };
struct sl_msg_attached {
    uint64_t request;
    uint32_t rights, flags, umask, uid;
    const char *home;        /* path of the login directory below the root, without slashes at the ends; "" if it is it */
    size_t home_len;
    const char *motd;
    size_t motd_len;
};

/* ---- LIST ---- */
enum sl_list_flag {
    SL_LIST_RECURSE = 1,     /* directories with all that is below them */
    SL_LIST_CHILDREN = 2,    /* with RECURSE off: a directory's own entries, one level */
    SL_LIST_ONE_FS = 4,      /* a directory on another device is listed, what is below it is not */
    SL_LIST_NUMERIC = 8,     /* no owner names */
    SL_LIST_NO_OWNER = 16,   /* owners are not wanted: 0 */
    SL_LIST_CLEAN = 32,      /* this side is going to be written: remove stale staged files (without the right to create, ignored) */
    SL_LIST_LINKS = 64,      /* of what has several names, which file it is (feature `links`) */
    SL_LIST_MOUNTS = 4096,   /* of directories, which are on another device than the listed thing (feature `mounts`) */
    SL_LIST_DEVICES = 8192,  /* devices are told as the files that they can be read as (feature `devices`) */
    SL_LIST_DEVICE_SIZES = 16384, /* of block devices, how much is on them (feature `write-devices`) */
    SL_LIST_ATTRS = SL_ATTRS_ALL & ~(uint32_t)SL_ATTRS_NUMERIC   /* attributes and times of access: enum sl_attrs_flag (base/attrs.h) */
};
struct sl_msg_list { uint32_t id; uint32_t flags; const char *name; size_t name_len; };

/* Records of LISTED. First the listed thing itself (its name, or "" when the LIST named none), then, for a directory
 * that is entered, its entries in byte order, each directory's content behind it, closed by END. SKIP and directories
 * that are not entered (one file system, no RECURSE): an entry, its END at once. With neither RECURSE nor CHILDREN the
 * thing itself is not entered: if it is a directory, END follows at once. */
enum sl_list_record_kind { SL_LIST_ENTRY, SL_LIST_END, SL_LIST_ERROR };
struct sl_list_record {
    enum sl_list_record_kind kind;
    struct sl_entry entry;       /* ENTRY */
    enum sl_code code;           /* ERROR: of the entry `name` of the directory that is open, or of that directory when "" */
    const char *name;
    size_t name_len;
    const char *text;
    size_t text_len;
};
#define SL_LINK_BYTES_MAX (1u + 3 * SL_UV_MAX_BYTES)
/* An ENTRY, and behind it, where entry.mount says so, MOUNT; of a block device with a size, DEVICE; where entry.names says that it has several names, LINK, which is of the record before it and no record of its own here. */
void sl_list_put_entry(struct sl_buf *b, struct sl_entry_codec *c, const struct sl_entry *e);
void sl_list_put_end(struct sl_buf *b);
void sl_list_put_error(struct sl_buf *b, enum sl_code code, const char *name, size_t name_len, const char *text);
/* Behind an ENTRY: its attributes, unless it has none; its time of access. They are a part of the entry for sl_list_decode. */
void sl_list_put_attrs(struct sl_entry_codec *c, struct sl_buf *b, const struct sl_attrs_brief *attrs);
void sl_list_put_atime(struct sl_buf *b, const struct sl_entry *e);
#define SL_LIST_MORE_MAX (SL_ATTRS_SHORT + 40u)       /* bytes of both */
/* Decodes one record of any kind. What is behind an ENTRY of the same frame has to be there. */
enum sl_code sl_list_decode(struct sl_entry_codec *c, struct sl_rd *r, struct sl_list_record *out, struct sl_error *err);

/* ---- READ ---- names of regular files in one directory; prefix-compressed against the one before in the same READ */
struct sl_read_name { const char *name; size_t name_len; };
/* Starts a READ payload in b; add names; the count is implied by the length. */
void sl_read_begin(struct sl_buf *b, uint32_t id);
void sl_read_add(struct sl_buf *b, const char *prev, size_t prev_len, const char *name, size_t name_len);
/* Decoding: *id first, then names one by one until SL_EOF. name is NUL-terminated in scratch[SL_NAME_MAX + 1], which
 * holds the one before when called, "" for the first. Each name is checked by sl_name_ok. */
enum sl_code sl_read_open(struct sl_rd *r, uint32_t *id);
enum sl_code sl_read_next(struct sl_rd *r, char *scratch, size_t *name_len);

/* Records of CONTENT, for the files of all READs of the channel in order. A file is: any number of DATA and HOLE, then
 * END or FAILED; or one WHOLE. A record never spans frames. The hash is XXH3-128 (seed 0, canonical big-endian form)
 * over all data bytes in order, where each hole counts as its length in 8 bytes, big-endian. */
enum sl_content_kind { SL_CONTENT_DATA = 1, SL_CONTENT_HOLE = 2, SL_CONTENT_END = 3, SL_CONTENT_FAILED = 4, SL_CONTENT_WHOLE = 5 };
enum sl_content_flag { SL_CONTENT_CHANGED = 1 /* size or times changed between open and end */,
                       SL_CONTENT_VERSION = 2, /* END of ranges: of which version of the file is behind the hash; */
                       SL_CONTENT_MORE = 4     /* with it: the file goes on behind the last range */ };
struct sl_content {
    enum sl_content_kind kind;
    const uint8_t *data;         /* DATA, WHOLE */
    size_t len;
    uint64_t hole;               /* HOLE, >= 1 */
    const uint8_t *hash;         /* END, WHOLE */
    uint8_t flags;               /* END, WHOLE */
    uint64_t version;            /* END, with SL_CONTENT_VERSION */
    enum sl_code code;           /* FAILED */
    const char *text;
    size_t text_len;
};
#define SL_CONTENT_HEAD 12u      /* bytes of a DATA or WHOLE record before its data, at most */
/* Writes the head of a DATA/WHOLE record with len data bytes to p (room SL_CONTENT_HEAD); returns its length. The data
 * follow; for WHOLE, then flags (u8) and hash (raw). */
size_t sl_content_head(uint8_t *p, enum sl_content_kind kind, size_t len);
void sl_content_put_hole(struct sl_buf *b, uint64_t len);
/* version: written with SL_CONTENT_VERSION. */
void sl_content_put_end(struct sl_buf *b, uint8_t flags, const uint8_t *hash, size_t hash_len, uint64_t version);
void sl_content_put_failed(struct sl_buf *b, enum sl_code code, const char *text);
enum sl_code sl_content_decode(struct sl_rd *r, struct sl_content *out, struct sl_error *err);

/* ---- PUT, WRITE, MKDIR, SYMLINK, MKNOD, SET_META ---- */
enum sl_put_flag {
    SL_PUT_REPLACE = 1,      /* an existing non-directory of that name may be replaced; otherwise SL_E_EXISTS; LINK and RENAME have it too */
    SL_PUT_SPARSE = 2,       /* runs of zeros may become holes */
    SL_PUT_UNKEPT = 4,       /* WRITE: if the session ends before COMMIT, nothing of it is kept */
    SL_PUT_PARTIAL = 8,      /* WRITE: it gets its name then, as far as it was written */
    SL_PUT_INPLACE = 16,     /* PUT, WRITE: the file that is there is written where it is; needs the right to overwrite */
    SL_PUT_FSYNC = 64,       /* PUT, WRITE, JOIN: the file is synced before it has its name, and its directory after */
    SL_PUT_FIRST = 32,       /* PART: the first one of the file; no part of it was written before */
    SL_PUT_DEVICE = 256,     /* not on the wire, where it is frame flag SL_FLAG_DEVICES of PUT, WRITE: what has the name may be a device, and is written */
    SL_PUT_HOLD = 128        /* PUT, WRITE, JOIN, LINK: it waits for its name, until RELEASE; needs the right to overwrite */
};
struct sl_msg_put {
    uint32_t id;
    uint32_t meta;           /* enum sl_meta */
    uint32_t flags;          /* enum sl_put_flag */
    struct sl_entry entry;
    const uint8_t *hash;     /* PUT only */
    size_t hash_len;         /* encoding; 0: SL_HASH_LEN */
    const char *token;       /* JOIN only: SL_TOKEN_LEN bytes */
    const uint8_t *data;     /* PUT only: the rest of the payload */
    size_t data_len;
};
/* For PUT: everything up to and with the hash; the content is appended by the caller. For the others hash is NULL, and token but for JOIN. Decoding
 * moves the context on: a payload is decoded once. Only SET_META may have an entry without a name. */
void sl_put_encode(struct sl_buf *b, struct sl_entry_codec *c, const struct sl_msg_put *m);
enum sl_code sl_put_decode(struct sl_rd *r, struct sl_entry_codec *c, enum sl_msg type, struct sl_msg_put *m,
                           struct sl_error *err);

/* ---- ATTRS, GET_ATTRS, ATTRS_ARE ---- */
/* A set may be longer than a frame: it travels in pieces. */
#define SL_ATTRS_PIECE (64u * 1024u)     /* bytes of one that this build sends */
enum sl_attrs_piece_flag { SL_ATTRS_MORE = 1 /* pieces follow */, SL_ATTRS_GOES_ON = 2 /* it is none of the first */ };
struct sl_msg_attrs {
    uint32_t flags;          /* enum sl_attrs_flag and enum sl_attrs_piece_flag */
    int64_t atime_s;         /* with SL_ATTRS_ATIME, in the first piece */
    uint32_t atime_ns;
    const uint8_t *piece;
    size_t len;
};
struct sl_msg_get_attrs { uint32_t id, flags; const char *name; size_t name_len; /* "": the directory itself */ };
struct sl_msg_attrs_are { uint64_t request; const uint8_t *piece; size_t len; };

/* ---- PART, DROP ---- */
struct sl_msg_part {
    uint32_t id;
    uint8_t flags;           /* SL_PUT_SPARSE, SL_PUT_FIRST */
    const char *token;       /* SL_TOKEN_LEN bytes, of which sl_token_ok is true */
    const char *name;
    size_t name_len;
    uint64_t from, size;     /* where the part begins, and of the whole file; from <= size <= INT64_MAX */
};
struct sl_msg_drop {
    uint32_t id;
    uint8_t flags;           /* SL_PUT_REPLACE, SL_PUT_UNKEPT, SL_PUT_PARTIAL */
    const char *token, *name;
    size_t name_len;
};

/* ---- CHUNKS, READ_RANGES, BASIS, COPY ---- */
#define SL_COPY_MAX (1024u * 1024u)      /* bytes in one COPY: it is carried out in one piece */
#define SL_BASES_OPEN_MAX 4u             /* of one file being written */
enum sl_chunks_flag { SL_CHUNKS_KEPT = 1 /* of what was kept of an interrupted file of that name (BASIS too) */,
                      SL_CHUNKS_HASH = 2 /* the content hash of the whole file is wanted; no ranges then, or a portion */,
                      SL_CHUNKS_GRID = 4 /* blocks of one length, not cut by content */,
                      SL_CHUNKS_PORTION = 8 /* one range, behind whose end the file may end before; with a hash they follow each other */,
                      SL_CHUNKS_MARKS = 16 /* each block of a grid with its mark */ };
struct sl_msg_chunks {
    uint32_t id;
    uint8_t flags;
    uint8_t grain;           /* log2 of the wanted length of a chunk, 6..26 */
    uint8_t hash_bytes;      /* 4..8 */
    const char *name;
    size_t name_len;
    struct sl_rd ranges;     /* decoded by sl_range_next; checked. Empty: the whole file */
};
/* The head of the payload; ranges are added behind it. */
void sl_chunks_encode(struct sl_buf *b, const struct sl_msg_chunks *m);
enum sl_code sl_chunks_decode(struct sl_rd *r, struct sl_msg_chunks *m, struct sl_error *err);
struct sl_msg_read_ranges { uint32_t id; const char *name; size_t name_len; struct sl_rd ranges; /* one at least */ };
void sl_read_ranges_encode(struct sl_buf *b, const struct sl_msg_read_ranges *m);
enum sl_code sl_read_ranges_decode(struct sl_rd *r, struct sl_msg_read_ranges *m, struct sl_error *err);
/* Ranges: ascending, apart or touching, each at least a byte, none beyond INT64_MAX. *end: of the last one, 0 at first. */
#define SL_RANGE_BYTES_MAX 20u
void sl_range_add(struct sl_buf *b, uint64_t *end, uint64_t at, uint64_t len);
/* false: none is left (or what is there is malformed: then r is bad). */
bool sl_range_next(struct sl_rd *r, uint64_t *end, uint64_t *at, uint64_t *len);

struct sl_msg_read_some { uint32_t id; const char *name; size_t name_len; uint64_t from, len; struct sl_rd ranges; /* in there; maybe none */ };
/* The head of the payload; ranges are added behind it, the first counted from m->from. */
void sl_read_some_encode(struct sl_buf *b, const struct sl_msg_read_some *m);
enum sl_code sl_read_some_decode(struct sl_rd *r, struct sl_msg_read_some *m, struct sl_error *err);

struct sl_msg_basis { uint32_t id; uint8_t flags; const char *name; size_t name_len; };
struct sl_msg_copy { uint32_t basis; uint64_t from; uint32_t len; };

/* Frames of CHUNKED: the head, then records: chunks in order, each range's fill it exactly. */
enum sl_chunked_flag { SL_CHUNKED_CHANGED = 1 /* size or times changed meanwhile */, SL_CHUNKED_HASH = 2 /* the hash is there */,
                       SL_CHUNKED_END = 4 /* the portion reaches the end of the file */ };
struct sl_msg_chunked {
    uint64_t request;
    bool last;               /* from the frame's flag */
    uint8_t flags;           /* last */
    const uint8_t *hash;     /* with SL_CHUNKED_HASH */
    size_t hash_len;         /* encoding; 0: SL_HASH_LEN */
};
void sl_chunked_encode(struct sl_buf *b, const struct sl_msg_chunked *m);
/* Leaves r at the first record. */
enum sl_code sl_chunked_decode(struct sl_rd *r, struct sl_msg_chunked *m, struct sl_error *err);
struct sl_chunk_record { uint64_t len; /* 0 in a grid: a whole block */ bool hole; uint64_t hash; uint32_t mark; };
#define SL_CHUNK_RECORD_MAX 22u
/* flags: of the request, SL_CHUNKS_GRID and SL_CHUNKS_MARKS count. */
struct sl_chunk_form { unsigned flags, hash_bytes; };
void sl_chunk_record_put(struct sl_buf *b, const struct sl_chunk_record *m, const struct sl_chunk_form *form);
enum sl_code sl_chunk_record_next(struct sl_rd *r, const struct sl_chunk_form *form, struct sl_chunk_record *out, struct sl_error *err);

/* ---- the small ones ---- */
struct sl_msg_open { uint32_t parent, id; const char *name; size_t name_len; };
struct sl_msg_remove {
    uint32_t id;
    enum sl_type kind;
    const char *name;
    size_t name_len;
    bool only_as;            /* if it is of that kind, with this size and time; no directory */
    uint64_t size;
    int64_t mtime_s;
    uint32_t mtime_ns;
};
#define SL_REMOVE_AS 8u      /* added to the kind */
struct sl_msg_owner { bool group; uint32_t number; const char *name; size_t name_len; /* may be "" */ };
struct sl_msg_move {          /* LINK, RENAME */
    uint32_t from_id, to_id;
    const char *from, *to;
    size_t from_len, to_len;
    uint8_t flags;           /* SL_PUT_REPLACE; LINK: SL_PUT_HOLD */
};
struct sl_msg_statfs { uint32_t id; };
struct sl_msg_statfs_is {
    uint64_t request;
    int64_t time_s;          /* the server's clock */
    uint32_t time_ns;
    uint64_t total, free, files_free;    /* bytes, bytes, names; all 0 without the right to create */
    uint32_t name_max;
    bool read_only;
    const char *type;        /* not NUL-terminated when decoded; up to SL_FS_TYPE_MAX bytes */
    size_t type_len;
};
#define SL_FS_TYPE_MAX 32u
struct sl_msg_backup {
    struct sl_msg_move names;    /* flags: SL_PUT_REPLACE, enum sl_backup_flag of tree/backup.h: 2 a copy, 4 only as told: */
    uint64_t size;
    int64_t mtime_s;
    uint32_t mtime_ns;
};
#define SL_BACKUP_FLAG_AS 4u
#define SL_BACKUP_FLAGS 7u
struct sl_msg_release { uint32_t id; uint8_t flags; /* SL_PUT_REPLACE, SL_PUT_FSYNC */ const char *name; size_t name_len; };
struct sl_msg_name { uint32_t id; const char *name; size_t name_len; };   /* HASH */
struct sl_msg_kept_in { const char *name; size_t name_len; };
struct sl_msg_fail { uint64_t request; enum sl_code code; const char *text; size_t text_len; };
struct sl_msg_owner_is { uint64_t request; bool settable; uint32_t number; };
struct sl_msg_hash_is { uint64_t request; const uint8_t *hash; size_t hash_len; /* encoding; 0: SL_HASH_LEN */ };
struct sl_msg_module { const char *name, *comment; size_t name_len, comment_len; };

/* Encoders append a payload; decoders read a whole payload (trailing bytes are SL_E_PROTOCOL), check every length, range
 * and name, and borrow from it. Decoded strings are not NUL-terminated unless said. */
#define SL_MSG_CODEC(word, type) \
    void sl_##word##_encode(struct sl_buf *b, const struct type *m); \
    enum sl_code sl_##word##_decode(struct sl_rd *r, struct type *m, struct sl_error *err)
SL_MSG_CODEC(attach, sl_msg_attach);
SL_MSG_CODEC(attached, sl_msg_attached);
SL_MSG_CODEC(list_request, sl_msg_list);
SL_MSG_CODEC(open, sl_msg_open);
SL_MSG_CODEC(remove, sl_msg_remove);
SL_MSG_CODEC(owner, sl_msg_owner);
SL_MSG_CODEC(name, sl_msg_name);
SL_MSG_CODEC(fail, sl_msg_fail);
SL_MSG_CODEC(owner_is, sl_msg_owner_is);
SL_MSG_CODEC(hash_is, sl_msg_hash_is);
SL_MSG_CODEC(module, sl_msg_module);
SL_MSG_CODEC(basis, sl_msg_basis);
SL_MSG_CODEC(copy, sl_msg_copy);
SL_MSG_CODEC(kept_in, sl_msg_kept_in);
SL_MSG_CODEC(part, sl_msg_part);
SL_MSG_CODEC(drop, sl_msg_drop);
SL_MSG_CODEC(move, sl_msg_move);
SL_MSG_CODEC(statfs, sl_msg_statfs);
SL_MSG_CODEC(statfs_is, sl_msg_statfs_is);
SL_MSG_CODEC(attrs, sl_msg_attrs);
SL_MSG_CODEC(get_attrs, sl_msg_get_attrs);
SL_MSG_CODEC(attrs_are, sl_msg_attrs_are);
SL_MSG_CODEC(backup, sl_msg_backup);
SL_MSG_CODEC(release, sl_msg_release);
void sl_reserve_encode(struct sl_buf *b, const uint64_t *len);
enum sl_code sl_reserve_decode(struct sl_rd *r, uint64_t *len, struct sl_error *err);
void sl_stage_in_encode(struct sl_buf *b, const uint32_t *id);
enum sl_code sl_stage_in_decode(struct sl_rd *r, uint32_t *id, struct sl_error *err);

#endif
