/* SPDX-License-Identifier: ISC */
/*
 * slots - see slots.h. Only the listener gives a slot away and takes it back; a child writes in its own. Who is to be counted says so first and
 * looks at the others then: of two that come at once both may be refused, but never one too many let in.
 *
 * A child that was taken over by its peer must not reach beyond itself. Processes' ids, which the listener signals, are in its own memory. What
 * is shared stands in one file without a name: a table that the listener alone writes, and behind it a page for each child. A child keeps its
 * own page and sees all else through a mapping that can't be made writable any more. That the page does not become longer is the kernel's seal
 * (mseal), where there is one, and in any case the filter of system calls (base/sysfilter.c).
 */
#include "config.h"
#include "subsystem/slots.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_mseal
#define SYS_mseal 462                    /* Linux 6.10; on 64 bits only */
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

enum { NO_MODULE = -1 };

struct slot {                            /* the listener's word */
    atomic_bool taken;
    unsigned generation;                 /* of the configuration that it began with */
    struct sl_source source;
    bool lane_only;                      /* there was no room but for a lane */
};

struct word {                            /* the child's, on a page of its own */
    atomic_int module;                   /* its place in the configuration */
    atomic_bool greeted;
    atomic_bool has_token;
    atomic_uint_least64_t token[2];
    atomic_bool joined;                  /* a lane of a session that is counted in another slot */
};

struct sl_slots {                        /* each process's own memory */
    size_t used;                         /* the listener's, as are the ids: 0: none yet, or free */
    pid_t pids[SL_CONNECTIONS_MAX];
    size_t page, table, size;            /* bytes: of a page, of the table, of all */
    uint8_t *written;                    /* the whole mapping; of a child only its page is left of it */
    uint8_t *seen;                       /* the same for the listener; a child's own view */
    uint8_t *view;                       /* that view, made before the first child; NULL: the system has none, and the whole stays writable */
};

static size_t whole_pages(size_t n, size_t page)
{
    return (n + page - 1) / page * page;
}

/* One mapping to write, then the seal, then one that stays as it is. */
static bool map_file(struct sl_slots *s)
{
    int fd = memfd_create("superlifter-slots", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return false;
    void *written = ftruncate(fd, (off_t)s->size) == 0 ? mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    bool sealed = written != MAP_FAILED && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE) == 0;
    void *view = sealed ? mmap(NULL, s->size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    close(fd);
    if (view == MAP_FAILED) {
        if (written != MAP_FAILED)
            munmap(written, s->size);
        return false;
    }
    s->written = written;
    s->view = view;
    return true;
}

static bool map_unnamed(struct sl_slots *s)
{
    void *p = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    s->written = p == MAP_FAILED ? NULL : p;
    return s->written;
}

struct sl_slots *sl_slots_new(void)
{
    struct sl_slots *s = sl_calloc(1, sizeof *s);
    s->page = (size_t)sysconf(_SC_PAGESIZE);
    s->table = whole_pages(SL_CONNECTIONS_MAX * sizeof(struct slot), s->page);
    s->size = s->table + SL_CONNECTIONS_MAX * s->page;
    if (!map_file(s) && !map_unnamed(s)) {
        int why = errno;
        free(s);
        errno = why;
        return NULL;
    }
    s->seen = s->written;                /* all zero: free */
    return s;
}

void sl_slots_free(struct sl_slots *s)
{
    munmap(s->written, s->size);
    if (s->view)
        munmap(s->view, s->size);
    free(s);
}

static const struct slot *slot(const struct sl_slots *s, size_t i)
{
    return (const struct slot *)(const void *)s->seen + i;
}

static const struct word *word(const struct sl_slots *s, size_t i)
{
    return (const struct word *)(const void *)(s->seen + s->table + i * s->page);
}

/* For the listener, and of a child its own. */
static struct word *own_word(const struct sl_slots *s, size_t i)
{
    return (struct word *)(void *)(s->written + s->table + i * s->page);
}

void sl_slots_child(struct sl_slots *s, size_t own)
{
    size_t at = s->table + own * s->page, behind = at + s->page;
    memset(s->pids, 0, sizeof s->pids);
    s->used = 0;
    if (!s->view)
        return;
    munmap(s->written, at);
    if (behind < s->size)
        munmap(s->written + behind, s->size - behind);
    s->seen = s->view;
    (void)!syscall(SYS_mseal, s->written + at, s->page, 0);      /* else mremap(2) makes it longer, and what is behind it is other children's */
}

const void *sl_slots_own_page(const struct sl_slots_view *v)
{
    return v->all->view ? own_word(v->all, v->own) : NULL;
}

/* ---- what counts ---- */

static bool is_taken(const struct sl_slots *s, size_t i)
{
    return atomic_load(&slot(s, i)->taken);
}

static bool waits_to_join(const struct sl_slots *s, size_t i)
{
    return slot(s, i)->lane_only && !atomic_load(&word(s, i)->greeted);
}

static bool joined(const struct sl_slots *s, size_t i)
{
    return atomic_load(&word(s, i)->joined);
}

static bool counts(const struct sl_slots *s, size_t i)
{
    return is_taken(s, i) && !joined(s, i) && !waits_to_join(s, i);
}

/* Whether i is in use by another process of the session that `own` is of. */
static bool same_session(const struct sl_slots *s, size_t i, size_t own)
{
    if (i == own || !is_taken(s, i))
        return false;
    const struct word *a = word(s, i), *b = word(s, own);
    return atomic_load(&a->has_token) && atomic_load(&b->has_token) && sl_source_same(&slot(s, i)->source, &slot(s, own)->source) &&
           atomic_load(&a->token[0]) == atomic_load(&b->token[0]) && atomic_load(&a->token[1]) == atomic_load(&b->token[1]);
}

/* ---- the listener ---- */

struct census { unsigned sessions, joined, of_source, waiting; bool has_session; };

/* A child can say that it is counted elsewhere: of those there are no more than sessions have lanes, or they count. */
static void doubt(struct census *n, const struct sl_config *c)
{
    unsigned may = n->sessions * (c->max_lanes - 1);
    if (n->joined > may)
        n->sessions += n->joined - may;
}

static struct census count(const struct sl_slots *s, const struct sl_config *c, const struct sl_source *source)
{
    struct census n = { 0 };
    size_t seen = 0;
    for (size_t i = 0; i < SL_CONNECTIONS_MAX && seen < s->used; i++) {
        if (!is_taken(s, i))
            continue;
        bool same = sl_source_same(&slot(s, i)->source, source);
        seen++;
        n.sessions += counts(s, i);
        n.joined += joined(s, i);
        n.of_source += same && counts(s, i);
        n.waiting += same && waits_to_join(s, i);
        n.has_session = n.has_session || (same && atomic_load(&word(s, i)->has_token));
    }
    doubt(&n, c);
    return n;
}

enum sl_room sl_slots_room(const struct sl_slots *s, const struct sl_config *c, const struct sl_source *source, struct sl_error *why)
{
    struct census n = count(s, c, source);
    bool full = n.sessions >= c->max_connections || s->used >= SL_CONNECTIONS_MAX;
    if (!full && (!c->max_per_address || n.of_source < c->max_per_address))
        return SL_ROOM;
    if (full)
        sl_fail(why, SL_E_LIMIT, "this server has no connection left (%u)", c->max_connections);
    else
        sl_fail(why, SL_E_LIMIT, "this server has no connection left for your address (%u)", c->max_per_address);
    why->retry_s = c->retry_after_s;
    return n.has_session && n.waiting + 1 < c->max_lanes && s->used < SL_CONNECTIONS_MAX ? SL_ROOM_FOR_LANE : SL_ROOM_NONE;
}

size_t sl_slots_take(struct sl_slots *s, const struct sl_source *source, unsigned generation, enum sl_room room)
{
    size_t i = 0;
    while (i + 1 < SL_CONNECTIONS_MAX && is_taken(s, i))
        i++;
    struct slot *a = (struct slot *)(void *)s->written + i;
    struct word *w = own_word(s, i);
    a->source = *source;
    a->generation = generation;
    a->lane_only = room == SL_ROOM_FOR_LANE;
    atomic_store(&w->module, NO_MODULE);
    atomic_store(&w->greeted, false);
    atomic_store(&w->has_token, false);
    atomic_store(&w->joined, false);
    atomic_store(&a->taken, true);
    s->used++;
    return i;
}

static void release(struct sl_slots *s, size_t i)
{
    int module = atomic_load(&word(s, i)->module);
    size_t heir = i;                     /* is counted from now on, unless another one is that covers the same */
    bool covered = joined(s, i);
    for (size_t k = 0; !covered && k < SL_CONNECTIONS_MAX; k++) {
        if (!same_session(s, k, i) || !atomic_load(&word(s, k)->greeted))
            continue;
        bool same = atomic_load(&word(s, k)->module) == module && slot(s, k)->generation == slot(s, i)->generation;
        if (!joined(s, k))
            covered = same || module == NO_MODULE;
        else if (heir == i || same)
            heir = k;
    }
    if (heir != i && !covered)
        atomic_store(&own_word(s, heir)->joined, false);
    atomic_store(&((struct slot *)(void *)s->written + i)->taken, false);
    s->pids[i] = 0;
    s->used--;
}

void sl_slots_begun(struct sl_slots *s, size_t i, pid_t pid)
{
    s->pids[i] = pid;
    if (pid <= 0)
        release(s, i);
}

bool sl_slots_ended(struct sl_slots *s, pid_t pid)
{
    for (size_t i = 0; i < SL_CONNECTIONS_MAX; i++)
        if (s->pids[i] == pid) {
            release(s, i);
            return true;
        }
    return false;
}

size_t sl_slots_used(const struct sl_slots *s)
{
    return s->used;
}

void sl_slots_each(const struct sl_slots *s, void (*each)(pid_t pid))
{
    for (size_t i = 0; i < SL_CONNECTIONS_MAX; i++)
        if (s->pids[i] > 0)
            each(s->pids[i]);
}

/* ---- a child ---- */

/* Whether it is one of few enough of a session that is counted elsewhere. */
static bool joins(const struct sl_slots_view *v, const struct sl_config *c)
{
    unsigned others = 0;
    bool first = false;
    for (size_t i = 0; i < SL_CONNECTIONS_MAX; i++) {
        if (!same_session(v->all, i, v->own))
            continue;
        others++;
        first = first || (atomic_load(&word(v->all, i)->greeted) && !joined(v->all, i));   /* of two that greet at once both count */
    }
    return first && others < c->max_lanes;
}

enum sl_code sl_slots_greeted(const struct sl_slots_view *v, const struct sl_config *c, const uint8_t *token, struct sl_error *err)
{
    struct word *own = own_word(v->all, v->own);
    uint64_t halves[2];
    _Static_assert(sizeof halves == SL_SESSION_LEN, "two numbers hold a token");
    if (token) {
        memcpy(halves, token, sizeof halves);
        atomic_store(&own->token[0], halves[0]);
        atomic_store(&own->token[1], halves[1]);
        atomic_store(&own->has_token, true);
        atomic_store(&own->joined, joins(v, c));
    }
    atomic_store(&own->greeted, true);
    if (!slot(v->all, v->own)->lane_only || atomic_load(&own->joined))
        return SL_OK;
    sl_fail(err, SL_E_LIMIT, "this server has no connection left");
    err->retry_s = c->retry_after_s;
    return SL_E_LIMIT;
}

static bool wants(const struct sl_slots_view *v, size_t i, int index)
{
    return atomic_load(&word(v->all, i)->module) == index && slot(v->all, i)->generation == v->generation;
}

/* Whether the session is counted for that module already. One that is counted for another, or for none, does not cover this lane. */
static bool covered(const struct sl_slots_view *v, int index)
{
    for (size_t i = 0; joined(v->all, v->own) && i < SL_CONNECTIONS_MAX; i++)
        if (same_session(v->all, i, v->own) && !joined(v->all, i) && wants(v, i, index))
            return true;
    return false;
}

enum sl_code sl_slots_admit(const struct sl_slots_view *v, const struct sl_config *c, const struct sl_module *m, struct sl_error *err)
{
    struct word *own = own_word(v->all, v->own);
    bool lane_only = slot(v->all, v->own)->lane_only;
    int index = (int)(m - c->modules);
    unsigned n = 0;
    atomic_store(&own->module, index);
    if (covered(v, index))
        return SL_OK;
    if (!lane_only)
        atomic_store(&own->joined, false);
    for (size_t i = 0; i < SL_CONNECTIONS_MAX; i++)
        n += counts(v->all, i) && wants(v, i, index);
    if (!lane_only && (!m->max_connections || n <= m->max_connections))
        return SL_OK;
    atomic_store(&own->module, NO_MODULE);
    sl_fail(err, SL_E_LIMIT, "module '%s' has no connection left (%u)", m->name, m->max_connections);
    err->retry_s = c->retry_after_s;
    return SL_E_LIMIT;
}
