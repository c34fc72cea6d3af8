/* SPDX-License-Identifier: ISC */
/* remote_priv - what the files of the remote endpoint share: its state. */
#ifndef SL_CLIENT_REMOTE_PRIV_H
#define SL_CLIENT_REMOTE_PRIV_H

#include "base/io.h"
#include "base/pace.h"
#include "client/endpoint.h"
#include "client/judge.h"
#include "client/listcheck.h"
#include "client/owner_answers.h"
#include "client/remote.h"
#include "client/transport.h"
#include "proto/conn.h"
#include "proto/msg.h"

struct sl_ring {                  /* a queue of small records, oldest first */
    uint64_t (*at)[2];            /* ticket, count */
    size_t head, len, cap;
};

struct sl_listing {               /* what is listed on one channel, one LIST after the other */
    struct sl_endpoint *e;        /* whose tickets they are, of SL_JOB_LIST */
    uint8_t channel;
    struct sl_entry_codec *dec;   /* borrowed */
    struct sl_ring asked;         /* LISTs not yet over: ticket, and what was asked for (a char *, owned) */
    struct sl_listcheck check;    /* of the first of them */
    struct sl_buf buf;
    struct sl_rd rd;
    bool have, last, failed;
    struct sl_error error;
    struct sl_list_record record;
    char error_name[SL_NAME_MAX + 1];
};

struct sl_hash_answer { enum sl_code code; uint8_t hash[SL_HASH_MOST]; struct sl_error err; };

struct sl_remote {
    struct sl_endpoint e;
    const struct sl_address *addr;
    const struct sl_options *o;
    struct sl_transport t;
    struct sl_conn *conn;
    uint64_t wire_out, wire_in, listed;
    uint64_t moved_ms, pinged_ms;  /* a byte came, or a good piece went; a ping was sent */
    size_t sent_since;            /* bytes, since moved_ms */
    unsigned unanswered;          /* pings, since moved_ms */
    bool eof;
    bool deaf;                    /* the peer takes no bytes any more; since deaf_ms */
    uint64_t deaf_ms;
    bool left;                    /* all was confirmed, and the last word was said */
    unsigned beside_asked;        /* connections beside this one that were asked for and have not been answered */
    uint64_t rtt_from_us;         /* when the PING that measures the round trip was sent, which is its token; 0: not under way */
    /* how both sides send (remote_line.c) */
    int compress;                 /* as in the options, but 0 where the ssh program does it */
    bool judged;                  /* compression is begun and ended by what is seen of the line */
    bool asked;                   /* and an answer about it is under way */
    uint64_t greeted_us, asked_ms, asked_moved;
    struct sl_judge push, pull;
    uint8_t flags;                /* of the next frame */
    bool writes_as_is;            /* content of the file being written is not to be compressed */
    uint8_t server_packs;         /* as in STEER */
    uint8_t server_level;
    struct sl_taste {             /* remote_taste.c: how fast the line is, before much is on it */
        bool out;                 /* not known yet for what is sent; for what is received see e.taste */
        unsigned looks;           /* answers while content was sent */
        uint64_t ask_at, came;    /* the bytes sent in front of the last ASK; what had come at the last look */
        uint64_t copied;          /* bytes that the server has to copy before it takes what is sent now, since nothing was known */
        uint64_t since_ms;        /* content was asked for */
        uint64_t first_us, got;   /* of content that was asked for: when it began to come, and how much came since */
        bool tried;               /* it is compressed for the time being */
        bool in, full;            /* it is under way; it came faster than it was taken */
    } taste;
    bool short_of_room;           /* something could not be sent since the last wait */
    struct sl_line_view line;          /* how this side waits, as far as that is counted */
    struct sl_pace pace_in, pace_out;
    bool attached_job[SL_JOBS];
    struct sl_entry_codec *enc[SL_JOBS], *dec[SL_JOBS];
    struct sl_buf scratch;
    char *home, *motd;            /* owned */
    size_t motd_len;
    bool attached, enforced;      /* as in ATTACHED */
    bool presumed;                /* beside another one: it is used before it has answered, */
    uint64_t begun_ms;            /* since then */
    uint32_t granted, granted_flags;   /* rights and flags of ATTACHED */
    uint64_t ponged;              /* the token of the last answer to a PING */
    /* set-up: the first failure against a ticket of the listing job */
    bool sync, sync_failed;
    uint64_t sync_ticket;
    struct sl_error sync_error;
    /* paths that are resolved (remote_place.c, remote_way.c) */
    struct sl_resolution *resolutions;      /* owned */
    struct sl_resolution *placing, *placing_last;   /* of these, those with a question under way, the oldest first; NULL: none */
    struct sl_resolution *place_first;      /* what sl_remote_place_first began, until it is seen whether it is of use; NULL */
    uint64_t placed_upto;         /* up to this ticket all of the listing job is of them, the first apart */
    /* listing */
    uint32_t list_owners;         /* LIST flags: a name once given to a number holds for the channel, so all LISTs are alike */
    struct sl_listing listing;
    struct sl_side_listing *side_listings[SL_CHANNELS];   /* by channel: further listings beside it; owned */
    /* content */
    struct sl_ring reads;         /* ticket, files still to come */
    uint64_t early, early_last;   /* tickets of those that nobody has claimed; 0: none. Where forgotten, what comes for them is dropped */
    bool forgotten;
    struct sl_buf content_buf;
    struct sl_rd content_rd;
    bool content_have, read_failed, piece_have;
    struct sl_error read_error;
    struct sl_piece piece;
    /* hashes */
    struct sl_ring hashes;
    struct sl_hash_answer *answers;
    size_t answers_head, answers_len, answers_cap;
    /* chunk lists */
    bool seeded;
    struct sl_chunk_wait *chunk_waits;   /* a ring of those asked for */
    size_t chunk_head, chunk_len, chunk_cap;
    /* small files */
    struct sl_fetch_wait *fetches, **fetches_end;   /* asked for, in order */
    struct sl_attrs_wait *attrs_waits;   /* likewise, whole sets of attributes */
    /* looks */
    struct sl_look_wait *looks, **looks_end;        /* asked for, in order */
    struct sl_listcheck look_check;                 /* of the first of them */
    /* owners */
    struct sl_owner_answers *owners;
    struct sl_remote_statfs *statfs;   /* where an answer goes that is waited for; NULL: none is */
    /* modules */
    void (*each_module)(void *ctx, const char *name, size_t name_len, const char *comment, size_t comment_len);
    void *each_ctx;
};

enum { SL_ATTACH_ROOM = 512 };    /* the first frame of a channel has its ATTACH in front */

static inline struct sl_remote *sl_remote_of(struct sl_endpoint *e) { return (struct sl_remote *)e; }
static inline uint8_t sl_job_channel(enum sl_job job) { return (uint8_t)(job + 1); }

void sl_ring_push(struct sl_ring *r, uint64_t ticket, uint64_t count);
void sl_ring_pop(struct sl_ring *r);
bool sl_ring_is_front(const struct sl_ring *r, uint64_t ticket);
/* A server's reason as an error of this side. */
void sl_remote_reason(const struct sl_remote *r, struct sl_error *out, enum sl_code code, const char *text, size_t len);

/* So many of a job's requests are answered. */
void sl_remote_acked(struct sl_remote *r, enum sl_job job, uint64_t ticket);

/* The first request of a channel. */
void sl_remote_attach(struct sl_remote *r, uint8_t channel);

/* One request frame: takes the next ticket of the job; attaches the job's channel first when it is new. */
uint64_t sl_remote_send(struct sl_remote *r, enum sl_job job, enum sl_msg type, const void *data, size_t n);
/* The same of what stands in r->scratch, which is empty then. */
uint64_t sl_remote_send_scratch(struct sl_remote *r, enum sl_job job, enum sl_msg type);
void sl_remote_attach_job(struct sl_remote *r, enum sl_job job);

/* remote_taste.c */
void sl_taste_begin(struct sl_remote *r);                /* the peer has greeted; and once more when the round trip is known */
/* An ASK was queued; an answer came, and with it this side compresses, or not; known: and not only on trial. */
void sl_taste_asked(struct sl_remote *r);
void sl_taste_told(struct sl_remote *r, const struct sl_line_view *peer, bool packs, bool known);
/* Whether no more is to be sent before the answer. */
/* Content is to be sent, which the server will not take for a while: until then it can as well be compressed. */
bool sl_taste_has_time(struct sl_remote *r);
bool sl_taste_holds(const struct sl_remote *r);
/* Content was asked for; bytes came: true: the line is slow, and that was not known. *made: bytes a second. */
void sl_taste_wanted(struct sl_remote *r);
void sl_taste_look(struct sl_remote *r);
bool sl_taste_waits(const struct sl_remote *r);          /* for something that ends by itself */
bool sl_taste_got(struct sl_remote *r, size_t got, bool full, uint64_t *made);

/* remote_list.c: the operations of a listing, and what the server says of it */
void sl_listing_init(struct sl_listing *l, struct sl_endpoint *e, uint8_t channel, struct sl_entry_codec *dec);
void sl_listing_clear(struct sl_listing *l);
/* Notes that a LIST of that name was sent with this ticket. */
void sl_listing_asked(struct sl_listing *l, uint64_t ticket, const char *name);
enum sl_code sl_listing_next(struct sl_listing *l, struct sl_conn *conn, struct sl_event *ev, struct sl_error *err);
/* Whether a SKIP sent now would meet the listing that is being read. */
bool sl_listing_skips(const struct sl_listing *l);
/* A LISTED frame; SL_AGAIN while the one before is used. */
enum sl_code sl_listing_frame(struct sl_listing *l, const struct sl_frame *f, struct sl_error *err);
/* Whether a failure is that of the first LIST; if so it is noted. */
bool sl_listing_fails(struct sl_listing *l, uint64_t request, const struct sl_error *why);
/* So many of its requests are answered. */
void sl_listing_acked(struct sl_listing *l, uint64_t ticket);

/* side_listing.c: a frame on the channel of a further listing */
enum sl_code sl_side_listing_frame(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err);
void sl_side_listings_clear(struct sl_remote *r);

/* remote_read.c: operations */
/* Whether content of that name is to be sent as it is. */
bool sl_remote_as_is(const struct sl_remote *r, const char *name);
void sl_remote_read(struct sl_endpoint *e, uint32_t dir, const char *const *names, size_t count);
void sl_remote_read_ranges(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *ranges, size_t count);
void sl_remote_read_part(struct sl_endpoint *e, uint32_t dir, const char *name, uint64_t from, uint64_t len);
uint64_t sl_remote_read_early(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *range, uint64_t behind);
bool sl_remote_claim_early(struct sl_endpoint *e, uint64_t early);
void sl_remote_read_some(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *all, const struct sl_ranges *ranges);
enum sl_code sl_remote_piece(struct sl_endpoint *e, struct sl_piece *out, struct sl_error *err);
void sl_remote_piece_taken(struct sl_endpoint *e);
void sl_remote_hash(struct sl_endpoint *e, uint32_t dir, const char *name);
enum sl_code sl_remote_hash_next(struct sl_endpoint *e, uint8_t out[SL_HASH_MOST], struct sl_error *err);

/* remote_write.c: operations */
void sl_remote_put(struct sl_endpoint *e, const struct sl_new *n, const void *data, size_t len, const uint8_t *hash);
void sl_remote_write(struct sl_endpoint *e, const struct sl_new *n);
void sl_remote_data(struct sl_endpoint *e, const void *data, size_t len);
void sl_remote_hole(struct sl_endpoint *e, uint64_t len);
void sl_remote_basis(struct sl_endpoint *e, uint32_t dir, const char *name, unsigned flags);
void sl_remote_copy(struct sl_endpoint *e, unsigned basis, uint64_t from, uint32_t len);
void sl_remote_keep(struct sl_endpoint *e, uint64_t len);
void sl_remote_kept_in(struct sl_endpoint *e, const char *name);
enum sl_code sl_remote_work(struct sl_endpoint *e);
void sl_remote_commit(struct sl_endpoint *e, const uint8_t *hash);
void sl_remote_abort(struct sl_endpoint *e);
void sl_remote_part(struct sl_endpoint *e, const struct sl_new *n, const char *token, uint64_t from);
void sl_remote_join(struct sl_endpoint *e, const struct sl_new *n, const char *token);
void sl_remote_drop(struct sl_endpoint *e, uint32_t dir, const char *name, const char *token, uint32_t flags);
void sl_remote_make(struct sl_endpoint *e, const struct sl_new *n);
void sl_remote_set_meta(struct sl_endpoint *e, const struct sl_new *n);
void sl_remote_remove(struct sl_endpoint *e, uint32_t dir, enum sl_type kind, const char *name);
void sl_remote_link(struct sl_endpoint *e, const struct sl_names *n);
void sl_remote_rename(struct sl_endpoint *e, const struct sl_names *n);
void sl_remote_stage_in(struct sl_endpoint *e, uint32_t dir);
void sl_remote_reserve(struct sl_endpoint *e, uint64_t len);
void sl_remote_release(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags);
void sl_remote_take(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_entry *as);
void sl_remote_backup(struct sl_endpoint *e, const struct sl_names *n, const struct sl_entry *as);

/* remote_chunks.c */
void sl_remote_chunks(struct sl_endpoint *e, uint32_t dir, const struct sl_chunk_ask *ask, void *cookie);
enum sl_code sl_remote_on_chunked(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err);
/* Whether a failure is that of the first list asked for; if so it is handed over. */
bool sl_remote_chunks_failed(struct sl_remote *r, uint64_t request, const struct sl_error *err);
void sl_remote_chunks_clear(struct sl_remote *r);

/* remote_fetch.c */
void sl_remote_fetch(struct sl_endpoint *e, uint32_t dir, const char *name, struct sl_fetch *f);
enum sl_code sl_remote_on_fetched(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err);
/* Whether a failure is that of the first of them; if so it is told. */
bool sl_remote_fetch_failed(struct sl_remote *r, uint64_t request, const struct sl_error *err);
void sl_remote_fetch_clear(struct sl_remote *r);

/* remote_attrs.c */
void sl_remote_attrs(struct sl_endpoint *e, const struct sl_attrs_want *w, size_t from, size_t n);
void sl_remote_get_attrs(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags, struct sl_fetch *f);
enum sl_code sl_remote_on_attrs(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err);
bool sl_remote_attrs_failed(struct sl_remote *r, uint64_t request, const struct sl_error *err);
void sl_remote_attrs_clear(struct sl_remote *r);
/* Frame flags of what reads. */
static inline uint8_t sl_remote_reads(const struct sl_remote *r)
{
    return (r->e.no_atime && r->e.attrs ? SL_FLAG_NO_ATIME : 0) | (r->e.devices ? SL_FLAG_DEVICES : 0);
}

/* remote_look.c */
void sl_remote_look(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags, struct sl_look *k);
enum sl_code sl_remote_on_looked(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err);
/* Whether a failure is that of the first of them; if so it is told. */
bool sl_remote_look_failed(struct sl_remote *r, uint64_t request, const struct sl_error *err);
void sl_remote_look_clear(struct sl_remote *r);

/* remote_line.c */
void sl_remote_line_begin(struct sl_remote *r);          /* the peer's greeting is there */
void sl_remote_line_told(void *ctx, const struct sl_line_view *peer);
void sl_remote_line_data(struct sl_remote *r);           /* content is to be sent */
void sl_remote_line_got(struct sl_remote *r, size_t got, bool full);   /* bytes came; full: perhaps more are there */
void sl_remote_line_look(struct sl_remote *r);           /* asks again when it is time */
/* Nanoseconds until bytes may move; how many at a time; that n did. out: to the server. */
uint64_t sl_remote_line_wait(const struct sl_remote *r, bool out);
size_t sl_remote_line_piece(const struct sl_remote *r, bool out, size_t most);
void sl_remote_line_moved(struct sl_remote *r, bool out, size_t n);
void sl_remote_line_waited(struct sl_remote *r, uint64_t us);

/* Handlers of the connection (remote_answers.c). */
extern const struct sl_conn_ops sl_remote_conn_ops;
/* Operations (remote_ops.c) and set-up (remote_place.c). */
extern const struct sl_endpoint_ops sl_remote_ops;
/* r, which has not answered yet, is taken to be and to have what the first one is and has. */
void sl_remote_presume(struct sl_remote *r, const struct sl_remote *first);

/* Puts the first question of sl_remote_place, with nothing heard yet, in the place of the first request: path is absolute, or a module's. Until
 * that is called nothing else may be asked of the listing job. */
void sl_remote_place_first(struct sl_remote *r, const char *path, bool follow);
bool sl_remote_place_ahead(struct sl_endpoint *e, const char *path, bool follow);
enum sl_code sl_remote_placed(struct sl_endpoint *e, struct sl_error *err);
enum sl_code sl_remote_place(struct sl_endpoint *e, const char *path, bool follow, struct sl_place *out, struct sl_error *err);
/* A request of the listing job failed: whether it belongs to a path that is, or was, resolved. */
bool sl_remote_place_fails(struct sl_remote *r, uint64_t ticket, const struct sl_error *why);
void sl_remote_place_free(struct sl_remote *r);
/* A line of the server's program, for the user. */
void sl_remote_relay(const char *line);
/* Whether every ticket of a job up to this one is answered, or one failed while `sync` is on. */
bool sl_remote_answered(const struct sl_remote *r, enum sl_job job, uint64_t ticket);
/* Pumps once, for what was asked at since_ms: SL_E_TIMEOUT when that takes too long. */
enum sl_code sl_remote_wait_more(struct sl_remote *r, uint64_t since_ms, struct sl_error *err);
/* Pumps until every ticket of a job up to this one is answered, or one failed while `sync` is on. */
enum sl_code sl_remote_wait(struct sl_remote *r, enum sl_job job, uint64_t ticket, struct sl_error *err);

#endif
