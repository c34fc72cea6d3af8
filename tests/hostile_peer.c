/* SPDX-License-Identifier: ISC */
/*
 * hostile_peer - one connection of the hostile client. It keeps to nothing: frames are queued as the attack made them. What
 * comes back is taken apart, counted, searched for the secret, and, unless the attack is deaf or stingy, paid for with credit.
 */
#include "config.h"
#include "tests/hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { END_MS = 10000, WINDOW_QUARTER = 256 * 1024 };

/* ---- life ---- */

static void die(const char *what)
{
    printf("Bail out! %s: %s\n", what, strerror(errno));
    exit(99);
}

static long number_behind(const char *path, const char *word)
{
    char line[256];
    long n = 0;
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, word, strlen(word)) == 0)
            n = strtol(line + strlen(word), NULL, 10);
    if (f)
        fclose(f);
    return n;
}

static void start_command(struct peer *p)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        die("socketpair");
    p->own_kib = number_behind("/proc/self/status", "VmHWM:");
    fflush(stdout);
    p->pid = fork();
    if (p->pid < 0)
        die("fork");
    if (p->pid == 0) {
        dup2(pair[1], 0);
        dup2(pair[1], 1);
        execvp(p->plan->command[0], p->plan->command);
        _exit(127);
    }
    close(pair[1]);
    p->in = p->out = pair[0];
}

static void connect_tcp(struct peer *p)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
    if (getaddrinfo(p->plan->host, p->plan->port, &hints, &list) != 0)
        die("address");
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    for (int i = 0; fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) != 0; i++) {
        if (i == 50)
            die("connect");
        usleep(20000);
    }
    freeaddrinfo(list);
    p->in = p->out = fd;
}

void peer_open(struct peer *p, const struct plan *plan)
{
    *p = (struct peer){ .plan = plan };
    if (plan->command)
        start_command(p);
    else if (plan->host)
        connect_tcp(p);
    else
        p->out = 1;
    sl_io_nonblock(p->in);
    sl_io_nonblock(p->out);
}

struct lane *peer_lane(struct peer *p, uint8_t channel)
{
    struct lane **l = &p->lanes[channel % LANES];
    if (!*l) {
        *l = sl_calloc(1, sizeof **l);
        (*l)->enc = sl_entry_codec_new();
        (*l)->dec = sl_entry_codec_new();
    }
    return *l;
}

static void forget(struct peer *p)
{
    for (int i = 0; i < LANES; i++) {
        struct lane *l = p->lanes[i];
        if (!l)
            continue;
        sl_entry_codec_free(l->enc);
        sl_entry_codec_free(l->dec);
        sl_buf_clear(&l->text);
        free(l);
        p->lanes[i] = NULL;
    }
    sl_buf_clear(&p->rx);
    sl_buf_clear(&p->tx);
}

/* ---- memory ---- */

/* The process that serves: the one started, or the listener's newest child. */
static long server_pid(const struct peer *p)
{
    char path[64], line[65536];
    if (!p->plan->listener)
        return p->pid;
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", p->plan->listener, p->plan->listener);
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(line, 1, sizeof line - 1, f) : 0;
    if (f)
        fclose(f);
    line[n] = '\0';
    while (n && line[n - 1] == ' ')
        line[--n] = '\0';
    char *last = strrchr(line, ' ');
    return strtol(last ? last + 1 : line, NULL, 10);
}

void peer_measure(struct peer *p)
{
    char path[64];
    if (!p->session)
        p->session = server_pid(p);
    if (!p->session)
        return;
    long pid = p->session;
    snprintf(path, sizeof path, "/proc/%ld/status", pid);
    long kib = number_behind(path, "VmHWM:");
    if (kib > p->peak_kib)
        p->peak_kib = kib;
}

/* ---- end ---- */

static void judge_exit(struct peer *p)
{
    if (WIFSIGNALED(p->status))
        bad(p, "THE SERVER DIED of signal %d", WTERMSIG(p->status));
    else if (WEXITSTATUS(p->status) == 22)
        bad(p, "THE SERVER RAN OUT OF MEMORY");
    else if (WEXITSTATUS(p->status) != 0 && WEXITSTATUS(p->status) != 12 && WEXITSTATUS(p->status) != 30)
        bad(p, "THE SERVER ENDED WITH %d", WEXITSTATUS(p->status));
}

/* The server has END_MS to notice that nobody is there any more. */
static void reap(struct peer *p)
{
    struct rusage use;
    uint64_t end = sl_now_ms() + END_MS;
    pid_t got;
    while ((got = wait4(p->pid, &p->status, WNOHANG, &use)) == 0 && sl_now_ms() < end)
        usleep(1000);
    if (got == 0) {
        bad(p, "THE SERVER LIVES ON %d s after the connection was closed", END_MS / 1000);
        kill(p->pid, SIGKILL);
        wait4(p->pid, &p->status, 0, &use);
        return;
    }
    if (use.ru_maxrss > p->peak_kib && use.ru_maxrss > p->own_kib)
        p->peak_kib = use.ru_maxrss;
    judge_exit(p);
}

/* The listener's process for this connection has as long. */
static void outlive(struct peer *p)
{
    uint64_t end = sl_now_ms() + END_MS;
    while (kill((pid_t)p->session, 0) == 0 && sl_now_ms() < end)
        usleep(5000);
    if (kill((pid_t)p->session, 0) != 0)
        return;
    bad(p, "THE SESSION LIVES ON %d s after the connection was closed", END_MS / 1000);
    kill((pid_t)p->session, SIGKILL);
}

void peer_close(struct peer *p)
{
    peer_measure(p);
    close(p->in);
    if (p->out != p->in)
        close(p->out);
    if (p->pid)
        reap(p);
    else if (p->session)
        outlive(p);
    forget(p);
}

void peer_again(struct peer *p)
{
    peer_close(p);
    struct peer was = *p;
    peer_open(p, was.plan);
    memcpy(p->told, was.told, sizeof p->told);
    p->told_len = was.told_len;
    p->bad = was.bad;
    p->leaked = was.leaked;
    p->peak_kib = was.peak_kib;
}

/* ---- frames in ---- */

static void take_fail(struct lane *l, struct sl_rd *r, struct peer *p)
{
    struct sl_msg_fail m;
    if (sl_fail_decode(r, &m, NULL) != SL_OK) {
        bad(p, "A FAIL THAT CAN'T BE READ");
        return;
    }
    l->fails[l->fail_count++ % FAILS_KEPT] = (struct fail){ m.request, (uint8_t)m.code };
    l->by_code[m.code % 64]++;
    snprintf(l->fail_text, sizeof l->fail_text, "%.*s", (int)m.text_len, m.text);
}

static void add_text(struct lane *l, const void *data, size_t n)
{
    if (sl_buf_len(&l->text) + n > TEXT_KEPT)
        sl_buf_reset(&l->text, TEXT_KEPT);
    sl_buf_add(&l->text, data, n < TEXT_KEPT ? n : TEXT_KEPT);
}

static void take_listed(struct lane *l, struct sl_rd *r, struct peer *p)
{
    struct sl_list_record rec;
    while (sl_r_left(r)) {
        if (sl_list_decode(l->dec, r, &rec, NULL) != SL_OK) {
            bad(p, "A LISTING THAT CAN'T BE READ");
            return;
        }
        l->records++;
        if (rec.kind == SL_LIST_ENTRY) {
            add_text(l, rec.entry.name, rec.entry.name_len);
            add_text(l, "\n", 1);
            l->links += rec.entry.type == SL_TYPE_LINK;
        }
    }
}

static void take_content(struct lane *l, struct sl_rd *r, struct peer *p)
{
    struct sl_content c;
    while (sl_r_left(r)) {
        if (sl_content_decode(r, &c, NULL) != SL_OK) {
            bad(p, "CONTENT THAT CAN'T BE READ");
            return;
        }
        if (c.kind == SL_CONTENT_DATA || c.kind == SL_CONTENT_WHOLE)
            add_text(l, c.data, c.len);
        l->contents += c.kind == SL_CONTENT_END || c.kind == SL_CONTENT_WHOLE;
        l->content_fails += c.kind == SL_CONTENT_FAILED;
        if (c.kind == SL_CONTENT_FAILED)
            l->content_code = (uint8_t)c.code;
    }
}

static void take_attached(struct lane *l, struct sl_rd *r, struct peer *p)
{
    struct sl_msg_attached m;
    if (sl_attached_decode(r, &m, NULL) != SL_OK)
        bad(p, "AN ATTACHED THAT CAN'T BE READ");
    else
        l->rights = m.rights;
}

static void take_hash(struct lane *l, struct sl_rd *r, struct peer *p)
{
    struct sl_msg_hash_is m;
    if (sl_hash_is_decode(r, &m, NULL) != SL_OK) {
        bad(p, "A HASH_IS THAT CAN'T BE READ");
        return;
    }
    memcpy(l->hash, m.hash, SL_HASH_LEN);
    l->hashes++;
    if (p->hash_checked && memcmp(m.hash, p->only_hash, SL_HASH_LEN) != 0)
        bad(p, "A HASH OF SOMETHING ELSE");
}

/* Where only one content may be seen, only its length may be. */
static void take_chunks(struct lane *l, const struct sl_frame *f, struct peer *p)
{
    struct sl_msg_chunked m = { .last = f->flags & SL_FLAG_LAST };
    struct sl_chunk_record c;
    struct sl_rd r;
    uint64_t all = 0;
    sl_r_init(&r, f->data, f->len);
    enum sl_code rc = sl_chunked_decode(&r, &m, NULL);
    while (rc == SL_OK && sl_r_left(&r)) {
        rc = sl_chunk_record_next(&r, &(struct sl_chunk_form){ 0, 8 }, &c, NULL);
        all += rc == SL_OK ? c.len : 0;
    }
    l->hashes++;
    if (rc != SL_OK)
        bad(p, "A LIST OF CHUNKS THAT CAN'T BE READ");
    else if (p->hash_checked && all != strlen(INSIDE))
        bad(p, "CHUNKS OF SOMETHING ELSE");
}

static void take_answer(struct peer *p, const struct sl_frame *f)
{
    struct lane *l = peer_lane(p, f->channel);
    struct sl_rd r, whole;
    sl_r_init(&r, f->data, f->len);
    whole = r;
    uint64_t request = f->type == SL_MSG_CONTENT || f->type == SL_MSG_MODULE ? 0 : sl_r_uv(&r, UINT64_MAX);
    bool goes_on = (f->type == SL_MSG_LISTED || f->type == SL_MSG_CHUNKED || f->type == SL_MSG_ATTRS_ARE) && !(f->flags & SL_FLAG_LAST);
    if (f->type != SL_MSG_FAIL && !goes_on && request > l->done)
        l->done = request;
    if (request > l->asked && !p->uncounted)
        bad(p, "AN ANSWER TO A REQUEST THAT WAS NEVER MADE");
    switch (f->type) {
    case SL_MSG_FAIL: take_fail(l, &whole, p); break;
    case SL_MSG_LISTED: take_listed(l, &r, p); break;
    case SL_MSG_CONTENT: take_content(l, &whole, p); break;
    case SL_MSG_ATTACHED: take_attached(l, &whole, p); break;
    case SL_MSG_HASH_IS: take_hash(l, &whole, p); break;
    case SL_MSG_CHUNKED: take_chunks(l, f, p); break;
    case SL_MSG_MODULE: p->modules++; break;
    case SL_MSG_DONE: case SL_MSG_OWNER_IS: case SL_MSG_ATTRS_ARE: break;
    default: bad(p, "AN ANSWER OF TYPE %u", f->type);
    }
    l->consumed += f->len + SL_FRAME_HEADER;
    if (!p->stingy && l->consumed >= WINDOW_QUARTER) {
        credit(p, f->channel, l->consumed);
        l->consumed = 0;
    }
}

static void take_control(struct peer *p, const struct sl_frame *f)
{
    struct sl_rd r;
    size_t n = 0;
    sl_r_init(&r, f->data, f->len);
    switch (f->type) {
    case 1:
        p->hello = true;
        break;
    case 4:
        p->pongs++;
        break;
    case 5: {
        p->error = (int)sl_r_u8(&r);
        const uint8_t *text = sl_r_bs(&r, 4096, &n);
        snprintf(p->error_text, sizeof p->error_text, "%.*s", (int)n, (const char *)text);
        break;
    }
    case 6:
        p->bye = true;
        break;
    }
}

/* The preface, once, and whole frames. */
static void take_bytes(struct peer *p)
{
    for (;;) {
        const uint8_t *d = sl_buf_ptr(&p->rx);
        size_t n = sl_buf_len(&p->rx);
        if (!p->hello && n >= SL_PREFACE_LEN && memcmp(d, SL_PREFACE, SL_PREFACE_LEN) == 0) {
            sl_buf_drop(&p->rx, SL_PREFACE_LEN);
            continue;
        }
        if (n < SL_FRAME_HEADER)
            return;
        struct sl_frame f = { d[3], d[4], d[5], d + SL_FRAME_HEADER, (size_t)d[0] << 16 | (size_t)d[1] << 8 | d[2] };
        if (f.len > SL_FRAME_MAX || f.channel >= SL_CHANNELS) {
            bad(p, "A FRAME THAT CAN'T BE READ");
            p->broken = true;
            return;
        }
        if (n < SL_FRAME_HEADER + f.len)
            return;
        if (f.channel >= LANES)          /* what comes on those is of no interest */
            ;
        else if (f.channel)
            take_answer(p, &f);
        else
            take_control(p, &f);
        sl_buf_drop(&p->rx, SL_FRAME_HEADER + f.len);
    }
}

static void search(struct peer *p, const char *data, size_t n)
{
    const char *secret = p->plan->secret;
    size_t len = secret ? strlen(secret) : 0;
    if (!len)
        return;
    char seam[2 * sizeof p->tail];
    size_t head = n < len ? n : len;
    memcpy(seam, p->tail, p->tail_len);
    memcpy(seam + p->tail_len, data, head);
    if (memmem(data, n, secret, len) || memmem(seam, p->tail_len + head, secret, len)) {
        if (!p->leaked)
            bad(p, "THE SECRET CAME");
        p->leaked = true;
    }
    p->tail_len = n < len ? n : len;
    memcpy(p->tail, data + n - p->tail_len, p->tail_len);
}

/* ---- bytes ---- */

static bool receive(struct peer *p)
{
    static char buf[256 * 1024];
    size_t got = 0;
    enum sl_code rc = sl_io_read(p->in, buf, sizeof buf, &got);
    if (rc == SL_AGAIN)
        return false;
    if (rc != SL_OK) {
        p->eof = true;
        return false;
    }
    p->bytes_in += got;
    search(p, buf, got);
    sl_buf_add(&p->rx, buf, got);
    take_bytes(p);
    return true;
}

static bool transmit(struct peer *p)
{
    size_t put = 0, n = sl_buf_len(&p->tx);
    ssize_t k = send(p->out, sl_buf_ptr(&p->tx), n, MSG_NOSIGNAL);
    if (k < 0 && errno == ENOTSOCK)
        k = sl_io_write(p->out, sl_buf_ptr(&p->tx), n, &put) == SL_OK ? (ssize_t)put : -1;
    if (k < 0 && errno != EAGAIN && errno != EINTR) {
        p->broken = true;
        sl_buf_reset(&p->tx, 0);
    }
    if (k > 0)
        sl_buf_drop(&p->tx, (size_t)k);
    return k > 0;
}

bool peer_move(struct peer *p, int ms)
{
    struct pollfd f[2] = { { .fd = p->eof || p->deaf ? -1 : p->in, .events = POLLIN },
                           { .fd = sl_buf_len(&p->tx) && !p->broken ? p->out : -1, .events = POLLOUT } };
    bool moved = false;
    if (f[0].fd < 0 && f[1].fd < 0 && !p->deaf)
        return false;
    if (poll(f, 2, ms) <= 0)
        return false;
    if (f[1].fd >= 0 && f[1].revents)
        moved = transmit(p);
    if (f[0].fd >= 0 && f[0].revents)
        moved = receive(p) || moved;
    return moved;
}

bool peer_flush(struct peer *p, int ms)
{
    uint64_t end = sl_now_ms() + (uint64_t)ms;
    while (sl_buf_len(&p->tx) && !p->broken && !p->eof && sl_now_ms() < end)
        if (peer_move(p, 50))
            end = sl_now_ms() + (uint64_t)ms;
    return !sl_buf_len(&p->tx);
}

bool peer_ends(struct peer *p, int ms)
{
    uint64_t end = sl_now_ms() + (uint64_t)ms;
    while (!p->eof && sl_now_ms() < end)
        peer_move(p, 20);
    return p->eof;
}

void peer_raw(struct peer *p, const void *data, size_t n)
{
    sl_buf_add(&p->tx, data, n);
}

void peer_frame(struct peer *p, uint8_t channel, uint8_t type, const void *data, size_t n)
{
    const uint8_t head[SL_FRAME_HEADER] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, type, channel, 0 };
    sl_buf_add(&p->tx, head, sizeof head);
    sl_buf_add(&p->tx, data, n);
}
