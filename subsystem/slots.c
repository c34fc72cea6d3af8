/* SPDX-License-Identifier: ISC */
/*
 * slots - see slots.h. Only the listener gives a slot away and takes it back; a child writes in its own. Who is to be counted says so first and
 * looks at the others then: of two that come at once both may be refused, but never one too many let in.
 */
#include "config.h"
#include "subsystem/slots.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

enum { NO_MODULE = -1, RESERVED = -1 /* in the place of a process's id, until it has one */ };

struct slot {
    atomic_int pid;                      /* 0: free */
    atomic_int module;                   /* its place in the configuration */
    unsigned generation;                 /* of that configuration */
    struct sl_source source;
    bool lane_only;                      /* there was no room but for a lane */
    atomic_bool greeted;
    atomic_bool has_token;
    atomic_uint_least64_t token[2];
    atomic_bool joined;                  /* a lane of a session that is counted in another slot */
};

struct sl_slots {
    size_t used;                         /* the listener's */
    struct slot at[SL_CONNECTIONS_MAX];
};

struct sl_slots *sl_slots_new(void)
{
    struct sl_slots *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return s == MAP_FAILED ? NULL : s;   /* all zero: free */
}

void sl_slots_free(struct sl_slots *s)
{
    munmap(s, sizeof *s);
}

/* ---- what counts ---- */

static bool waits_to_join(const struct slot *a)
{
    return a->lane_only && !atomic_load(&a->greeted);
}

static bool counts(const struct slot *a)
{
    return atomic_load(&a->pid) && !atomic_load(&a->joined) && !waits_to_join(a);
}

static bool same_session(const struct slot *a, const struct slot *b)
{
    return a != b && atomic_load(&a->pid) && atomic_load(&a->has_token) && atomic_load(&b->has_token) && sl_source_same(&a->source, &b->source) &&
           atomic_load(&a->token[0]) == atomic_load(&b->token[0]) && atomic_load(&a->token[1]) == atomic_load(&b->token[1]);
}

/* ---- the listener ---- */

struct census { unsigned sessions, of_source, waiting; bool has_session; };

static struct census count(const struct sl_slots *s, const struct sl_source *source)
{
    struct census n = { 0 };
    size_t seen = 0;
    for (size_t i = 0; i < SL_CONNECTIONS_MAX && seen < s->used; i++) {
        const struct slot *a = &s->at[i];
        if (!atomic_load(&a->pid))
            continue;
        bool same = sl_source_same(&a->source, source);
        seen++;
        n.sessions += counts(a);
        n.of_source += same && counts(a);
        n.waiting += same && waits_to_join(a);
        n.has_session = n.has_session || (same && atomic_load(&a->has_token));
    }
    return n;
}

enum sl_room sl_slots_room(const struct sl_slots *s, const struct sl_config *c, const struct sl_source *source, struct sl_error *why)
{
    struct census n = count(s, source);
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
    while (i + 1 < SL_CONNECTIONS_MAX && atomic_load(&s->at[i].pid))
        i++;
    struct slot *a = &s->at[i];
    a->source = *source;
    a->generation = generation;
    a->lane_only = room == SL_ROOM_FOR_LANE;
    atomic_store(&a->module, NO_MODULE);
    atomic_store(&a->greeted, false);
    atomic_store(&a->has_token, false);
    atomic_store(&a->joined, false);
    atomic_store(&a->pid, RESERVED);
    s->used++;
    return i;
}

static void release(struct sl_slots *s, struct slot *a)
{
    int module = atomic_load(&a->module);
    struct slot *heir = NULL;            /* is counted from now on, unless another one is that covers the same */
    bool covered = atomic_load(&a->joined);
    for (size_t i = 0; !covered && i < SL_CONNECTIONS_MAX; i++) {
        struct slot *b = &s->at[i];
        if (!same_session(b, a) || !atomic_load(&b->greeted))
            continue;
        bool same = atomic_load(&b->module) == module && b->generation == a->generation;
        if (!atomic_load(&b->joined))
            covered = same || module == NO_MODULE;
        else if (!heir || same)
            heir = b;
    }
    if (heir && !covered)
        atomic_store(&heir->joined, false);
    atomic_store(&a->pid, 0);
    s->used--;
}

void sl_slots_begun(struct sl_slots *s, size_t i, pid_t pid)
{
    if (pid > 0)
        atomic_store(&s->at[i].pid, pid);
    else
        release(s, &s->at[i]);
}

bool sl_slots_ended(struct sl_slots *s, pid_t pid)
{
    for (size_t i = 0; i < SL_CONNECTIONS_MAX; i++)
        if (atomic_load(&s->at[i].pid) == pid) {
            release(s, &s->at[i]);
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
    for (size_t i = 0; i < SL_CONNECTIONS_MAX; i++) {
        pid_t pid = atomic_load(&s->at[i].pid);
        if (pid > 0)
            each(pid);
    }
}

/* ---- a child ---- */

/* Whether it is one of few enough of a session that is counted elsewhere. */
static bool joins(const struct sl_slots_view *v, const struct sl_config *c)
{
    const struct slot *own = &v->all->at[v->own];
    unsigned others = 0;
    bool first = false;
    for (size_t i = 0; i < SL_CONNECTIONS_MAX; i++) {
        const struct slot *a = &v->all->at[i];
        if (!same_session(a, own))
            continue;
        others++;
        first = first || (atomic_load(&a->greeted) && !atomic_load(&a->joined));   /* of two that greet at once both count */
    }
    return first && others < c->max_lanes;
}

enum sl_code sl_slots_greeted(const struct sl_slots_view *v, const struct sl_config *c, const uint8_t *token, struct sl_error *err)
{
    struct slot *own = &v->all->at[v->own];
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
    if (!own->lane_only || atomic_load(&own->joined))
        return SL_OK;
    sl_fail(err, SL_E_LIMIT, "this server has no connection left");
    err->retry_s = c->retry_after_s;
    return SL_E_LIMIT;
}

/* Whether the session is counted for that module already. One that is counted for another, or for none, does not cover this lane. */
static bool covered(const struct sl_slots_view *v, int index)
{
    const struct slot *own = &v->all->at[v->own];
    for (size_t i = 0; atomic_load(&own->joined) && i < SL_CONNECTIONS_MAX; i++) {
        const struct slot *a = &v->all->at[i];
        if (same_session(a, own) && !atomic_load(&a->joined) && atomic_load(&a->module) == index && a->generation == v->generation)
            return true;
    }
    return false;
}

enum sl_code sl_slots_admit(const struct sl_slots_view *v, const struct sl_config *c, const struct sl_module *m, struct sl_error *err)
{
    struct slot *own = &v->all->at[v->own];
    int index = (int)(m - c->modules);
    unsigned n = 0;
    atomic_store(&own->module, index);
    if (covered(v, index))
        return SL_OK;
    if (!own->lane_only)
        atomic_store(&own->joined, false);
    for (size_t i = 0; i < SL_CONNECTIONS_MAX; i++) {
        const struct slot *a = &v->all->at[i];
        n += counts(a) && atomic_load(&a->module) == index && a->generation == v->generation;
    }
    if (!own->lane_only && (!m->max_connections || n <= m->max_connections))
        return SL_OK;
    atomic_store(&own->module, NO_MODULE);
    sl_fail(err, SL_E_LIMIT, "module '%s' has no connection left (%u)", m->name, m->max_connections);
    err->retry_s = c->retry_after_s;
    return SL_E_LIMIT;
}
