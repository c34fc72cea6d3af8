/* SPDX-License-Identifier: ISC */
/* run - one invocation: reaches both sides, lays out what is copied, drives planner, executor and network to the end. */
#ifndef SL_CLIENT_RUN_H
#define SL_CLIENT_RUN_H

#include "client/address.h"
#include "client/endpoint.h"
#include "client/files_from.h"
#include "client/options.h"
#include "client/plan.h"
#include "client/report.h"
#include "client/retries.h"
#include "client/stream.h"

#include <stdio.h>

/* What the arguments come to: streams of the source (each with its endpoint), and where they go. */
struct sl_layout {
    const struct sl_options *o;
    struct sl_report *report;
    struct sl_address *addresses;     /* of the sources */
    struct sl_address dest_address;
    size_t count;
    struct sl_endpoint *remote_source;/* the one connection of a remote source, or NULL */
    struct sl_endpoint **locals;      /* local sources: one for each stream */
    size_t locals_len;
    struct sl_stream **streams;
    size_t streams_len;
    struct sl_origin **origins;
    size_t origins_len;
    struct sl_layout_item { char **parts; size_t parts_len; char *typed; struct sl_origin *origin; uint32_t flags; bool dir, slash; } *items;
    size_t items_len;                 /* named arguments, sorted by where they go */
    size_t contents;                  /* arguments whose content goes to the destination's root */
    struct sl_files_from *list;       /* --files-from; NULL */
    struct sl_files_from_feed *feeds[2];  /* of it, for the source and the destination */
    bool slashes;                     /* an argument may be a link with a slash behind it (-R) */
    bool failed;                      /* an argument was missing: exit 23 */
    unsigned dirs_made;               /* on the way to the destination, by --mkpath */
    char *rename_to;                  /* the one file's new name; owned by the segments then */
    struct sl_endpoint *dest;
    struct sl_helper *helper;         /* names of owners, once this process is confined; else NULL */
    struct sl_attempts *attempts;     /* --retries, or NULL */
    uint64_t start_ms;
    struct sl_stats listed;           /* of a run without a destination, or without anything to copy */
    struct sl_charset *charset;       /* --iconv; NULL: names are as they are */
    FILE *delay_files[3];             /* for --delay-updates, likewise */
    FILE *spool_file;                 /* for deletions, from before that; NULL */
};

/* Runs what the options say and returns rsync's exit status. */
int sl_run(const struct sl_options *o);
/* The same as one of several attempts: a failure that may pass is handed to sl_retries_lost. a: NULL for the only one. */
int sl_run_attempt(const struct sl_options *o, struct sl_attempts *a);

struct sl_grow;
/* Drives planner, executor, deletion and network to the end: SL_EOF; else the session's failure. */
enum sl_code sl_drive(struct sl_layout *l, struct sl_plan *p, struct sl_grow *g, struct sl_error *err);

/* Whether interrupted files are kept in --partial-dir: the rights cover it. */
bool sl_layout_keeps_in(const struct sl_layout *l);

/* layout_source.c. Errors of single arguments are reported and counted; others are returned with *exit_status. */
enum sl_code sl_layout_sources(struct sl_layout *l, struct sl_error *err, int *exit_status);
/* layout_dest.c: finds or makes the destination and its listing. */
enum sl_code sl_layout_dest(struct sl_layout *l, struct sl_plan *p, struct sl_error *err, int *exit_status);
/* layout_alternates.c: the trees of --link-dest and the like, when the destination is known. */
enum sl_code sl_layout_alternates(struct sl_layout *l, struct sl_plan *p, struct sl_error *err);
/* Flags of LIST by which it is seen what is linked to what they have already. */
uint32_t sl_layout_identity(const struct sl_layout *l);
/* The path of one of them as typed, with the destination directory it may be relative to. plain: dir has no links in it, or is not there:
 * ".." takes its last name off. Fresh memory. */
char *sl_alternate_path(const char *dir, bool plain, const char *path);
/* Where the one stream of named arguments is built, when it is known how they are called. */
void sl_layout_named(struct sl_layout *l);
/* The named arguments' segments: of the source (dest NULL), or of the same names at the destination. */
void sl_layout_items(const struct sl_layout *l, struct sl_stream *s, struct sl_origin *dest, uint32_t extra);
/* --prune-empty-dirs: m, of the layout's streams, leaves empty directories out but those that the destination's rules protect (dest NULL: there
 * is none, and the source's own place counts). */
void sl_layout_prune(const struct sl_layout *l, struct sl_merge *m, const struct sl_origin *dest);
/* --delete-after: rules at the destination are those of the merge files that are sent. */
void sl_layout_share_rules(const struct sl_layout *l, struct sl_stream *dest);
/* Those of them that say how owners are told. */
uint32_t sl_layout_owners(const struct sl_options *o);
/* Forgets what was laid out: it can be done once more, on the same connections. */
void sl_layout_again(struct sl_layout *l);
uint32_t sl_layout_flags(const struct sl_options *o, bool content);
void sl_layout_clear(struct sl_layout *l);

#endif
