/* SPDX-License-Identifier: ISC */
/*
 * report - everything the client prints: itemised lines, names, deletions, listing, statistics, progress, errors, --json.
 * Text goes to standard output as rsync words it, errors to standard error, progress to standard output only where it is a
 * terminal. Every byte that came from a file name or a peer is escaped.
 */
#ifndef SL_CLIENT_REPORT_H
#define SL_CLIENT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/entry.h"
#include "base/error.h"
#include "client/options.h"

/* What happened, or with -n would happen, to one entry. */
enum sl_change {             /* bits, for the letters of -i */
    SL_CHANGE_NEW = 1,       /* +++++++++ */
    SL_CHANGE_CHECKSUM = 2,  /* c */
    SL_CHANGE_SIZE = 4,      /* s */
    SL_CHANGE_TIME = 8,      /* t */
    SL_CHANGE_TIME_NOW = 16, /* T: time will be that of the transfer (no -t) */
    SL_CHANGE_PERMS = 32,    /* p */
    SL_CHANGE_OWNER = 64,    /* o */
    SL_CHANGE_GROUP = 128,   /* g */
    SL_CHANGE_TARGET = 256,  /* a symlink's target: c */
    SL_CHANGE_ATIME = 512,   /* u */
    SL_CHANGE_ACL = 1024,    /* a */
    SL_CHANGE_XATTR = 2048,  /* x */
    SL_CHANGE_ATTRS = 4096   /* one or both of these, or none: to be looked at before it is told (client/attrs.h) */
};
enum sl_update {             /* the first letter of -i */
    SL_UPDATE_NONE,          /* '.' */
    SL_UPDATE_SENT,          /* '<' */
    SL_UPDATE_RECEIVED,      /* '>' */
    SL_UPDATE_LOCAL,         /* 'c': made here, without content */
    SL_UPDATE_COPIED,        /* 'c': its content is from another file there */
    SL_UPDATE_TAKEN,         /* 'h': a hard link to a file of another tree there (--link-dest) */
    SL_UPDATE_LINKED,        /* 'h': another name of `leader`; NULL: it is that already */
    SL_UPDATE_DELETED        /* "*deleting" */
};

struct sl_report_item {
    enum sl_update update;
    uint32_t changes;
    const struct sl_entry *entry;   /* of the source; for deletions of the destination */
    const char *path;               /* relative to the transfer's root, no trailing slash */
    const char *front;              /* what stands in front of it as the source was typed, for %f; NULL: nothing */
    const char *backup;             /* where what was there goes; NULL: nowhere */
    uint64_t bytes;                 /* content bytes on the wire for this file, for %b */
    const char *leader;             /* LINKED: what it was linked to, relative to the transfer's root; NULL: nothing was done */
};

struct sl_stats {
    uint64_t entries[8];            /* by enum sl_type: seen in the source */
    uint64_t created[8], deleted[8];
    uint64_t files_sent;            /* regular files transferred */
    uint64_t total_size;            /* of regular files and symlinks seen */
    uint64_t sent_size;             /* total transferred file size */
    uint64_t literal, matched;      /* content bytes that travelled; that came from a basis */
    uint64_t list_bytes;            /* listing bytes, both ways */
    uint64_t list_ms;               /* from start to the end of the listing */
    uint64_t wire_out, wire_in;     /* bytes sent and received by this process */
    uint64_t elapsed_ms;
    uint64_t errors;                /* entries that failed */
};

/* Counts an entry of the source. */
void sl_stats_entry(struct sl_stats *s, const struct sl_entry *e);

struct sl_report;

/* o is borrowed for its life. push: files leave this machine (letter '<', words "sending"); else ">", "receiving". */
struct sl_report *sl_report_new(const struct sl_options *o, bool push);
void sl_report_free(struct sl_report *r);
/* Opens --log-file, if there is one, and begins it: before this process is confined. Failing is the run's failure. */
enum sl_code sl_report_log_open(struct sl_report *r, struct sl_error *err);
/* Other streams than stdout and stderr, for tests; borrowed. */
void sl_report_set_streams(struct sl_report *r, FILE *out, FILE *err);

/* From now on nothing is told of entries, notes and errors; or again. */
void sl_report_mute(struct sl_report *r, bool mute);

/* "sending incremental file list" / "receiving incremental file list" when -v; once, before the rest. */
void sl_report_start(struct sl_report *r);
/* "created directory PATH" with -v; count: with those on the way. */
void sl_report_created_dir(struct sl_report *r, const char *path, unsigned count);
void sl_report_motd(struct sl_report *r, const char *text, size_t len);

/* One entry, in the order decided; prints what -v, -i, --out-format (default with -i "%i %n%L") or --json ask for. Entries
 * without changes are printed only with -ii or -vv. rsync's rules for which lines appear with which options hold. */
void sl_report_item(struct sl_report *r, const struct sl_report_item *item);

/* "skipping non-regular file \"x\"", "skipping directory x", "x exists" ... : a note that is no error; level: 0 always, 1 -v, 2 -vv */
void sl_report_note(struct sl_report *r, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same for a note of a kind that --info knows. */
void sl_report_info(struct sl_report *r, enum sl_info kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* It was removed at the source: "sender removed x" with --info=remove, or an object of --json. */
void sl_report_removed(struct sl_report *r, const char *path);

/* An error of one entry or of the session: "superlifter: [source] cannot open 'x': Permission denied". Counts. path may be NULL. */
void sl_report_error(struct sl_report *r, const struct sl_error *err, const char *path);
/* The same for something that is a warning only (vanished files): not counted as an error. */
void sl_report_warning(struct sl_report *r, const struct sl_error *err, const char *path);

/* One line of a listing as `rsync --list-only` prints it ("drwxr-xr-x          4,096 2026/01/31 12:00:00 name"). */
void sl_report_list(struct sl_report *r, const struct sl_entry *e, const char *path);
void sl_report_module(struct sl_report *r, const char *name, size_t name_len, const char *comment, size_t comment_len);

/* Progress: bytes and files done out of those known so far; total_final once the listing has ended. Draws at most 5 times a
 * second, and only on a terminal with --progress or --info=progress2; what was drawn once never goes back, whatever p says.
 * `path` is the file in work or NULL. */
struct sl_progress { uint64_t bytes_done, bytes_total, files_done, files_total; bool total_final; const char *path;
                     uint64_t file_done, file_size; };
void sl_report_progress(struct sl_report *r, const struct sl_progress *p, bool last);
/* Whether it draws at all: then it is good to know the total early. */
bool sl_report_draws(const struct sl_report *r);

/* The summary of -v ("sent N bytes  received N bytes  R bytes/sec", "total size is N  speedup is X"), the block of --stats, or
 * the final object of --json; flushes. "(DRY RUN)" with -n. */
void sl_report_end(struct sl_report *r, const struct sl_stats *s, int exit_status);
/* At the very end: with --json a run that did not get as far as sl_report_end has its summary here. Nothing, if it did. */
void sl_report_conclude(struct sl_report *r, int exit_status);

#endif
