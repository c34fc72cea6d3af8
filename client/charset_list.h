/* SPDX-License-Identifier: ISC */
/* charset_list - what the two files of converted listings share. charset_list.c: LISTs, and those that go through; charset_sorted.c: those that are
 * put in order, directory by directory. */
#ifndef SL_CLIENT_CHARSET_LIST_H
#define SL_CLIENT_CHARSET_LIST_H

#include "client/charset_priv.h"
#include "client/look.h"

/* One directory, or another thing that is listed, by one LIST. */
struct sl_charset_part {
    struct sl_look *look;         /* owned until it is dropped */
    struct sl_charset_part *next; /* of all that are not answered, in the order asked */
    struct sl_charset_part *behind; /* of those asked for ahead in one directory */
    size_t item;                  /* which entry of it */
    size_t counted;               /* entries that count as held ahead */
    bool ahead;
};

struct sl_charset_level { /* a directory that was entered */
    struct sl_charset_part *part; /* owned; NULL: nothing in it is told any more */
    struct sl_charset_part *ahead; /* owned: of its subdirectories, in their order */
    size_t at, asked;             /* the entry that is next; those before were asked for, or need not be */
    uint64_t number;              /* of the listing's directories */
    uint32_t id;
    bool open, wanted, mount;     /* wanted: its part is to be had; mount: it is on another file system than the listed thing */
    bool skipped;
};

struct sl_charset_outer { /* a LIST of the planner's */
    struct sl_charset_outer *next;
    uint32_t dir, flags;
    char *name;                   /* owned, as it is here */
    bool sorted;                  /* directory by directory */
    struct sl_charset_part *part; /* owned: of the thing itself, until it is told */
    bool failed;                  /* it can't be asked for */
    struct sl_error err;
    uint32_t id;                  /* of what is listed, where more is asked for in it */
    bool open;
};

struct sl_charset_list {
    const struct sl_charset *c;
    struct sl_charset_outer *first, **end;
    struct sl_charset_part *asked, **asked_end;
    size_t held;
    /* of the first: */
    bool begun;
    struct sl_charset_level *levels;
    size_t depth, cap;
    uint64_t dirs;                /* that were told */
    unsigned dropping;            /* where the listing goes through: depth in a directory that has no name here */
    bool dropped;                 /* one was: numbers of directories are not the endpoint's any more */
    struct sl_charset_name name;
    char *target;                 /* owned */
};

/* Whether the endpoint takes a few more requests. */
bool sl_charset_has_room(struct sl_endpoint *e);
/* Asks for what o is of. */
void sl_charset_begin_sorted(struct sl_endpoint *e, struct sl_charset_outer *o);
/* The next event of the first LIST, as of list_next. */
enum sl_code sl_charset_sorted_next(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *err);
/* The innermost directory is left. */
void sl_charset_leave(struct sl_endpoint *e);
/* Nothing more is told of it. */
void sl_charset_shut(struct sl_charset_list *l, struct sl_charset_level *v);
/* Nobody needs it any more. One that is not answered is freed when it is. NULL: nothing happens. */
void sl_charset_part_drop(struct sl_charset_list *l, struct sl_charset_part *p);
/* The first that is not answered is. */
void sl_charset_answered(struct sl_charset_list *l, enum sl_code code);

#endif
