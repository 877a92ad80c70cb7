#include "config.h"

#include "node/crosscheck.h"

#include <string.h>

static struct crosscheck_entry *
enter(struct crosscheck *c, const uint8_t key[32], uint64_t now_ms)
{
    struct crosscheck_entry *oldest = &c->entries[0];

    for (size_t i = 0; i < c->count; i++) {
        if (memcmp(c->entries[i].key, key, 32) == 0) {
            c->entries[i].heard_ms = now_ms;
            return &c->entries[i];
        }
        if (c->entries[i].has_http < oldest->has_http ||
            (c->entries[i].has_http == oldest->has_http && c->entries[i].heard_ms < oldest->heard_ms))
            oldest = &c->entries[i];
    }
    if (c->count < CROSSCHECK_MAX)
        oldest = &c->entries[c->count++];
    *oldest = (struct crosscheck_entry){ .heard_ms = now_ms };
    memcpy(oldest->key, key, 32);
    return oldest;
}

static bool
same_root(const struct crosscheck_said *a, const struct crosscheck_said *b)
{
    return memcmp(a->state.root, b->state.root, 32) == 0;
}

/* Can a state that was `before`, then `after`, have been `between`? All three by the author's clock, in this order. */
static bool
can_lie_between(const struct crosscheck_said *before, const struct crosscheck_said *between, const struct crosscheck_said *after)
{
    if (same_root(before, between) || same_root(between, after))
        return true;
    if (same_root(before, after))
        return false;
    return between->state.hlc >= before->state.hlc && between->state.hlc <= after->state.hlc;
}

/* What HTTP said lies between the last two of P2P: compare, once. */
static void
compare(struct crosscheck_entry *e, uint64_t now_ms)
{
    if (!e->has_http || !e->has_former || e->compared || e->http.time_ms < e->former.time_ms || e->http.time_ms > e->p2p.time_ms)
        return;
    e->compared = true;
    if (can_lie_between(&e->former, &e->http, &e->p2p)) {
        e->contradicts = false;
        return;
    }
    if (!e->contradicts)
        e->first_ms = now_ms;
    e->contradicts = true;
    e->last_ms = now_ms;
    memcpy(e->http_root, e->http.state.root, 32);
    memcpy(e->p2p_root, e->p2p.state.root, 32);
}

void
crosscheck_http(struct crosscheck *c, const uint8_t key[32], const struct crosscheck_said *said, uint64_t now_ms)
{
    struct crosscheck_entry *e = enter(c, key, now_ms);

    if (e->has_http && said->time_ms <= e->http.time_ms)
        return;
    e->has_http = true;
    e->compared = false;
    e->http = *said;
    compare(e, now_ms);
}

void
crosscheck_p2p(struct crosscheck *c, const uint8_t key[32], const struct crosscheck_said *said, uint64_t now_ms)
{
    struct crosscheck_entry *e = enter(c, key, now_ms);

    if (e->has_p2p && said->time_ms <= e->p2p.time_ms)
        return;
    e->has_former = e->has_p2p;
    e->former = e->p2p;
    e->has_p2p = true;
    e->p2p = *said;
    compare(e, now_ms);
}

void
crosscheck_clear(struct crosscheck *c)
{
    memset(c, 0, sizeof(*c));
}

const struct crosscheck_entry *
crosscheck_alarm(const struct crosscheck *c, size_t i, uint64_t exchange_ms)
{
    for (size_t at = 0; at < c->count; at++) {
        const struct crosscheck_entry *e = &c->entries[at];

        if (e->contradicts && e->last_ms - e->first_ms > CROSSCHECK_HEARTBEATS * exchange_ms && i-- == 0)
            return e;
    }
    return NULL;
}

bool
crosscheck_wants_look(const struct crosscheck *c, uint64_t exchange_ms, uint64_t now_ms)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct crosscheck_entry *e = &c->entries[i];

        if (e->contradicts && e->compared && e->last_ms - e->first_ms <= CROSSCHECK_HEARTBEATS * exchange_ms &&
            now_ms > e->first_ms + CROSSCHECK_HEARTBEATS * exchange_ms)
            return true;
    }
    return false;
}
