#include "config.h"

#include "http/poller.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/poller_parts.h"

/* --- answers that are owed ------------------------------------------------------------------------- */

struct owed *
poller_owe(struct peer *peer)
{
    struct owed *owed = malloc(sizeof(*owed));

    if (owed == NULL)
        return NULL;
    *owed = (struct owed){ .p = peer->p, .peer = peer };
    peer->owed = owed;
    peer->p->owed_count++;
    return owed;
}

struct peer *
poller_settle(struct owed *owed)
{
    struct poller *p = owed->p;
    struct peer *peer = owed->peer;

    if (peer)
        peer->owed = NULL;
    if (p->client)
        http_client_release(p->client, owed->held);
    free(owed);
    p->owed_count--;
    poller_maybe_closed(p);
    return peer;
}

/* --- rounds ---------------------------------------------------------------------------------------- */

static void
note_failed(struct poller *p, const char *url, const char *error)
{
    if (p->round_failed++ == 0)
        lat_msg_set(&p->round_error, "%s%s%s", url, url[0] ? ": " : "", error);
}

void
poller_note(struct peer *peer, const char *error)
{
    struct poller *p = peer->p;

    if (!peer->in_round)
        return;
    peer->in_round = false;
    p->round_waiting--;
    if (error == NULL)
        p->round_good = true;
    else
        note_failed(p, peer->s.shown_url, error);
}

/* The first failure speaks for all; how many more there were is said behind it. */
static void
tell_end(struct poller *p)
{
    char error[SNAPSHOT_TEXT_MAX] = "", more[48] = "";

    p->round_open = false;
    if (!p->round_good) {
        if (p->round_failed > 1)
            snprintf(more, sizeof(more), " (and %zu more)", p->round_failed - 1);
        lat_copy(error, sizeof(error) - strlen(more), p->round_error.text);
        lat_copy(error + strlen(error), sizeof(error) - strlen(error), more);
    }
    p->ops.round_done(p->arg, p->round_good, error);
}

static void
on_timer(uv_timer_t *timer)
{
    struct poller *p = timer->data;
    uint64_t next, now;

    if (p->round_open && p->round_good && !p->good_told) {
        p->good_told = true;
        p->ops.good(p->arg); /* which may cancel the round, or begin another */
    }
    if (p->round_open && p->round_waiting == 0 && (p->good_told || !p->round_good))
        tell_end(p);
    if (p->closing)
        return;
    heal_next_due(p);
    next = heal_next_ms(p);
    now = lat_mono_ms();
    if (next != UINT64_MAX && p->carrying && !uv_is_active((uv_handle_t *)&p->timer))
        uv_timer_start(&p->timer, on_timer, next > now ? next - now : 0, 0);
}

void
poller_wake(struct poller *p)
{
    if (!p->closing)
        uv_timer_start(&p->timer, on_timer, 0, 0);
}

void
poller_changed(struct poller *p)
{
    p->ops.changed(p->arg);
}

void
poller_cancel_round(struct poller *p)
{
    p->round_open = false;
    for (size_t i = 0; i < p->peer_count; i++)
        ask_give_up(p->peers[i]);
    p->round_waiting = 0;
}

static void
ask_or_skip(struct poller *p, struct peer *peer)
{
    char why[SNAPSHOT_TEXT_MAX];

    if (peer->s.h.healing || peer->s.importing) {
        p->round_good = true;
    } else if (source_must_wait(&peer->s, lat_mono_ms(), why, sizeof(why))) {
        note_failed(p, peer->s.shown_url, why);
    } else {
        peer->in_round = true;
        p->round_waiting++;
        ask_begin(peer);
    }
}

void
poller_round(struct poller *p, enum poller_mode mode)
{
    assert(!p->closing);
    poller_cancel_round(p);
    p->mode = mode;
    p->round_open = true;
    p->round_good = p->good_told = false;
    p->round_failed = 0;
    if (p->peer_count == 0)
        note_failed(p, "", "no HTTP source is configured (LATTICE_NODES)");
    for (size_t i = 0; i < p->peer_count; i++)
        ask_or_skip(p, p->peers[i]);
    poller_changed(p);
    poller_wake(p);
}

/* --- the lung's hand on it ------------------------------------------------------------------------- */

void
poller_give_up_healing(struct poller *p)
{
    size_t applying = 0;

    for (size_t i = 0; i < p->peer_count; i++) {
        applying += p->peers[i]->owed != NULL && p->peers[i]->s.h.healing;
        heal_give_up(p->peers[i]);
    }
    if (applying > 0)
        p->ops.discard(p->arg);
}

void
poller_drop_staged(struct poller *p)
{
    for (size_t i = 0; i < p->peer_count; i++) {
        heal_unstage(p->peers[i]);
        if (!p->peers[i]->s.h.healing && !p->peers[i]->s.importing)
            p->peers[i]->s.h.wants = false;
    }
}

void
poller_cancel(struct poller *p)
{
    poller_cancel_round(p);
    poller_give_up_healing(p);
    poller_drop_staged(p);
    http_client_reset(p->client);
    uv_timer_stop(&p->timer);
}

void
poller_set_carrying(struct poller *p, bool carrying)
{
    if (p->carrying && !carrying)
        poller_give_up_healing(p);
    p->carrying = carrying;
    poller_wake(p);
}

/* Attested so long ago that it would be refused if it came now. */
static bool
is_old(uint64_t time_ms, uint64_t wall_ms)
{
    uint64_t off = time_ms > wall_ms ? time_ms - wall_ms : wall_ms - time_ms;

    return off > RECON_CLOCK_MAX_MS;
}

void
poller_apply_staged(struct poller *p)
{
    uint64_t wall_ms = lat_wall_ms();

    for (size_t i = 0; i < p->peer_count; i++) {
        struct peer *peer = p->peers[i];

        if (peer->s.h.wants && is_old(peer->s.shown.time_ms, wall_ms)) {
            peer->s.h.wants = false;
            heal_unstage(peer);
        }
    }
    poller_wake(p);
}

void
poller_forget_backoff(struct poller *p)
{
    for (size_t i = 0; i < p->peer_count; i++)
        heal_peer_forget_pause(&p->peers[i]->s.h);
    poller_wake(p);
}

void
poller_set_cut(struct poller *p, bool cut)
{
    http_client_set_cut(p->client, cut);
}

bool
poller_is_usable(const struct poller *p)
{
    for (size_t i = 0; i < p->peer_count; i++)
        if (p->peers[i]->s.usable)
            return true;
    return false;
}

/* --- for the snapshot ------------------------------------------------------------------------------ */

size_t
poller_fill(const struct poller *p, uint64_t now_ms, struct snapshot_source *rows, size_t max)
{
    size_t count = p->peer_count < max ? p->peer_count : max;
    struct poller_head own;

    p->ops.head(p->arg, &own);
    for (size_t i = 0; i < count; i++) {
        const struct poll_source *s = &p->peers[i]->s;
        const uint8_t *root = own.readable ? own.root : NULL;

        if (s->kind == SOURCE_LEGACY && own.readable)
            root = own.has_flat_root ? own.flat_root : NULL;
        source_fill(s, root, now_ms, &rows[i]);
    }
    return count;
}

void
poller_fill_lung(const struct poller *p, uint64_t now_ms, struct snapshot_lung *lung)
{
    const struct poll_source *last = NULL, *failed = NULL;

    (void)now_ms;
    lung->http_stale = lung->http_untrusted = false;
    for (size_t i = 0; i < p->peer_count; i++) {
        const struct poll_source *s = &p->peers[i]->s;

        if (s->usable && (last == NULL || s->ok_ms > last->ok_ms))
            last = s;
        if (!s->usable && s->error[0] && failed == NULL)
            failed = s;
        lung->http_stale = lung->http_stale || (s->usable && s->stale);
        lung->http_untrusted = lung->http_untrusted || (s->usable && s->has_shown && !s->shown.trusted);
    }
    lat_copy(lung->http_source, sizeof(lung->http_source), last ? last->shown_url : "");
    lung->http_error[0] = '\0';
    if (p->peer_count == 0)
        lat_copy(lung->http_error, sizeof(lung->http_error), "no HTTP source is configured (LATTICE_NODES)");
    else if (last == NULL && failed)
        snprintf(lung->http_error, sizeof(lung->http_error), "%.79s: %.78s", failed->shown_url,
                 failed->error);
}
