/* SPDX-License-Identifier: ISC */
/*
 * stream - the listing of one side of a copy as one sorted, nested sequence, whatever arguments it is made of. A stream is a
 * row of segments, each one LIST; several source streams are merged name by name (sl_merge).
 */
#ifndef SL_CLIENT_STREAM_H
#define SL_CLIENT_STREAM_H

#include "client/ahead.h"
#include "client/charset.h"
#include "client/cursor.h"
#include "client/endpoint.h"
#include "client/follow.h"
#include "client/options.h"
#include "client/select.h"

/* Where a path of the transfer really is: endpoint, root, and the real path in front of it. */
struct sl_origin {
    struct sl_endpoint *e;
    uint32_t root;
    char *base;                   /* owned */
    char *front;                  /* owned: what was typed in front of the paths of the transfer; NULL: nothing */
    char *top;                    /* owned: the absolute path of both, as far as it is known */
    char *front_below;            /* owned: --files-from: what is in front of it below the source */
    char *rename_from;            /* owned: the one file's name at the source when the destination names it otherwise */
};

struct sl_segment {
    struct sl_origin *origin;     /* borrowed */
    char *dir, *name;             /* owned: LIST name in origin/dir; name "": the content of origin/dir itself */
    char *as;                     /* owned: what the entry is called in the transfer; NULL: its name */
    uint32_t flags;               /* of LIST */
    bool keep_open;               /* segments of this directory's content follow */
    bool wanted;                  /* it was named, though it is kept open */
    unsigned close_before;        /* directories kept open to be closed first */
    bool slash;                   /* where it is a link to a directory it is that directory; of a stream with `follow` */
    bool optional;                /* that it isn't there is no error (destination) */
    struct sl_look *look;         /* owned: its entry, asked for in look_in; NULL: it was not (behind.h) */
    char *look_in;                /* owned; NULL */
};

struct sl_stream {
    struct sl_endpoint *e;
    struct sl_cursor cursor;
    struct sl_segment *segments;  /* owned */
    size_t count, cap, asked, at; /* asked: LISTs sent; at: the one being read */
    struct sl_event ev;
    struct sl_origin *origin;     /* of ev */
    bool have, started;
    /* Adds the next segments by sl_stream_add. SL_EOF: there are none. NULL: all are there. */
    enum sl_code (*more)(void *ctx, struct sl_stream *s, struct sl_error *err);
    void *more_ctx;
    bool over;                    /* it was the end */
    struct sl_error way;          /* why the last directory on the way to a name could not be listed */
    unsigned depth;               /* directories open within the segment */
    uint64_t dirs;                /* directories of the running LIST so far */
    unsigned dropping;            /* depth inside a subtree that nobody wants */
    struct sl_kept {
        bool there;
        char *real;               /* owned: where it really is, when there is a link on the way to it; NULL */
    } *kept;                      /* by kept-open level */
    char *kept_real;              /* owned: of the segment that is going to be kept open */
    size_t kept_len, kept_cap;
    unsigned closing;
    bool has_root;                /* a segment with name "" gave the root itself: */
    struct sl_entry root;
    char as_name[SL_NAME_MAX + 1];
    struct sl_select *select;     /* filter rules; owned; NULL: none */
    struct sl_ahead *ahead;       /* owned; NULL: the listing is not read ahead of its use */
    struct sl_follow *follow;     /* owned; NULL: links are links */
    uint32_t without;             /* flags that its LISTs do not have, whatever its segments say */
    bool leaves_mounts;           /* directories of other file systems are not reported either */
    bool hides;                   /* what they exclude is not reported */
    struct sl_select *protects;   /* rules of the other side, for directories that are empty (sl_event.kept); owned; NULL: none */
    const struct sl_origin *protected_at;  /* where that side is; borrowed; NULL: as this one */
    bool unmunges;                /* targets of links that rsync made unusable are put right */
    char *munged;                 /* owned: room for a target that is made unusable; NULL: none is */
    const struct sl_charset *goes;    /* --iconv: what has no name there is an error; borrowed; NULL: the endpoint sees to that, or nobody has to */
    bool passes_unnamed;          /* what has no name here is passed over without a word */
    const struct sl_options *alters;   /* entries are altered by these (alter.h); borrowed; NULL: none are */
    unsigned max_depth;           /* entries deeper than so many directories are not reported; 0: no limit */
    unsigned level;               /* directories that were entered and not left */
    unsigned shallow;             /* depth inside a directory whose content is too deep */
};

void sl_stream_init(struct sl_stream *s, struct sl_endpoint *e);
void sl_stream_clear(struct sl_stream *s);
/* Filter rules for it. side: as of sl_select_new. */
void sl_stream_select(struct sl_stream *s, const struct sl_filters *f, uint32_t side);
/* Of a remote tree, what its `follow` will want to know is asked for ahead. After sl_stream_select. */
void sl_stream_foresee(struct sl_stream *s);
/* Takes over the strings of seg, whose origin is of the stream's endpoint. */
void sl_stream_add(struct sl_stream *s, const struct sl_segment *seg);

/* The next event without taking it. SL_AGAIN; SL_EOF at the end; errors end the session. The root itself and its END are not
 * reported: see has_root. */
enum sl_code sl_stream_peek(struct sl_stream *s, struct sl_event **ev, struct sl_error *err);
void sl_stream_pop(struct sl_stream *s);
/* Takes the peeked entry and, if it is a directory, everything in it up to and with its END. */
void sl_stream_drop(struct sl_stream *s);

/* The peeked entry is a link: it becomes the directory that it leads to, if it leads to one, or an error where that is around it. SL_AGAIN. Of a stream
 * with `follow`. */
enum sl_code sl_stream_follow_dir(struct sl_stream *s);

/* Whether the rules exclude the peeked entry, or what has no name here. */
bool sl_stream_excludes(struct sl_stream *s, enum sl_view_when when);

/* Several streams as one. Directories of one name are merged; anything else of one name is an ERROR event. */
struct sl_held;
struct sl_merge {
    struct sl_stream **streams;   /* borrowed */
    unsigned *level;              /* owned, by stream: the depth it is at */
    size_t count;
    unsigned depth;
    size_t chosen;                /* the stream whose event was peeked */
    bool chosen_ok;
    struct sl_event ev;           /* END, or a conflict */
    /* --prune-empty-dirs */
    bool prune;
    bool ways;                    /* directories on the way to names are reported only with something in them */
    struct sl_held *held;         /* owned: directories that were entered and are not reported yet, from the top down */
    size_t held_len, held_cap;
    size_t confirmed;             /* so many of them are to be reported: there is something in the last of these */
    bool dropping;                /* until depth is drop_to again */
    unsigned drop_to;
    struct sl_event held_ev;
};
void sl_merge_init(struct sl_merge *m, struct sl_stream **streams, size_t count);
/* From now on directories without anything but directories are not reported, unless rules protect them. Before the first event. */
void sl_merge_prune(struct sl_merge *m);
/* From now on directories on the way to what was named are not reported when nothing that was named is there. */
void sl_merge_hold_ways(struct sl_merge *m);
void sl_merge_clear(struct sl_merge *m);
enum sl_code sl_merge_peek(struct sl_merge *m, struct sl_event **ev, struct sl_origin **origin, struct sl_error *err);
/* What is between the directory that the caller is in and the one that a peeked ERROR is of: those held back, each with a '/'. The caller frees it. */
char *sl_merge_way(const struct sl_merge *m);
void sl_merge_pop(struct sl_merge *m);      /* an entry that is a directory is entered */
void sl_merge_drop(struct sl_merge *m);

#endif
