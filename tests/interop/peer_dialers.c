/*
 * peer_dialers.c - hs-bench: connections from the beginning to the end, so many a second. Each of the dialers that work side by side is a peer
 * of its own, since two peers have one connection: it dials, waits until a ping is answered and identify has told who is there, hangs up,
 * and begins again.
 */
#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "tests/interop/peer.h"

#define DIALERS_MAX 64

struct dialer {
    struct dialers *all;
    struct own own;
    struct host *host;
    uv_timer_t next; /* a new dial, once all callbacks have returned */
    struct peerid id; /* of the other side */
    uint64_t began_us;
    bool running, pinged, identified;
};

/* One hs-bench. */
struct dialers {
    struct peer *peer;
    const char *address;
    uint64_t left, errors;
    struct samples samples;
    struct dialer one[DIALERS_MAX];
    size_t count, working;
    size_t handles; /* hosts and timers that are not closed yet */
};

static void
report(struct dialers *all)
{
    struct peer *peer = all->peer;
    double secs = (double)(lat_mono_us() - peer->command.began_us) / 1e6;
    cJSON *fields = say_fields(), *ms;

    say_number(fields, "n", (double)(all->samples.count + all->errors));
    say_number(fields, "errors", (double)all->errors);
    say_number(fields, "secs", secs);
    say_number(fields, "per_s", (double)all->samples.count / secs);
    ms = say_quantiles(&all->samples, 1000);
    if (ms)
        cJSON_AddItemToObject(fields, "ms", ms);
    peer_done(peer, fields);
}

static void
on_gone(struct dialers *all)
{
    if (--all->handles > 0)
        return;
    for (size_t i = 0; i < all->count; i++)
        own_free(&all->one[i].own);
    free(all->samples.us);
    free(all);
}

static void
on_host_gone(void *arg)
{
    struct dialer *dialer = arg;

    on_gone(dialer->all);
}

static void
on_timer_gone(uv_handle_t *handle)
{
    struct dialer *dialer = handle->data;

    on_gone(dialer->all);
}

/* The figures are told first: closing is no part of them. */
static void
close_all(struct dialers *all)
{
    report(all);
    for (size_t i = 0; i < all->count; i++) {
        if (all->one[i].host)
            host_close(all->one[i].host, on_host_gone, &all->one[i]);
        uv_close((uv_handle_t *)&all->one[i].next, on_timer_gone);
    }
}

static void
on_next(uv_timer_t *timer)
{
    struct dialer *dialer = timer->data;
    struct dialers *all = dialer->all;
    struct lat_msg why;

    if (all->left == 0) {
        if (--all->working == 0)
            close_all(all);
        return;
    }
    all->left--;
    dialer->began_us = lat_mono_us();
    dialer->pinged = dialer->identified = false;
    dialer->running = true;
    if (host_dial(dialer->host, all->address, &why)) {
        all->errors++;
        uv_timer_start(timer, on_next, 0, 0);
    }
}

static void
dial_again(struct dialer *dialer)
{
    dialer->running = false;
    uv_timer_start(&dialer->next, on_next, 0, 0);
}

static void
note(struct dialer *dialer)
{
    if (!dialer->running || !dialer->pinged || !dialer->identified)
        return;
    dialer->running = false;
    if (!samples_add(&dialer->all->samples, lat_mono_us() - dialer->began_us))
        dialer->all->errors++;
    host_hangup(dialer->host, &dialer->id); /* on_down goes on */
}

static void
on_pinged(struct pinger *pinger, uint64_t us)
{
    struct dialer *dialer = pinger->arg;

    (void)us;
    pinger_end(pinger);
    dialer->pinged = true;
    note(dialer);
}

static void
on_broken(void *arg)
{
    (void)arg; /* on_down counts it */
}

static void
on_up(void *arg, const struct peerid *id, struct conn *conn)
{
    struct dialer *dialer = arg;

    dialer->id = *id;
    if (pinger_open(conn, on_pinged, on_broken, dialer))
        host_hangup(dialer->host, id);
}

static void
on_identified(void *arg, struct conn *conn, const struct identify_info *info)
{
    struct dialer *dialer = arg;

    (void)conn;
    (void)info;
    dialer->identified = true;
    note(dialer);
}

static void
on_down(void *arg, const struct peerid *id, enum swarm_reason reason)
{
    struct dialer *dialer = arg;

    (void)id;
    (void)reason;
    if (dialer->running)
        dialer->all->errors++; /* before it was done */
    dial_again(dialer);
}

static void
on_failed(void *arg, const char *address, const char *why)
{
    struct dialer *dialer = arg;

    (void)address;
    (void)why;
    dialer->all->errors++;
    dial_again(dialer);
}

static void
on_changed(void *arg)
{
    (void)arg;
}

static void
on_log(void *arg, enum lat_level level, const char *text)
{
    (void)arg;
    (void)level;
    (void)text;
}

static const struct host_ops dialer_ops = {
    .up = on_up,
    .down = on_down,
    .identified = on_identified,
    .failed = on_failed,
    .changed = on_changed,
    .log = on_log,
};

/* One more dialer. False: it could not be made; what there is of it is closed by close_all. */
static bool
add_dialer(struct dialers *all)
{
    struct dialer *dialer = &all->one[all->count++];
    struct host_options options = peer_host_options(all->peer);
    struct lat_msg why;

    dialer->all = all;
    uv_timer_init(&all->peer->loop, &dialer->next);
    dialer->next.data = dialer;
    all->handles++;
    if (own_make(&dialer->own, NULL))
        return false;
    options.identity = &dialer->own.identity;
    options.noise = dialer->own.noise;
    options.ops = &dialer_ops;
    options.arg = dialer;
    if (host_new(&all->peer->loop, &options, &dialer->host, &why))
        return false;
    all->handles++;
    all->working++;
    uv_timer_start(&dialer->next, on_next, 0, 0);
    return true;
}

void
run_hs_bench(struct peer *peer, struct conn *conn)
{
    struct dialers *all = calloc(1, sizeof(*all));
    uint64_t side_by_side, n;

    (void)conn;
    if (all == NULL || lat_parse_u64(peer->command.words[2], PEER_SAMPLES_MAX, &n) || n == 0 ||
        lat_parse_u64(peer->command.words[3], DIALERS_MAX, &side_by_side) || side_by_side == 0) {
        free(all);
        peer_failed(peer, "no such number");
        return;
    }
    all->peer = peer;
    all->address = peer->command.words[1];
    all->left = n;
    while (all->count < side_by_side) {
        if (!add_dialer(all)) {
            all->errors += all->left;
            all->left = 0;
            close_all(all);
            return;
        }
    }
    peer->command.began_us = lat_mono_us();
}
