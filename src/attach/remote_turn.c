/*
 * remote_turn.c - the way to a remote node, step by step: tunnel, watching, silence, giving up and trying again. Deadlines are looked at in
 * one place, check_silence.
 */
#include "config.h"

#include <string.h>

#include "attach/remote_parts.h"
#include "base/clock.h"
#include "base/text.h"
#include "crypto/rand.h"

#define BACKOFF_MAX_MS 30000
#define JITTER_PERCENT 20

void
remote_say(struct remote *r, enum link_state state)
{
    bool changed;

    pthread_mutex_lock(&r->lock);
    changed = r->link.state != state;
    r->link.state = state;
    if (state == LINK_LIVE)
        r->link.error[0] = 0;
    pthread_mutex_unlock(&r->lock);
    if (changed)
        exchange_wake(r->exchange);
}

/* 1, 2, 4 .. 30 s, a fifth more or less, so that many consoles do not come back at one moment. */
static uint64_t
backoff_ms(const struct remote *r)
{
    uint64_t ms = r->failures < 5 ? 1000ull << r->failures : BACKOFF_MAX_MS, spread = ms * JITTER_PERCENT / 100;

    if (ms > BACKOFF_MAX_MS)
        ms = BACKOFF_MAX_MS;
    return ms - spread + rand_u64() % (2 * spread + 1);
}

void
remote_fail(struct remote *r, const char *reason)
{
    remote_request_end(r, &r->watch);
    remote_request_end(r, &r->call);
    remote_drop_command(r, reason);
    r->up = r->live = false;
    r->retry_ms = r->now_ms + backoff_ms(r);
    r->failures++;
    pthread_mutex_lock(&r->lock);
    r->link.retry_ms = r->retry_ms;
    r->link.question = 0;
    lat_copy(r->link.error, sizeof(r->link.error), reason);
    pthread_mutex_unlock(&r->lock);
    remote_say(r, LINK_RETRY);
}

static void
begin(struct remote *r)
{
    r->up = true;
    r->live = false;
    r->begun_ms = r->heard_ms = r->now_ms;
    r->mode = WATCH_EVENTS;
    r->poll_ms = r->mode_until_ms = 0;
    r->etag[0] = 0;
    if (r->tunnel)
        ssh_tunnel_start(r->tunnel, r->now_ms);
    remote_say(r, r->tunnel ? LINK_RESOLVING : LINK_HTTP);
}

/* False: the way is not there. */
static bool
turn_tunnel(struct remote *r)
{
    ssh_tunnel_turn(r->tunnel, r->now_ms);
    switch (ssh_tunnel_step(r->tunnel)) {
    case SSH_RESOLVE:
    case SSH_CONNECT:
        remote_say(r, LINK_RESOLVING);
        break;
    case SSH_HANDSHAKE:
    case SSH_HOST_KEY:
        remote_say(r, LINK_HOST_KEY);
        break;
    case SSH_AUTH:
        remote_say(r, LINK_AUTH);
        break;
    case SSH_UP:
        return true;
    case SSH_DEAD:
        remote_fail(r, ssh_tunnel_error(r->tunnel));
        return false;
    }
    r->heard_ms = r->begun_ms = r->now_ms; /* the way has deadlines of its own; the node's begin when it is there */
    return false;
}

/* Silence, by our own clock: keep-alives do not find a peer that is dead (a stopped server takes them for ever). */
static void
check_silence(struct remote *r)
{
    uint64_t silent = r->now_ms - r->heard_ms;

    if (!r->live && silent >= REMOTE_REQUEST_MS)
        remote_fail(r, "the node does not answer");
    else if (r->live && silent >= REMOTE_LOST_MS)
        remote_fail(r, "nothing was heard for 30 s");
    else if (r->live && silent >= REMOTE_STALE_MS)
        remote_say(r, LINK_STALE);
    else if (r->call.kind != REQUEST_NONE && r->now_ms - r->call.begun_ms >= REMOTE_REQUEST_MS) {
        remote_request_end(r, &r->call);
        remote_drop_command(r, "no answer from the node within 5 s; whether the mode was changed is not known: look at the title");
    }
}

void
remote_turn(struct remote *r)
{
    bool hurry;
    int running;

    r->now_ms = lat_mono_ms();
    hurry = atomic_exchange(&r->hurry, false);
    if (!r->up && (hurry || r->now_ms >= r->retry_ms))
        begin(r);
    if (!r->up)
        remote_drop_command(r, "the node cannot be reached now");
    if (!r->up || (r->tunnel && !turn_tunnel(r)))
        return;
    if (!r->live)
        remote_say(r, r->tunnel && !r->watch.answered ? LINK_TUNNEL : LINK_HTTP);
    remote_watch(r);
    remote_commands(r);
    if (curl_multi_perform(r->multi, &running) != CURLM_OK) {
        remote_fail(r, "out of memory");
        return;
    }
    remote_finish(r);
    if (r->tunnel && r->up)
        ssh_tunnel_turn(r->tunnel, r->now_ms); /* what has just been asked goes out now */
    if (r->up)
        check_silence(r);
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t
remote_due_ms(const struct remote *r)
{
    uint64_t due = r->now_ms + 60000;

    if (!r->up)
        return r->retry_ms;
    if (r->tunnel)
        due = earlier(due, ssh_tunnel_due_ms(r->tunnel));
    if (r->watch.kind == REQUEST_NONE)
        due = earlier(due, r->poll_ms);
    if (r->call.kind != REQUEST_NONE)
        due = earlier(due, r->call.begun_ms + REMOTE_REQUEST_MS);
    if (!r->live)
        return earlier(due, r->heard_ms + REMOTE_REQUEST_MS);
    if (r->now_ms - r->heard_ms < REMOTE_STALE_MS)
        return earlier(due, r->heard_ms + REMOTE_STALE_MS);
    return earlier(due, r->heard_ms + REMOTE_LOST_MS);
}
