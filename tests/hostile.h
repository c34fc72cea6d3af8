/* SPDX-License-Identifier: ISC */
/*
 * hostile - a client that means harm: what its files share. hostile.c: arguments, the table of attacks, verdicts;
 * hostile_peer.c: a connection that speaks the wire directly and remembers what it is told; hostile_ask.c: requests, legal
 * and not, and what became of them; hostile_*.c: the attacks, by what they are after.
 */
#ifndef SL_TESTS_HOSTILE_H
#define SL_TESTS_HOSTILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "proto/msg.h"

/* What the tree under attack holds; tests/e2e-hostile.test makes it. Below the root: file, dir/in, dir/sub/, many/ (some
 * thousand names), race/ (see swap.c), moved/ and out-dir, out-file, up, abs: symbolic links to outside. */
#define TOKEN "0abcdefg"                 /* of all that is written in parts */
#define INSIDE "inside\n"                /* the content of file, dir/in and all of race/ */

enum { LANES = 16, FAILS_KEPT = 4096, TEXT_KEPT = 256 * 1024, TOLD_MAX = 900 };

/* Outcomes of a request, as bits of a set: those of the codes, and these. */
#define BIT(code) (UINT64_C(1) << (code))
#define DONE BIT(0)                      /* it succeeded */
#define ENDED BIT(63)                    /* the session ended with ERROR 24 */
#define GONE BIT(62)                     /* the session ended otherwise */
#define SILENT BIT(61)                   /* no answer came */

struct plan {
    const char *host, *port;             /* or */
    char **command;                      /* what to run on a socket pair, or */
    bool fds;                            /* standard input and output */
    const char *module;                  /* NULL: the root of the plain namespace */
    const char *limited;                 /* a module that may be attached once; NULL: none is known */
    uint32_t rights;                     /* that the server gives */
    const char *tree, *outside;          /* the root and the outside as this process sees them; NULL: unknown */
    const char *secret;                  /* what must never be received */
    long tries, memory_mib, listener;    /* listener: process id of the TCP server, to find a session's memory */
    unsigned handshake_s, idle_s;        /* the server's deadlines */
    long hold_s;                         /* how long half frames go on; 0: not tried */
    double scale;                        /* of the floods */
    bool root;                           /* the server can make devices and give files away */
    bool hides;                          /* *.key and /private/ are excluded */
    bool confined;                       /* the kernel keeps the server in */
};

struct fail { uint64_t request; uint8_t code; };

/* One channel: what was asked and what came back. */
struct lane {
    uint64_t asked, done;
    struct fail fails[FAILS_KEPT];       /* the last ones, a ring */
    uint64_t fail_count;
    uint64_t by_code[64];
    uint64_t consumed;                   /* credit not given back yet */
    struct sl_entry_codec *enc, *dec;
    struct sl_buf text;                  /* names listed, or content read: the last of it */
    uint64_t records, links, hashes, contents, content_fails;
    uint8_t hash[SL_HASH_LEN];
    uint8_t content_code;                /* of the last file that could not be read */
    char fail_text[256];
    uint32_t rights;
};

struct peer {
    const struct plan *plan;
    int in, out;
    pid_t pid;                           /* of the server that was started; 0: none */
    long session;                        /* of the listener's process for this connection, as far as known */
    bool deaf, stingy;                   /* reads nothing; gives no credit back */
    bool uncounted;                      /* it sends requests that are not counted in its lanes */
    bool eof, broken, hello, bye;
    int error;                           /* code of the ERROR frame; 0: none */
    char error_text[256];
    struct sl_buf rx, tx;
    struct lane *lanes[LANES];
    uint64_t bytes_in, pongs, modules;
    char tail[64];                       /* the last bytes received, for a secret across two reads */
    size_t tail_len;
    bool leaked;
    long peak_kib, own_kib;              /* the server's; this process's when it forked: a child starts from that */
    bool hash_checked;                   /* any other hash than only_hash is a leak */
    uint8_t only_hash[SL_HASH_LEN];
    int status;                          /* of the server, once it was waited for */
    bool bad;
    char told[TOLD_MAX];
    size_t told_len;
};

typedef void attack_fn(struct peer *p);
enum attack_flag { SLOW = 1 /* waits: runs beside the others */, RACES = 2, TREE = 4 /* looks at the tree itself */,
                   WRITES = 8 /* needs the right to create */, WAITS = 16 /* as SLOW, where its memory can be told */, HIDES = 32 /* *.key and /private/ are excluded */,
                   HOLDS = 64 /* goes on for --hold seconds */ };
struct attack { const char *name; attack_fn *run; unsigned flags; };
extern const struct attack name_attacks[], link_attacks[], order_attacks[], frame_attacks[], flood_attacks[], right_attacks[],
    race_attacks[], part_attacks[], held_attacks[], keep_attacks[];

/* ---- hostile_peer.c ---- */
void peer_open(struct peer *p, const struct plan *plan);
/* Closes, waits for a server that was started, and judges how it ended. */
void peer_close(struct peer *p);
/* A fresh connection for the same attack. */
void peer_again(struct peer *p);
/* Moves bytes for at most ms; false when nothing moved. */
bool peer_move(struct peer *p, int ms);
/* Sends what is queued; false when the server took nothing for ms. */
bool peer_flush(struct peer *p, int ms);
static inline bool peer_over(const struct peer *p) { return p->eof || p->broken; }
/* Whether the session ends within ms. */
bool peer_ends(struct peer *p, int ms);
void peer_raw(struct peer *p, const void *data, size_t n);
void peer_frame(struct peer *p, uint8_t channel, uint8_t type, const void *data, size_t n);
void peer_measure(struct peer *p);
struct lane *peer_lane(struct peer *p, uint8_t channel);

/* ---- hostile_ask.c ---- */
void hello_with(struct peer *p, uint32_t window, uint8_t wants, const char *features /* a blank between two */);
void hello(struct peer *p);              /* preface, HELLO, and an ATTACH of id 0 on channel 1, all confirmed */
void greet(struct peer *p);              /* without the ATTACH */
uint64_t ask_raw(struct peer *p, uint8_t ch, uint8_t type, const void *data, size_t n);
uint64_t ask_buf(struct peer *p, uint8_t ch, uint8_t type, struct sl_buf *b);        /* frees b */
uint64_t ask_attach(struct peer *p, uint8_t ch, uint32_t id);
uint64_t ask_module(struct peer *p, uint8_t ch, uint32_t id, const char *module);
uint64_t ask_open(struct peer *p, uint8_t ch, uint32_t parent, uint32_t id, const char *name);
uint64_t ask_close(struct peer *p, uint8_t ch, uint32_t id);
uint64_t ask_list(struct peer *p, uint8_t ch, uint32_t id, const char *name, uint32_t flags);
uint64_t ask_move(struct peer *p, uint8_t ch, uint8_t type, const char *from, const char *to, uint8_t flags);   /* LINK, RENAME; in directory 0 */
uint64_t ask_named(struct peer *p, uint8_t ch, uint8_t type, uint32_t id, const char *name);  /* READ, HASH, REMOVE */
uint64_t ask_bytes(struct peer *p, uint8_t ch, uint8_t type, uint32_t id, const char *name, size_t len);  /* any verb, any bytes */
uint64_t ask_attrs(struct peer *p, uint8_t ch, uint32_t flags, const char *name, const char *value);   /* ATTRS of one, or none with NULL */
uint64_t ask_part(struct peer *p, uint8_t ch, uint32_t id, const char *name, uint8_t flags, uint64_t from, uint64_t size);
uint64_t ask_drop(struct peer *p, uint8_t ch, uint32_t id, const char *name, uint8_t flags);
/* The PUT family and JOIN: of an entry of that kind with mode 0640 and a fixed time. */
struct sl_entry entry_of(enum sl_type type, const char *name);
uint64_t ask_make(struct peer *p, uint8_t ch, uint8_t type, uint32_t id, const struct sl_entry *e, uint32_t meta, uint32_t flags,
                  const char *content);
uint64_t ask_simple(struct peer *p, uint8_t ch, uint8_t type, uint32_t id, const char *name, uint32_t flags);
void control(struct peer *p, uint8_t type, const void *data, size_t n);
void credit(struct peer *p, uint8_t ch, uint64_t bytes);

/* Waits for what became of request n and returns one of the bits. */
uint64_t outcome(struct peer *p, uint8_t ch, uint64_t n);
/* The same, which must be in `good`. */
uint64_t want(struct peer *p, uint8_t ch, uint64_t n, uint64_t good, const char *what);
/* READ of one file: the outcome is that of its content. */
uint64_t want_read(struct peer *p, uint8_t ch, uint32_t id, const char *name, uint64_t good, const char *what);
/* The session must end with ERROR 24, whatever else was asked. */
void want_end(struct peer *p, const char *what);
/* The session must still answer. */
void want_alive(struct peer *p, uint8_t ch, const char *what);
void tell(struct peer *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void bad(struct peer *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool may(const struct peer *p, uint32_t rights);
/* `good` if the rights are there, else a refusal for want of them. */
uint64_t if_may(const struct peer *p, uint32_t rights, uint64_t good);

#endif
