/* SPDX-License-Identifier: ISC */
/*
 * plan - the planner: merges the sorted listings of source and destination, decides what each entry needs, and queues
 * actions; the executor (exec.c) carries them out in that order. See doc/ARCHITECTURE.md, "The planner".
 */
#ifndef SL_CLIENT_PLAN_H
#define SL_CLIENT_PLAN_H

#include "client/alternates.h"
#include "client/cursor.h"
#include "client/delta_job.h"
#include "client/endpoint.h"
#include "client/options.h"
#include "client/report.h"
#include "client/similar.h"
#include "client/spool.h"
#include "client/stream.h"

enum sl_action_kind {
    SL_ACT_FILE,             /* content and metadata */
    SL_ACT_COMPARE,          /* a file whose hashes decide whether it becomes SL_ACT_FILE or SL_ACT_META */
    SL_ACT_MAKE,             /* directory, symlink, device, fifo, socket */
    SL_ACT_META,             /* metadata of what exists */
    SL_ACT_LINK,             /* another name of what has one (hard.h) */
    SL_ACT_TAKE,             /* a hard link to what an alternate tree has */
    SL_ACT_REMOVE,           /* what is in the way of a directory, or extraneous */
    SL_ACT_PART,             /* a part of a file's content (parts.h) */
    SL_ACT_JOIN,             /* the file that all parts are of gets its metadata and name */
    SL_ACT_DROP,             /* or its parts are given up */
    SL_ACT_RELEASE,          /* a file that waits gets its name (delay.h) */
    SL_ACT_NOTHING           /* only a report */
};

/* What an action sets beside enum sl_meta: the entry's attributes; its time of access. */
enum { SL_META_ATTRS = 256, SL_META_ATIME = 512 };

struct sl_lane;
struct sl_parts;
struct sl_groups;
struct sl_group;

struct sl_hard_role {             /* -H: what an action has to do with the other names of its file (hard.h) */
    struct sl_group *group;  /* borrowed; NULL: nothing */
    bool follows;            /* it is to be linked to the group's leader; else it is that */
    bool lost;               /* it has failed */
    bool there;              /* its name is at the destination: */
    uint64_t there_dev, there_ino;   /* which file that is; 0: one that has no other name */
    enum sl_action_kind otherwise;   /* follows: what is to be done where no link can be made */
    uint32_t lead;           /* LINK: the leader that it was tried with, by its count */
};
struct sl_look;
struct sl_attrs_job;                     /* exec_attrs.c */
void sl_attrs_job_free(struct sl_attrs_job *j);
struct sl_backup_place;
struct sl_backup_like;
struct sl_lane_backup;
struct sl_taken;
struct sl_taking;
struct sl_delay;

struct sl_action {
    enum sl_action_kind kind;
    char *path;              /* owned; of the transfer; the name is path + dir_len (+ 1) */
    size_t dir_len;
    char *real;              /* owned: where the source has it below the origin's root; NULL: below its base, by path */
    struct sl_origin *origin;
    struct sl_entry entry;   /* name and target point into path and target */
    char *target;            /* owned */
    uint32_t meta, flags;
    uint32_t meta_same;      /* COMPARE: what to set when the content is the same */
    bool touched;            /* COMPARE: by size and time it differs; told as sent also when only its metadata has to be set */
    bool keeps_content;      /* COMPARE: with another content it is left alone (--append) */
    bool quiet;              /* not an item of its own: putting right what an earlier one left */
    bool own_dir;            /* META of a directory that this run made */
    bool blocked;            /* deferred: something stays in the directory that is in its way */
    bool closing;            /* META of a directory that all before it has to be done for (deal.c) */
    uint64_t seq;            /* number in the order of the planner, from 1 (deal.c); 0: not counted */
    uint64_t needs;          /* the number that has to be settled before this one writes; 0: none */
    uint64_t weight;         /* against others, in bytes to be moved */
    unsigned losses;         /* lanes that were lost while they did it */
    uint64_t not_before_ms;  /* it is not dealt before; 0: at once */
    struct sl_hard_role role;
    size_t alternate;        /* number of the alternate tree whose file it is linked to, copied from or compared with, from 1; 0: none */
    bool copied;             /* FILE: from there, on the destination's side; its content is not asked for */
    bool fresh;              /* it is not there yet, though it is told as a change of what an alternate tree has */
    bool exists;             /* COMPARE with a pick: it is there, and compared too */
    struct sl_pick *pick;    /* COMPARE: hashes of alternates' files decide; owned; NULL */
    struct sl_parts *parts;  /* PART, JOIN: of which file; borrowed */
    uint64_t part_from, part_len;
    uint64_t part_sent;      /* bytes of it that come from the source; the others are copied at the destination */
    char token[SL_TOKEN_LEN + 1];   /* DROP */
    bool in_one;             /* FILE: not in parts, whatever its size */
    bool retried;            /* the source changed while it was read once already */
    bool asked;              /* content was asked for */
    uint64_t basis_size;     /* FILE, COMPARE: of the destination's file; 0: there is none */
    bool waits;              /* FILE: for the rest of its directory's listing at the destination (--fuzzy) */
    char *similar;           /* FILE: name of another one to compare with; owned, NULL: none */
    uint64_t similar_size;
    size_t similar_alternate;    /* the alternate tree that has it, as in `alternate`; 0: the destination */
    struct sl_delta_job *delta;  /* FILE: owned; NULL: sent whole */
    enum sl_type device;     /* FILE, COMPARE, META: what is there is such a device, and is written (--write-devices); else 0 */
    bool append;             /* FILE: the destination has its beginning, basis_size bytes: the rest is sent */
    bool whole;              /* it is to be sent whole: a delta of it failed, or would not pay */
    bool told;               /* its line was printed */
    bool redo;               /* and it was counted as sent */
    struct sl_taken *taken;  /* RELEASE: what goes at the source then; owned; NULL: nothing */
    bool takes_source;       /* what it is made of goes when it is done (take_source.h) */
    uint64_t source_size;    /* as it was listed */
    bool backs_up;           /* what it replaces or removes gets a second name before (backup.h) */
    bool backup_asked;       /* that was asked for */
    struct sl_backup_like *like; /* its directory, for one below --backup-dir; a reference; NULL */
    uint64_t old_size;       /* with it, of a file that is replaced: */
    int64_t old_mtime_s;
    uint32_t old_mtime_ns;
    bool asked_there, asked_here, got_there, got_here;  /* COMPARE: hash of the source, of the destination */
    bool hash_ok;            /* the destination's hash could be had */
    uint8_t hash_there[SL_HASH_MOST], hash_here[SL_HASH_MOST];
    enum sl_update update;
    uint32_t changes, changes_same;
    struct sl_attrs_job *attrs;  /* owned; NULL: nothing is asked or sent yet */
    /* deferred: what the directory around it gets when it has been made */
    uint32_t dir_meta, dir_mode;
    bool dir_readonly;
    int64_t dir_mtime_s;
    uint32_t dir_mtime_ns;
};

/* Copies path (its first dir_len bytes are the directory) and what e borrows but owner names. */
void sl_action_fill(struct sl_action *a, enum sl_action_kind kind, const char *path, size_t path_len, size_t dir_len,
                    const struct sl_entry *e, struct sl_origin *origin);
void sl_action_clear(struct sl_action *a);

struct sl_queue {            /* a ring */
    struct sl_action *at;
    size_t head, len, cap;
    size_t issued;           /* the first `issued` of them have had their content asked for, or need none */
};
struct sl_action *sl_queue_push(struct sl_queue *q);
static inline struct sl_action *sl_queue_at(struct sl_queue *q, size_t i) { return &q->at[(q->head + i) % q->cap]; }
void sl_queue_take(struct sl_queue *q, struct sl_action *out);   /* the first, which is the caller's then */
void sl_queue_pop(struct sl_queue *q);       /* clears the first */
void sl_queue_clear(struct sl_queue *q);

struct sl_level {            /* a directory on the way down */
    size_t path_len;         /* of its path in plan->path */
    bool in_dest;            /* the destination has it, and its listing is in step */
    bool touched;            /* something in it changed: its time is to be set again */
    bool extra_noted;        /* its metadata stands in the spool in front of its deletions */
    bool made;               /* new, or opened up for writing: its metadata is to be set when it is left */
    bool own;                /* this run made it */
    bool mount;              /* it is of another file system than the destination, and -x: nothing in it is deleted */
    bool readonly;           /* there, and gets its mode before something in it changes (sl_plan_level_early) */
    bool has_source;         /* entry is meaningful */
    bool nowhere, nowhere_told;   /* something else stays in its place (--ignore-existing): what is in it can't be made, which is told once */
    struct sl_similar *similar;  /* --fuzzy: the files that it has at the destination; owned, NULL: not looked at */
    size_t waiting;          /* actions that wait for the rest of them */
    char **missing;          /* owned: --delete-missing-args: names that the source lacks and the destination is to lose, in order */
    size_t missing_len, missing_at;  /* at: the first that may still come up */
    struct sl_entry entry;   /* source metadata, owner names borrowed */
    uint32_t there_mode, there_uid, there_gid;   /* what the destination has */
    struct sl_backup_like *like; /* a reference; NULL: no backup was made in it so far */
    char **backed_up;        /* owned: names in it that get a backup beside them, in order */
    size_t backed_up_len;
    char *real;              /* owned: as of an action on it */
    uint32_t meta;           /* what to set */
    struct sl_origin *origin;
    enum sl_update update;
    uint32_t changes;
};

struct sl_pending {          /* an action under way */
    uint64_t ticket;
    uint64_t seq, weight;    /* as in the action; seq 0: it is counted elsewhere */
    char *path;              /* owned */
    bool dir;
    enum sl_action_kind kind;
    struct sl_parts *parts;  /* PART, JOIN */
    struct sl_action *taken; /* TAKE: told when it is confirmed, and copied when it fails; owned, NULL: neither any more */
    bool mended;             /* it failed and is done once more: what else fails of it follows from that */
    bool failed;             /* PART, JOIN: it did */
    uint64_t backup_from, backup_to;   /* tickets of its backup; 0: it has none */
    bool backup_failed;      /* that did */
    struct sl_taken *source_taken;   /* what goes at the source then; owned; NULL: nothing */
    uint64_t reserve_ticket; /* as in sl_lane */
    bool waits, backs_up;    /* it is to wait for its name (delay.h); what that needs then: as in the action */
    uint64_t old_size;
    int64_t old_mtime_s;
    uint32_t old_mtime_ns;
    bool changed, deleted;   /* an entry was made or written, or deleted; unless it failed */
    struct sl_action *redo;  /* what to do, once more, when its delta turns out to be wrong; owned, NULL: nothing */
    struct sl_action *action;/* what to do when its lane is lost; owned, NULL on the first lane */
    struct sl_hard_role role;
    struct sl_action *link;  /* LINK: all of it; owned, NULL when something else is done in its place */
};

/* Actions by number, from 1: which of them are settled, that is done, confirmed or given up. */
struct sl_settled {
    uint64_t low;            /* the least that is not */
    uint8_t *done;           /* a ring of flags, of `low` and those behind it; owned */
    size_t head, cap;
};

/* One connection's work (exec.c): both sides' endpoints, the actions dealt to it, and how far they are. The first lane has the
 * listings and everything whose order matters; the others have files only. */
struct sl_lane {
    struct sl_plan *plan;
    struct sl_endpoint *dest;
    struct sl_twin { struct sl_endpoint *of, *own; } *twins;   /* source endpoints of the first lane, and this one's in their place; owned array */
    size_t twins_len;
    struct sl_queue queue;
    uint64_t cost;                   /* of what was dealt and is not settled, bytes */
    struct sl_cursor write_at, read_at, hash_there, hash_here;
    struct sl_cursor link_at;        /* where what is linked has its first name */
    struct sl_cursor staging_at;     /* --temp-dir */
    bool staged_in;                  /* the destination was told of it */
    uint64_t reserve_ticket;         /* of the write that is open; 0: no room was taken ahead */
    struct sl_cursor alternate_work, alternate_hash;   /* where alternates' files are, for writing and for hashes */
    bool opening_alternate;          /* what a local tree says meanwhile is said again by what needs it */
    bool begun;                      /* the first action's write is open */
    bool swallow;                    /* its remaining content is not wanted */
    uint64_t file_done;
    size_t offset;                   /* bytes of the present piece already written */
    size_t span;                     /* delta: the span being written */
    uint64_t span_done;              /* bytes of it */
    bool swallow_redo;               /* what is swallowed is to be sent whole afterwards */
    uint64_t write_ticket;           /* the first of the write that is open */
    const char *current;             /* path of the action being carried out */
    bool current_dir;
    bool current_failed;             /* JOIN at a local tree: it has failed within its call */
    uint64_t failed_ticket;          /* of a local tree: the last that has failed within its call */
    bool current_lost;               /* the action being carried out has failed for good */
    bool took_failure;               /* of the action being carried out: something has failed within its call */
    struct sl_lane_backup *backup;   /* its way to --backup-dir; owned; NULL: none yet */
    uint64_t backup_from, backup_to; /* of the action being carried out, as in sl_pending */
    bool backup_failed;
    struct sl_pending *pending;      /* ring */
    size_t pending_head, pending_len, pending_cap;
};

enum sl_pass {                       /* --delete-before (delete_first.c) */
    SL_PASS_ALL,                     /* without it */
    SL_PASS_LOOK, SL_PASS_DELETE,    /* first time: nothing else is done */
    SL_PASS_REST                     /* second time: what was in the way is gone by now, or would be */
};

struct sl_plan {
    const struct sl_options *o;
    struct sl_report *report;
    struct sl_endpoint *dest;
    struct sl_merge source;
    struct sl_stream dest_stream;
    struct sl_alternates alternates;
    bool dest_new;                   /* the destination's root did not exist, or can't be listed */
    bool blind;                      /* it can't be listed: everything is taken for new */
    struct sl_origin dest_origin;
    uint32_t attrs;                  /* which attributes are kept (enum sl_attrs_flag); 0: none */
    bool attrs_ruled;                /* filter rules choose among extended attributes: whole sets are needed to tell what differs */
    struct sl_detours detours;       /* -K: links that stand for directories there */
    /* where the merge stands */
    char *path;                      /* of the open directory; owned */
    size_t path_cap;
    struct sl_level *levels;
    size_t depth, levels_cap;
    unsigned extra_depth;            /* depth inside a destination directory that the source lacks */
    unsigned extra_kept;             /* so many of these, from the top, stay: something in them is protected */
    size_t extra_path_len;           /* of the directory open there, in path */
    uint64_t extra_count;            /* entries found in it */
    const char *real;                /* where the source has the entry being decided, when links were followed on the way; borrowed; NULL */
    uint64_t dest_entries;           /* found at the destination */
    bool way;                        /* the entry being decided is a directory on the way to what was named (-R) */
    bool bare;                       /* or one whose metadata is not wanted */
    bool keeps_group;                /* or one whose group is not to be given to what is made (--no-super) */
    bool cut;                        /* or one whose content is not looked at: as deep as --max-depth says, or -d */
    struct sl_look *in_way;          /* into a directory that is in the way, under way (in_the_way.c); owned; NULL: none */
    struct sl_cursor in_way_at;
    bool conflict;                   /* that directory is in the way of the last deferred action */
    bool started, listed;
    uint64_t listed_ms;
    uint64_t top_entries;            /* entries of the source at the top */
    /* what follows from it */
    struct sl_queue queue;           /* not dealt yet */
    size_t queue_max;                /* it is not filled further by the planner */
    struct sl_spool *deletions;
    uint64_t delete_count;
    char *stays;                     /* owned: deletion: the directory of the last thing met that is protected; NULL: none yet */
    struct sl_action *deferred;      /* entries that wait for deletions to make way */
    size_t deferred_len, deferred_cap;
    struct sl_gone {                 /* a dry run's second pass: directories in the way of something that would be gone by then, in the order of names */
        char **at;                   /* owned, each */
        size_t len, next;
    } gone;
    /* dealing (deal.c) */
    struct sl_queue again;           /* to be dealt before the queue: of lanes that were lost */
    struct sl_queue closings;        /* what directories get when all in them is settled; needs: up to which number */
    struct sl_settled settled;
    uint64_t dealt;                  /* number of the last action that was dealt */
    uint64_t structural;             /* number of the last one that others may need: a directory made or opened up, something removed */
    bool spreads;                    /* further lanes are there or to be had: none takes more than its share */
    struct sl_parts *parts;          /* files that go in parts, a list; owned */
    bool no_parts;                   /* it was tried, and can't be done there */
    struct sl_groups *groups;        /* -H: names of one file; owned, NULL: nothing is linked */
    bool links_refused;              /* that some could not be made was told */
    size_t held;                     /* LINKs that wait for their leaders */
    size_t run_lane, run_left;       /* the lane that files are dealt to, and how many more in a row */
    /* execution */
    struct sl_lane **lanes;          /* owned; one at least */
    size_t lanes_len;
    struct sl_line line;             /* what is known of the slower side */
    uint64_t match_key;
    char *failed_dir;                /* below it failures are not told again; owned */
    struct sl_backup_place *backup;  /* --backup-dir (backup.h); owned; NULL: none */
    struct sl_staging { uint32_t root; char *base; } *staging;   /* --temp-dir; owned; NULL: none */
    bool unreserved;                 /* that --preallocate has no effect was told */
    struct sl_delay *delay;          /* --delay-updates; owned; NULL: no */
    bool holds;                      /* with it: what is complete waits for its name */
    struct sl_taking *taking;        /* --remove-source-files; owned; NULL: no */
    struct sl_taken *taken_failed;   /* what stays there; owned */
    /* totals */
    struct sl_stats stats;
    struct sl_progress progress;
    uint64_t done, deleted;          /* entries made, written or deleted, confirmed; deleted, confirmed */
    uint64_t deleted_before;         /* by earlier attempts: for --max-delete */
    bool source_error, delete_refused, vanished, failed;
    enum sl_pass pass;
    uint64_t errors_before;          /* of the listing, in SL_PASS_DELETE */
    uint64_t start_ms;
};

/* dest_base: where the transfer's root is at the destination. Streams are borrowed. */
void sl_plan_init(struct sl_plan *p, const struct sl_options *o, struct sl_report *report, struct sl_endpoint *dest,
                  struct sl_stream **sources, size_t count);
void sl_plan_clear(struct sl_plan *p);

/* Goes on merging: a bounded piece. SL_OK: something was done; SL_AGAIN: needs the network or room; SL_EOF: all is listed. */
enum sl_code sl_plan_step(struct sl_plan *p, struct sl_error *err);

/* Goes on executing: the same. SL_EOF: the queue is empty and everything is confirmed. */
enum sl_code sl_exec_step(struct sl_plan *p, struct sl_error *err);
/* To be set as a lane's destination's `failed` hook, with the lane as ctx. */
void sl_exec_failed(void *ctx, struct sl_endpoint *e, enum sl_job job, uint64_t ticket, const struct sl_error *err);

/* ---- exec_pending.c ---- */
/* Counts what the destinations have confirmed, and forgets it. */
void sl_pending_reap(struct sl_plan *p);

/* ---- deal.c: which lane does what, and when ---- */
/* Hands on what may be done now; whether that was anything. */
bool sl_deal(struct sl_plan *p);
/* Whether anything waits to be dealt. */
bool sl_deal_left(const struct sl_plan *p);
/* Action number seq is done, confirmed or given up; 0 is passed over. */
void sl_settle(struct sl_plan *p, uint64_t seq);
bool sl_is_settled(const struct sl_plan *p, uint64_t seq);

/* ---- lanes.c ---- */
void sl_lanes_clear(struct sl_plan *p);
/* A lane that writes to dest; it gets the files from now on if it isn't the first. */
struct sl_lane *sl_lane_add(struct sl_plan *p, struct sl_endpoint *dest);
/* The endpoint that this lane has for one of the first lane's; NULL: none. */
struct sl_endpoint *sl_lane_source(const struct sl_lane *l, struct sl_endpoint *of);
void sl_lane_twin(struct sl_lane *l, struct sl_endpoint *of, struct sl_endpoint *own);
/* Takes lane number i > 0 away; what it had is dealt again. Its endpoints are the caller's. */
void sl_lane_remove(struct sl_plan *p, size_t i);

/* Deletions, when all else is done: queues the next of them, last first. SL_EOF: none are left (or they are refused: told). */
enum sl_code sl_delete_step(struct sl_plan *p, struct sl_error *err);

/* compare.c: what differs. */
enum sl_code sl_compare_meta(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, uint32_t *changes, uint32_t *meta);
/* Takes setuid and setgid from a file that root writes and that does not keep its owner and group: it would run as root. */
void sl_compare_disarm(const struct sl_plan *p, struct sl_entry *s);
bool sl_times_equal(const struct sl_options *o, const struct sl_entry *a, const struct sl_entry *b);
/* Whether d's time is later than s's by so much that --update leaves it. */
bool sl_time_newer(const struct sl_options *o, const struct sl_entry *s, const struct sl_entry *d);
/* Whether times of such entries are kept. */
bool sl_keeps_time(const struct sl_options *o, enum sl_type type);
/* The mode that a file which is there, d, is to have. */
uint32_t sl_mode_over(const struct sl_options *o, const struct sl_entry *s, const struct sl_entry *d);
/* The metadata that a new entry gets. */
uint32_t sl_meta_of_new(const struct sl_plan *p, const struct sl_entry *s);

/* Whether path is below the directory that failed last: that was told once. And notes that one failed. */
bool sl_plan_below_failed(const struct sl_plan *p, const char *path);
void sl_plan_failed_dir(struct sl_plan *p, const char *path);
/* Errors: counts, reports, keeps what matters for the exit status. */
void sl_plan_entry_failed(struct sl_plan *p, const struct sl_error *err, const char *path);

#endif
